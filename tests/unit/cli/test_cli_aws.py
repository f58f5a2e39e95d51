"""The door to AWS: which calls it makes, and what it makes of the answers.

botocore's Stubber checks both against the service models.
"""

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from boto3.exceptions import S3UploadFailedError
from botocore import exceptions
from botocore.stub import ANY, Stubber
from run_stories import ARN, row

from cli import aws
from cli.aws import Cloud
from cli.aws_advice import in_plain_words, passes_by_itself
from cli.errors import CommandError
from cli.files.stored import StackOutputs, StoredFile
from cli.runs.observed import JobProgress

AT = datetime(2026, 1, 2, tzinfo=UTC)
OUTPUTS = {
    "BucketName": "bucket",
    "StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:NovaDistill",
    "LedgerTableName": "ledger",
}


_SESSION = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1")


class StubbedSession:
    """A session whose clients answer only what was agreed with their stub."""

    def __init__(self, **_: object) -> None:
        self.region_name = "us-east-1"
        self.clients: dict[str, Any] = {}
        self.stubs: dict[str, Stubber] = {}

    def client(self, name: str, **more: Any) -> Any:
        if name not in self.clients:
            self._keep(name, _SESSION.client(name, **more))
        return self.clients[name]

    def resource(self, name: str, **more: Any) -> Any:
        resource = _SESSION.resource(name, **more)
        self._keep(name, resource.meta.client)
        return resource

    def _keep(self, name: str, client: Any) -> None:
        self.clients[name], self.stubs[name] = client, Stubber(client)
        self.stubs[name].activate()


class Stubbed:
    def __init__(self) -> None:
        self.session = StubbedSession()
        self.cloud = Cloud(self.session, StackOutputs.from_outputs("NovaDistill", OUTPUTS))  # type: ignore[arg-type]

    def answers(self, service: str, call: str, answer: dict[str, Any], expected: dict[str, Any] | None = None) -> None:
        self.session.stubs[service].add_response(call, answer, expected)

    def refuses(self, service: str, call: str, code: str, status: int = 400) -> None:
        self.session.stubs[service].add_client_error(call, code, f"{code} it is", status)


@pytest.fixture
def stubbed() -> Stubbed:
    return Stubbed()


# connect


def connected(monkeypatch: pytest.MonkeyPatch, prepare: Any) -> Cloud:
    session = StubbedSession()
    session.client("cloudformation")
    prepare(session.stubs["cloudformation"])
    monkeypatch.setattr(aws.boto3, "Session", lambda **_: session)
    return aws.connect("NovaDistill", None)


def stack(outputs: dict[str, str]) -> dict[str, Any]:
    listed = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
    return {
        "Stacks": [
            {"StackName": "NovaDistill", "CreationTime": AT, "StackStatus": "CREATE_COMPLETE", "Outputs": listed}
        ]
    }


def test_the_stack_names_bucket_machine_and_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = connected(
        monkeypatch, lambda stub: stub.add_response("describe_stacks", stack(OUTPUTS), {"StackName": "NovaDistill"})
    )
    assert cloud.outputs == StackOutputs("bucket", OUTPUTS["StateMachineArn"], "ledger")
    assert cloud.on_aws


def test_no_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    def prepare(stub: Stubber) -> None:
        stub.add_client_error("describe_stacks", "ValidationError", "Stack with id NovaDistill does not exist")

    with pytest.raises(CommandError, match="no stack NovaDistill in us-east-1") as raised:
        connected(monkeypatch, prepare)
    assert "--region" in raised.value.next_step


def test_a_stack_of_another_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="no output StateMachineArn, LedgerTableName"):
        connected(monkeypatch, lambda stub: stub.add_response("describe_stacks", stack({"BucketName": "b"})))


def test_other_refusals_of_cloudformation_are_not_taken_for_a_missing_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(exceptions.ClientError, match="AccessDenied"):
        connected(monkeypatch, lambda stub: stub.add_client_error("describe_stacks", "AccessDenied", "no"))


# executions


