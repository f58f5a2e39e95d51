"""Bedrock batch inference jobs."""

from typing import TYPE_CHECKING

from distillation.bedrock.job_names import client_token
from distillation.bedrock.waiting import JobLook
from gateways.aws_errors import NOT_RUNNING, busy_is_retryable, passing_over
from gateways.bedrock.named_jobs import Listing, NamedJobs

if TYPE_CHECKING:
    from types_boto3_bedrock import BedrockClient


class BatchJobs(NamedJobs):
    """Submits, finds, looks at and stops batch jobs."""

    listing = Listing("list_model_invocation_jobs", "invocationJobSummaries")

    def __init__(self, client: "BedrockClient", role_arn: str) -> None:
        """`role_arn`: what Bedrock reads the requests and writes the replies as."""
        self._client, self._role = client, role_arn

    def create(
        self, name: str, *, model_id: str, input_uri: str, output_uri: str, timeout_hours: int, tags: dict[str, str]
    ) -> str:
        """Submits a job of Converse records and gives its ARN. A second call with the same name changes nothing."""
        with busy_is_retryable(f"CreateModelInvocationJob {name}"):
            return self._client.create_model_invocation_job(
                jobName=name,
                roleArn=self._role,
                clientRequestToken=client_token(name),
                modelId=model_id,
                modelInvocationType="Converse",
                inputDataConfig={"s3InputDataConfig": {"s3Uri": input_uri, "s3InputFormat": "JSONL"}},
                outputDataConfig={"s3OutputDataConfig": {"s3Uri": output_uri}},
                timeoutDurationInHours=timeout_hours,
                tags=[{"key": key, "value": value} for key, value in sorted(tags.items())],
            )["jobArn"]

    def _look(self, arn: str) -> JobLook:
        with busy_is_retryable(f"GetModelInvocationJob {arn}"):
            job = self._client.get_model_invocation_job(jobIdentifier=arn)
        return JobLook(
            status=job.get("status", ""),
            message=job.get("message", ""),
            processed=job.get("processedRecordCount", 0),
            total=job.get("totalRecordCount", 0),
            created=job.get("submitTime"),
        )

    def stop(self, arn: str) -> None:
        """Asks a job to stop; one that has ended already is left alone."""
        with busy_is_retryable(f"StopModelInvocationJob {arn}"), passing_over(NOT_RUNNING):
            self._client.stop_model_invocation_job(jobIdentifier=arn)
