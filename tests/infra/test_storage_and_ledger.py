"""What holds a run's data: encrypted, private, recoverable, and kept when the stack goes."""

import pytest
from aws_cdk import App, Stack
from aws_cdk.assertions import Match, Template

from infra.run_ledger import RunLedger
from infra.run_storage import RunStorage
from tests.infra.synthesis import Assembly


@pytest.mark.parametrize("path", ["Storage/Runs", "Storage/AccessLogs"])
def test_buckets_are_encrypted_and_private(assembly: Assembly, path: str) -> None:
    bucket = assembly.properties("AWS::S3::Bucket", path)
    assert bucket["BucketEncryption"] == {
        "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
    }
    assert bucket["PublicAccessBlockConfiguration"] == dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
    )
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


@pytest.mark.parametrize("path", ["Storage/Runs", "Storage/AccessLogs"])
def test_buckets_refuse_plain_http_and_old_tls(assembly: Assembly, path: str) -> None:
    statements = assembly.properties("AWS::S3::BucketPolicy", f"{path}/Policy")["PolicyDocument"]["Statement"]
    denied = [
        statement["Condition"]
        for statement in statements
        if statement["Effect"] == "Deny" and statement["Principal"] == {"AWS": "*"}
    ]
    assert {"Bool": {"aws:SecureTransport": "false"}} in denied
    assert {"NumericLessThan": {"s3:TlsVersion": 1.2}} in denied


def test_runs_are_versioned_logged_and_announced(assembly: Assembly) -> None:
    bucket = assembly.properties("AWS::S3::Bucket", "Storage/Runs")
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["LoggingConfiguration"] == {
        "DestinationBucketName": {"Ref": assembly.logical_id("AWS::S3::Bucket", "Storage/AccessLogs")}
    }
    assert bucket["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


def test_what_nobody_reads_any_more_leaves(assembly: Assembly) -> None:
    rules = {
        rule["Id"]: rule
        for rule in assembly.properties("AWS::S3::Bucket", "Storage/Runs")["LifecycleConfiguration"]["Rules"]
    }
    assert rules["incomplete-uploads"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert rules["overwritten-versions"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert not [rule for rule in rules.values() if "ExpirationInDays" in rule], (
        "a run's current files are never deleted"
    )


def test_the_ledger_is_on_demand_recoverable_and_forgets_by_itself(assembly: Assembly) -> None:
    table = assembly.properties("AWS::DynamoDB::Table", "Ledger/Jobs")
    assert table["KeySchema"] == [
        {"AttributeName": "runId", "KeyType": "HASH"},
        {"AttributeName": "jobName", "KeyType": "RANGE"},
    ]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expiresAt", "Enabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True}


@pytest.mark.parametrize(("keep", "policy"), [(True, "Retain"), (False, "Delete")])
def test_what_was_paid_for_outlives_the_stack_unless_told_otherwise(keep: bool, policy: str) -> None:
    stack = Stack(App(context={"@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": True}), "Data")
    RunStorage(stack, "Storage", keep_data=keep, log_retention_days=30)
    RunLedger(stack, "Ledger", keep_data=keep)
    template = Template.from_stack(stack)
    template.all_resources(
        "AWS::S3::Bucket", Match.object_like({"DeletionPolicy": policy, "UpdateReplacePolicy": policy})
    )
    template.has_resource(
        "AWS::DynamoDB::Table", {"DeletionPolicy": policy, "Properties": {"DeletionProtectionEnabled": keep}}
    )
    template.resource_count_is("AWS::S3::Bucket", 2)