def test_start_and_a_name_that_is_taken(stubbed: Stubbed) -> None:
    expected = {"stateMachineArn": OUTPUTS["StateMachineArn"], "name": "reviews-1", "input": '{"dataset": "reviews"}'}
    stubbed.answers("stepfunctions", "start_execution", {"executionArn": ARN, "startDate": AT}, expected)
    assert stubbed.cloud.start("reviews-1", {"dataset": "reviews"}) == ARN
    stubbed.refuses("stepfunctions", "start_execution", "ExecutionAlreadyExists")
    with pytest.raises(CommandError, match="reviews-1 exists already"):
        stubbed.cloud.start("reviews-1", {"dataset": "reviews"})


def test_describe(stubbed: Stubbed) -> None:
    answer = {
        "executionArn": ARN,
        "stateMachineArn": OUTPUTS["StateMachineArn"],
        "name": "reviews-1",
        "status": "FAILED",
        "startDate": AT,
        "stopDate": AT,
    }
    stubbed.answers(
        "stepfunctions",
        "describe_execution",
        answer | {"input": '{"dataset": "reviews"}', "error": "InvalidInput", "cause": "why"},
    )
    execution = stubbed.cloud.describe(ARN)
    assert (execution.status, execution.input, execution.output, execution.error, execution.cause) == (
        "FAILED",
        {"dataset": "reviews"},
        {},
        "InvalidInput",
        "why",
    )
    for code in ("ExecutionDoesNotExist", "InvalidArn"):
        stubbed.refuses("stepfunctions", "describe_execution", code)
        with pytest.raises(CommandError, match="no execution"):
            stubbed.cloud.describe(ARN)


def test_latest_is_sorted_by_start_and_bounded(stubbed: Stubbed) -> None:
    def item(day: int) -> dict[str, Any]:
        begun = datetime(2026, 1, day, tzinfo=UTC)
        return {
            "executionArn": f"{ARN}{day}",
            "stateMachineArn": OUTPUTS["StateMachineArn"],
            "name": f"r{day}",
            "status": "RUNNING",
            "startDate": begun,
        }

    stubbed.answers("stepfunctions", "list_executions", {"executions": [item(2), item(5)], "nextToken": "more"})
    stubbed.answers("stepfunctions", "list_executions", {"executions": [item(3), item(4)]})
    assert [execution.name for execution in stubbed.cloud.latest(3)] == ["r5", "r3", "r2"]


def event(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "timestamp": AT,
        "type": "TaskStateEntered",
        "previousEventId": 0,
        "stateEnteredEventDetails": {"name": f"S{number}"},
    }


def test_new_events_are_read_backwards_until_a_known_one(stubbed: Stubbed) -> None:
    expected = {"executionArn": ARN, "reverseOrder": True, "includeExecutionData": True, "maxResults": 200}
    stubbed.answers(
        "stepfunctions", "get_execution_history", {"events": [event(9), event(8)], "nextToken": "more"}, expected
    )
    stubbed.answers(
        "stepfunctions",
        "get_execution_history",
        {"events": [event(7), event(6)], "nextToken": "never asked for"},
        expected | {"nextToken": "more"},
    )
    events = stubbed.cloud.events_after(ARN, 6)
    assert [(one.id, one.entered_state) for one in events] == [(7, "S7"), (8, "S8"), (9, "S9")]
    stubbed.session.stubs["stepfunctions"].assert_no_pending_responses()


# paid work


def test_the_ledger_is_read_whole_and_tolerates_what_is_not_there_yet(stubbed: Stubbed) -> None:
    whole = {
        "runId": {"S": "r"},
        "jobName": {"S": "a"},
        "kind": {"S": "batch"},
        "state": {"S": "ENDED"},
        "records": {"N": "250"},
        "jobArn": {"S": "arn"},
        "token": {"S": "t"},
    }
    bare = {"runId": {"S": "r"}, "jobName": {"S": "b"}}
    key = {"runId": {"S": "r"}, "jobName": {"S": "a"}}
    stubbed.answers("dynamodb", "query", {"Items": [whole], "LastEvaluatedKey": key})
    stubbed.answers(
        "dynamodb",
        "query",
        {"Items": [bare]},
        {"TableName": "ledger", "KeyConditionExpression": ANY, "ExclusiveStartKey": {"runId": "r", "jobName": "a"}},
    )
    first, second = stubbed.cloud.ledger("r")
    assert (first.kind, first.state, first.records, first.job_arn) == ("batch", "ENDED", 250, "arn")
    assert (second.job_name, second.kind, second.records, second.job_arn) == ("b", "", 0, None)


