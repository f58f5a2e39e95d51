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


class Access(NamedTuple):
    """What an account still lacks to call a model (GetFoundationModelAvailability); empty where it may."""

    lacking: tuple[str, ...] = ()


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

    def access(self, model_id: str) -> Access:
        """Whether this account may call a model in this Region."""
        with busy_is_retryable(f"GetFoundationModelAvailability {model_id}"):
            said = self._client.get_foundation_model_availability(modelId=model_id)
        agreement = said["agreementAvailability"]["status"]
        wants = {
            "not authorized": said["authorizationStatus"] != "AUTHORIZED",
            "access was not asked for": said["entitlementAvailability"] != "AVAILABLE",
            "not in this Region": said["regionAvailability"] != "AVAILABLE",
            f"agreement {agreement}": agreement not in {"AVAILABLE", "NOT_AVAILABLE"},
        }
        return Access(tuple(lack for lack, lacks in wants.items() if lacks))

    def logs_invocations(self) -> bool:
        """Whether the account logs prompts and answers of every call."""
        with busy_is_retryable("GetModelInvocationLoggingConfiguration"):
            return bool(self._client.get_model_invocation_logging_configuration().get("loggingConfig"))

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
