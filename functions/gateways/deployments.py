"""On-demand deployments of custom models."""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from distillation.waiting import JobLook
from gateways.aws_errors import busy_is_retryable, code_of
from gateways.listings import arn_by_name

if TYPE_CHECKING:
    from types_boto3_bedrock import BedrockClient


class Deployments:
    """Creates, finds, looks at and deletes deployments."""

    def __init__(self, client: "BedrockClient") -> None:
        self._client = client

    def create(self, request: dict[str, Any]) -> str:
        """Creates a deployment (`distillation.dataset_to_training.deployment_request`) and gives its ARN."""
        with busy_is_retryable(f"CreateCustomModelDeployment {request['modelDeploymentName']}"):
            return self._client.create_custom_model_deployment(**request)["customModelDeploymentArn"]

    def find(self, name: str) -> str | None:
        """The ARN of the deployment with exactly this name, None where there is none."""
        return arn_by_name(
            self._client,
            "list_custom_model_deployments",
            name,
            summaries="modelDeploymentSummaries",
            name_key="customModelDeploymentName",
            arn_key="customModelDeploymentArn",
        )

    def look(self, arn: str) -> JobLook:
        """The deployment as Bedrock sees it now."""
        with busy_is_retryable(f"GetCustomModelDeployment {arn}"):
            seen = self._client.get_custom_model_deployment(customModelDeploymentIdentifier=arn)
        return JobLook(
            status=seen["status"], message=seen.get("failureMessage", ""), model_arn=seen["modelArn"], deployment_arn=seen["customModelDeploymentArn"]
        )

    def delete(self, arn: str) -> None:
        """Deletes a deployment; one that is gone is no error."""
        try:
            self._client.delete_custom_model_deployment(customModelDeploymentIdentifier=arn)
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
