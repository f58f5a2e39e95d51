"""Bedrock batch inference jobs."""

from typing import TYPE_CHECKING

from distillation.bedrock.job_names import client_token
from distillation.bedrock.waiting import JobLook
from gateways.aws_errors import NOT_RUNNING, busy_is_retryable, passing_over, unless_gone
from gateways.bedrock.listings import arn_by_name

if TYPE_CHECKING:
    from types_boto3_bedrock import BedrockClient


class BatchJobs:
    """Submits, finds, looks at and stops batch jobs."""

    def __init__(self, client: "BedrockClient", role_arn: str) -> None:
        """`role_arn`: what Bedrock reads the requests and writes the replies as."""
        self._client, self._role = client, role_arn

    def create(
        self, name: str, *, model_id: str, input_uri: str, output_uri: str, timeout_hours: int, tags: dict[str, str]
    ) -> str:
        """Submits a job of Converse records and gives its ARN.

        The client token makes a second call with the same name harmless.
        """
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

    def find(self, name: str) -> str | None:
        """The ARN of the job with exactly this name, None where there is none."""
        return arn_by_name(
            self._client,
            "list_model_invocation_jobs",
            name,
            summaries="invocationJobSummaries",
            name_key="jobName",
            arn_key="jobArn",
        )

    def look(self, arn: str) -> JobLook:
        """The job as Bedrock sees it now."""
        return unless_gone(lambda: self._look(arn))

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
        """Asks a job to stop; one that has ended already is left alone.

        Raises:
            ThrottledByBedrock: Bedrock is busy.
        """
        with busy_is_retryable(f"StopModelInvocationJob {arn}"), passing_over(NOT_RUNNING):
            self._client.stop_model_invocation_job(jobIdentifier=arn)
