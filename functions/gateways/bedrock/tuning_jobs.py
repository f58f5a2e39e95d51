"""Bedrock model customization jobs and the custom models that they make."""

from typing import TYPE_CHECKING, Any

from distillation.bedrock.job_status import GONE_STATUS
from distillation.bedrock.waiting import JobLook
from gateways.aws_errors import GONE, IN_USE, NOT_RUNNING, busy_is_retryable, passing_over
from gateways.bedrock.named_jobs import Listing, NamedJobs

if TYPE_CHECKING:
    from types_boto3_bedrock import BedrockClient


class TuningJobs(NamedJobs):
    """Submits, finds, looks at and stops customization jobs; deletes custom models."""

    listing = Listing("list_model_customization_jobs", "modelCustomizationJobSummaries")

    def __init__(self, client: "BedrockClient") -> None:
        self._client = client

    def create(self, request: dict[str, Any]) -> str:
        """Submits a job (`distillation.training.customization.customization_request`) and gives its ARN."""
        with busy_is_retryable(f"CreateModelCustomizationJob {request['jobName']}"):
            return self._client.create_model_customization_job(**request)["jobArn"]

    def _look(self, arn: str) -> JobLook:
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
            return seen.status in {"Failed", "Stopped", GONE_STATUS}
        return not self.model_exists(seen.model_arn)

    def model_exists(self, arn: str) -> bool:
        """Whether a custom model was not deleted."""
        with busy_is_retryable(f"GetCustomModel {arn}"), passing_over(GONE):
            self._client.get_custom_model(modelIdentifier=arn)
            return True
        return False

    def stop(self, arn: str) -> None:
        """Asks a job to stop; one that has ended already is left alone."""
        with busy_is_retryable(f"StopModelCustomizationJob {arn}"), passing_over(NOT_RUNNING):
            self._client.stop_model_customization_job(jobIdentifier=arn)

    def delete_model(self, arn: str) -> None:
        """Deletes a custom model; one that is gone is no error.

        Raises ThrottledByBedrock also while a deployment of the model is being deleted: that has no status to wait for.
        """
        with busy_is_retryable(f"DeleteCustomModel {arn}", also=IN_USE), passing_over(GONE):
            self._client.delete_custom_model(modelIdentifier=arn)