def test_progress_of_every_kind_of_work(stubbed: Stubbed) -> None:
    batch = {
        "jobArn": "arn:aws:bedrock:us-east-1:123456789012:model-invocation-job/abcdefghijkl",
        "modelId": "amazon.nova-pro-v1:0",
        "roleArn": "arn:aws:iam::123456789012:role/x",
        "submitTime": AT,
        "lastModifiedTime": AT,
        "inputDataConfig": {"s3InputDataConfig": {"s3Uri": "s3://b/in"}},
        "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": "s3://b/out"}},
    }
    stubbed.answers(
        "bedrock",
        "get_model_invocation_job",
        batch | {"status": "InProgress", "processedRecordCount": 40, "totalRecordCount": 100, "errorRecordCount": 1},
    )
    assert stubbed.cloud.job_progress(row("x", "batch")) == JobProgress(
        status="InProgress", processed=40, total=100, failed=1, created=AT
    )
    stubbed.answers("bedrock", "get_model_invocation_job", batch | {"status": "Submitted"})
    assert stubbed.cloud.job_progress(row("x", "batch")) == JobProgress(status="Submitted", created=AT)
    stubbed.answers(
        "bedrock", "get_model_customization_job", customization() | {"trainingMetrics": {"trainingLoss": 0.5}}
    )
    assert stubbed.cloud.job_progress(row("x", "tuning")) == JobProgress(status="Completed", created=AT, loss=0.5)
    arn = "arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/abcdefghijkl"
    model = "arn:aws:bedrock:us-east-1:123456789012:custom-model/amazon.nova-micro-v1:0:128k/abcdefghijkl"
    deployment = {
        "customModelDeploymentArn": arn,
        "modelDeploymentName": "d",
        "modelArn": model,
        "createdAt": AT,
        "status": "Failed",
        "failureMessage": "no room",
    }
    stubbed.answers("bedrock", "get_custom_model_deployment", deployment)
    assert stubbed.cloud.job_progress(row("x", "deployment")) == JobProgress(
        status="Failed", message="no room", created=AT
    )
    moving = {key: value for key, value in deployment.items() if key != "failureMessage"} | {"status": "Active"}
    stubbed.answers(
        "bedrock",
        "get_custom_model_deployment",
        moving | {"updateDetails": {"modelArn": model, "updateStatus": "Updating"}},
    )
    assert stubbed.cloud.job_progress(row("x", "promotion")).status == "Updating"
    stubbed.answers("bedrock", "get_custom_model_deployment", moving)
    assert stubbed.cloud.job_progress(row("x", "promotion")).status == "Active"
    judging = {
        "jobName": "x",
        "status": "Failed",
        "jobArn": "arn:aws:bedrock:us-east-1:123456789012:evaluation-job/abcdefghijkl",
        "roleArn": "arn:aws:iam::123456789012:role/x",
        "jobType": "Automated",
        "evaluationConfig": {
            "automated": {
                "datasetMetricConfigs": [
                    {"taskType": "General", "dataset": {"name": "x"}, "metricNames": ["Builtin.Correctness"]}
                ]
            }
        },
        "inferenceConfig": {"models": [{"precomputedInferenceSource": {"inferenceSourceIdentifier": "student"}}]},
        "outputDataConfig": {"s3Uri": "s3://b/j"},
        "creationTime": AT,
        "failureMessages": ["no room", "no judge"],
    }
    stubbed.answers("bedrock", "get_evaluation_job", judging)
    assert stubbed.cloud.job_progress(row("x", "evaluation")) == JobProgress(
        status="Failed", message="no room; no judge", created=AT
    )


def customization() -> dict[str, Any]:
    return {
        "jobArn": (
            "arn:aws:bedrock:us-east-1:123456789012:model-customization-job/amazon.nova-micro-v1:0:128k/abcdefghijkl"
        ),
        "jobName": "x",
        "outputModelName": "x",
        "roleArn": "arn:aws:iam::123456789012:role/x",
        "status": "Completed",
        "creationTime": AT,
        "baseModelArn": "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-micro-v1:0:128k",
        "trainingDataConfig": {"s3Uri": "s3://b/t"},
        "validationDataConfig": {"validators": []},
        "outputDataConfig": {"s3Uri": "s3://b/o"},
    }


