"""On-demand deployments of custom models."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from distillation.bedrock.waiting import JobLook
from distillation.errors import PromotionFailed, ThrottledByBedrock
from gateways.aws_errors import GONE, IN_USE, busy_is_retryable, code_of, passing_over, unless_gone
from gateways.bedrock.named_jobs import Listing, NamedJobs

if TYPE_CHECKING:
    from types_boto3_bedrock import BedrockClient


class Deployments(NamedJobs):
    """Creates, finds, looks at, moves and deletes deployments."""

    listing = Listing(
        "list_custom_model_deployments",
        "modelDeploymentSummaries",
        "customModelDeploymentName",
        "customModelDeploymentArn",
    )

    def __init__(self, client: "BedrockClient") -> None:
        self._client = client

    def create(self, request: dict[str, Any]) -> str:
        """Creates a deployment (`distillation.training.customization.deployment_request`) and gives its ARN.

        Raises ThrottledByBedrock where somebody else has just made one of this name: who tries again finds it.
        """
        name = request["modelDeploymentName"]
        try:
            with busy_is_retryable(f"CreateCustomModelDeployment {name}"), _gone_is_said(request["modelArn"]):
                return self._client.create_custom_model_deployment(**request)["customModelDeploymentArn"]
        except ClientError as error:
            # Bedrock's documents do not say which error a taken name gives, so the name itself is looked for.
            if self.find(name) is None:
                raise
            raise ThrottledByBedrock(f"a deployment {name} was made by somebody else just now: {error}") from error

    def update(self, arn: str, model_arn: str) -> str:
        """Moves a deployment to another model, in place: its ARN, given back, stays. `look_for` says when the move has
        ended. Raises PromotionFailed where the model was deleted.
        """
        with busy_is_retryable(f"UpdateCustomModelDeployment {arn}"), _gone_is_said(model_arn):
            moved = self._client.update_custom_model_deployment(customModelDeploymentIdentifier=arn, modelArn=model_arn)
            return moved["customModelDeploymentArn"]

    def _look(self, arn: str) -> JobLook:
        seen = self._get(arn)
        return _job_look(seen, seen["status"])

    def look_for(self, arn: str, model_arn: str) -> JobLook:
        """Whether the deployment serves `model_arn`: the status of the deployment or of its update (JobKind.PROMOTION).

        A deployment stays Active on its old model while it is updated, and `updateDetails` outlive the update: only
        both together say what serves. A look that does not know of the update yet, or sees another's, counts as
        Updating: the wait's deadline ends it.
        """
        return unless_gone(lambda: self._look_for(arn, model_arn))

    def _look_for(self, arn: str, model_arn: str) -> JobLook:
        seen = self._get(arn)
        serves, update = seen["modelArn"] == model_arn, seen.get("updateDetails")
        status: str = seen["status"]
        if status == "Active" and update and update["modelArn"] == model_arn:
            status = update["updateStatus"]
        elif status == "Active" and (not serves or (update and update["updateStatus"] == "Updating")):
            status = "Updating"
        return _job_look(seen, status)

    def moves_to(self, arn: str) -> str | None:
        """The model of an update that is under way, None where there is none."""
        update = self._get(arn).get("updateDetails")
        return update["modelArn"] if update and update["updateStatus"] == "Updating" else None

    def _get(self, arn: str) -> dict[str, Any]:
        with busy_is_retryable(f"GetCustomModelDeployment {arn}"):
            return {**self._client.get_custom_model_deployment(customModelDeploymentIdentifier=arn)}

    def delete(self, arn: str) -> None:
        """Deletes a deployment; one that is gone is no error. Raises ThrottledByBedrock while it is made or moved."""
        with busy_is_retryable(f"DeleteCustomModelDeployment {arn}", also=IN_USE), passing_over(GONE):
            self._client.delete_custom_model_deployment(customModelDeploymentIdentifier=arn)


def _job_look(seen: dict[str, Any], status: str) -> JobLook:
    return JobLook(
        status=status,
        message=seen.get("failureMessage", ""),
        model_arn=seen["modelArn"],
        deployment_arn=seen["customModelDeploymentArn"],
        created=seen.get("createdAt"),
    )


@contextmanager
def _gone_is_said(model_arn: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        raise PromotionFailed(
            f"the model {model_arn} or the deployment cannot be found, it was perhaps deleted: {error}"
        ) from error
