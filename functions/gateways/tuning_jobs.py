"""Bedrock model customization jobs and the custom models that they make."""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from distillation.bedrock.waiting import JobLook
from gateways.aws_errors import GONE, NOT_RUNNING, busy_is_retryable, code_of, passing_over
from gateways.listings import arn_by_name

if TYPE_CHECKING:
    from types_boto3_bedrock import BedrockClient


class TuningJobs:
    """Submits, finds, looks at and stops customization jobs; deletes custom models."""

    def __init__(self, client: "BedrockClient") -> None:
        self._client = client

    def create(self, request: dict[str, Any]) -> str:
        """Submits a job (`distillation.dataset_to_training.customization_request`) and gives its ARN."""
        with busy_is_retryable(f"CreateModelCustomizationJob {request['jobName']}"):
            return self._client.create_model_customization_job(**request)["jobArn"]

    def find(self, name: str) -> str | None:
        """The ARN of the job with exactly this name, None where there is none."""
        return arn_by_name(
            self._client,
            "list_model_customization_jobs",
            name,
            summaries="modelCustomizationJobSummaries",
            name_key="jobName",
            arn_key="jobArn",
        )

    def look(self, arn: str) -> JobLook:
        """The job as Bedrock sees it now, with the model once there is one."""
        with busy_is_retryable(f"GetModelCustomizationJob {arn}"):
            job = self._client.get_model_customization_job(jobIdentifier=arn)
        return JobLook(
            status=job.get("status", ""),
            message=job.get("failureMessage", ""),
            model_arn=job.get("outputModelArn"),
            loss=job.get("trainingMetrics", {}).get("trainingLoss"),
            created=job.get("creationTime"),
        )

    def model_is_gone(self, arn: str) -> bool:
        """Whether a job ended with a model that was deleted since, so that it cannot be adopted."""
        seen = self.look(arn)
        if seen.status != "Completed" or seen.model_arn is None:
            return seen.status in {"Failed", "Stopped"}
        try:
            self._client.get_custom_model(modelIdentifier=seen.model_arn)
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                return True
            raise
        return False

    def stop(self, arn: str) -> None:
        """Asks a job to stop; one that has ended already is left alone."""
        with passing_over(NOT_RUNNING):
            self._client.stop_model_customization_job(jobIdentifier=arn)

    def delete_model(self, arn: str) -> None:
        """Deletes a custom model; one that is gone is no error."""
        with passing_over(GONE):
            self._client.delete_custom_model(modelIdentifier=arn)
