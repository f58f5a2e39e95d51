"""What Bedrock says of a model before any money is spent."""

from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from gateways.aws_errors import busy_is_retryable, code_of

if TYPE_CHECKING:
    from types_boto3_bedrock import BedrockClient


class ModelLook(NamedTuple):
    """Why a model cannot be used, None where it can; and whether Bedrock has announced its end."""

    problem: str | None = None
    legacy: bool = False


class ModelCatalogue:
    """Looks models and inference profiles up."""

    def __init__(self, client: "BedrockClient") -> None:
        self._client = client

    def look(self, model_id: str) -> ModelLook:
        """What the catalogue says of a model id, or why it cannot be looked up."""
        try:
            with busy_is_retryable(f"GetFoundationModel {model_id}"):
                details = self._client.get_foundation_model(modelIdentifier=model_id)["modelDetails"]
        except ClientError as error:
            advice = "ask for access to it in the Bedrock console of this Region, or set another model"
            return ModelLook(_problem(error, f"model {model_id}", advice))
        status: str = details.get("modelLifecycle", {"status": "ACTIVE"})["status"]
        if status not in {"ACTIVE", "LEGACY"}:
            return ModelLook(f"model {model_id}: found lifecycle {status}, expected ACTIVE")
        return ModelLook(legacy=status == "LEGACY")

    def problem_with_profile(self, profile_id: str) -> str | None:
        """Why an inference profile cannot be used, None where it can."""
        try:
            with busy_is_retryable(f"GetInferenceProfile {profile_id}"):
                profile = self._client.get_inference_profile(inferenceProfileIdentifier=profile_id)
        except ClientError as error:
            return _problem(
                error,
                f"inference profile {profile_id}",
                "choose one of this Region (Bedrock console, cross-Region inference)",
            )
        status: str = profile["status"]
        return None if status == "ACTIVE" else f"inference profile {profile_id}: found status {status}, expected ACTIVE"


def _problem(error: ClientError, what: str, advice: str) -> str:
    if code_of(error) not in {"ResourceNotFoundException", "ValidationException", "AccessDeniedException"}:
        raise error
    return f"{what}: {error.response['Error'].get('Message', error)}; {advice}"
