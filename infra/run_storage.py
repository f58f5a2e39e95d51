"""The bucket of all runs: seeds in, reports out, everything in between kept by run."""

from typing import cast

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.nag import acknowledge


class RunStorage(Construct):
    """A versioned, encrypted, TLS-only bucket that tells EventBridge about its objects, and the bucket of its access
    logs.
    """

    def __init__(self, scope: Construct, construct_id: str, *, keep_data: bool, log_retention_days: int) -> None:
        super().__init__(scope, construct_id)
        self._removal = RemovalPolicy.RETAIN if keep_data else RemovalPolicy.DESTROY
        access_logs = self._access_logs(log_retention_days)
        self.bucket = s3.Bucket(
            self,
            "Runs",
            versioned=True,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            server_access_logs_bucket=access_logs,
            removal_policy=self._removal,
            lifecycle_rules=[
                s3.LifecycleRule(id="incomplete-uploads", abort_incomplete_multipart_upload_after=Duration.days(7)),
                s3.LifecycleRule(
                    id="overwritten-versions",
                    noncurrent_version_expiration=Duration.days(30),
                    expired_object_delete_marker=True,
                ),
            ],
        )
        self._announce_objects()

    def _access_logs(self, retention_days: int) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            "AccessLogs",
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=self._removal,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="old-logs",
                    expiration=Duration.days(retention_days),
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                )
            ],
        )
        acknowledge(
            bucket,
            "AwsSolutions-S1",
            "This bucket holds the access logs of the runs' bucket; logging it into itself would never end.",
        )
        return bucket

    def _announce_objects(self) -> None:
        # `event_bridge_enabled` of the L2 brings a custom resource with a Lambda of its own; CloudFormation has the
        # property itself.
        bucket = cast(s3.CfnBucket, self.bucket.node.default_child)
        bucket.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
        )