def test_work_that_is_gone_or_not_ours_to_see_is_told_by_the_ledger(stubbed: Stubbed) -> None:
    stubbed.refuses("bedrock", "get_custom_model_deployment", "ResourceNotFoundException", 404)
    assert stubbed.cloud.job_progress(row("x", "deployment", status="Active")).status == "Active"
    stubbed.refuses("bedrock", "get_custom_model_deployment", "AccessDeniedException", 403)
    assert stubbed.cloud.job_progress(row("x", "deployment")).status == "SUBMITTED"


def test_the_applications_gateways_are_those_of_the_stack(stubbed: Stubbed, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: dict[str, object] = {}
    monkeypatch.setattr(boto3, "setup_default_session", lambda **session: chosen.update(session))
    settings = aws.application(stubbed.cloud, "me").settings
    assert (settings.bucket, settings.ledger_table, settings.app) == ("bucket", "ledger", "nova-distill")
    assert chosen == {"region_name": "us-east-1", "profile_name": "me"}
    assert StackOutputs.from_outputs("NovaDistill", OUTPUTS | {"AppName": "other"}).app == "other"


# files


def test_files_are_listed_over_all_pages(stubbed: Stubbed) -> None:
    first = {"Contents": [{"Key": "runs/r/a", "Size": 1}], "IsTruncated": True, "NextContinuationToken": "more"}
    stubbed.answers("s3", "list_objects_v2", first, {"Bucket": "bucket", "Prefix": "runs/r/"})
    stubbed.answers(
        "s3",
        "list_objects_v2",
        {"Contents": [{"Key": "runs/r/b", "Size": 2}]},
        {"Bucket": "bucket", "Prefix": "runs/r/", "ContinuationToken": "more"},
    )
    assert list(stubbed.cloud.files("runs/r/")) == [StoredFile("runs/r/a", 1), StoredFile("runs/r/b", 2)]


def test_read_and_nothing_to_read(stubbed: Stubbed) -> None:
    stubbed.answers("s3", "get_object", {"Body": io.BytesIO(b"text")}, {"Bucket": "bucket", "Key": "k"})
    assert stubbed.cloud.read("k") == b"text"
    stubbed.refuses("s3", "get_object", "NoSuchKey", 404)
    assert stubbed.cloud.read("k") is None


def test_an_upload_that_is_refused_says_what_is_missing(stubbed: Stubbed, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("x")
    stubbed.refuses("s3", "put_object", "AccessDenied", 403)
    with pytest.raises(CommandError, match="AccessDenied"):
        stubbed.cloud.upload(path, "seeds/d/a.jsonl", lambda _: None)


# errors in plain words


def refusal(code: str, status: int = 400) -> exceptions.ClientError:
    return exceptions.ClientError(
        {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Query"
    )  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("error", "says", "advice"),
    [
        (exceptions.NoCredentialsError(), "no usable AWS credentials", "Log in"),
        (exceptions.ProfileNotFound(profile="p"), "p", "--profile"),
        (
            exceptions.EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
            "http://127.0.0.1:1",
            "AWS_ENDPOINT_URL",
        ),
        (exceptions.SSLError(endpoint_url="https://x", error="bad"), "certificate", "AWS_CA_BUNDLE"),
        (refusal("ExpiredTokenException"), "did not accept the credentials", "Log in"),
        (refusal("AccessDenied", 403), "may not do this", "role"),
        (refusal("Strange"), "AWS refused Query", ""),
        (exceptions.InvalidRegionError(region_name="mars!"), "mars!", "configuration"),
        (PermissionError(13, "Permission denied", "/x"), "/x", "rights"),
    ],
)
def test_errors_in_plain_words(error: Exception, says: str, advice: str) -> None:
    told = in_plain_words(error)
    assert told is not None
    assert says in told.message and advice in told.next_step


@pytest.mark.parametrize("error", [ValueError("x"), BrokenPipeError(), S3UploadFailedError("x")])
def test_what_is_nobodys_but_ours_stays_as_it_is(error: Exception) -> None:
    assert in_plain_words(error) is None


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (refusal("ThrottlingException"), True),
        (refusal("InternalError", 500), True),
        (refusal("AccessDenied", 403), False),
        (exceptions.ReadTimeoutError(endpoint_url="x"), True),
        (exceptions.NoCredentialsError(), False),
        (ValueError(), False),
    ],
)
def test_what_passes_by_itself(error: Exception, expected: bool) -> None:
    assert passes_by_itself(error) is expected
