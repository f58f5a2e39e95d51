"""Asking a model now: Converse."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from distillation.errors import DeploymentNotReady
from distillation.records import Request
from gateways.aws_errors import NETWORK, code_of

if TYPE_CHECKING:
    from types_boto3_bedrock_runtime import BedrockRuntimeClient

_STATUS_OF_CODE = {
    "ThrottlingException": 429,
    "ServiceQuotaExceededException": 429,
    "ModelNotReadyException": 429,
    "InternalServerException": 500,
    "ServiceUnavailableException": 503,
    "ModelTimeoutException": 408,
    "ModelErrorException": 424,
}
"""The numbers by which a batch record spells the same errors (Bedrock Runtime API reference), so that one reader serves
both.
"""
_NOT_ABOUT_THE_RECORD = frozenset(
    {"AccessDeniedException", "ResourceNotFoundException", "UnrecognizedClientException", "ExpiredTokenException"}
)

_NOT_KNOWN_YET = frozenset({"ResourceNotFoundException", "ModelNotReadyException"})
"""What Converse says of a deployment that has just become active. Of any other model the first of them is final."""

_ONE_TOKEN = Request(
    record_id="one-token",
    model_input={"messages": [{"role": "user", "content": [{"text": "?"}]}], "inferenceConfig": {"maxTokens": 1}},
)


class ModelClient:
    """Converse on a model id, an inference profile or a deployment's ARN.

    Its client tries once: who asks sees each throttling and slows down by it.
    """

    def __init__(self, client: "BedrockRuntimeClient") -> None:
        self._client = client
        self._without_flex: set[str] = set()

    def ask(self, model_id: str, request: Request, *, flex: bool) -> dict[str, Any]:
        """Answers one request and gives the outcome as a batch record spells it. Beside an error stands `retryAfter`,
        in seconds, where Bedrock gives it. A connection that broke counts as a time-out (408).

        `flex`: the service tier that costs as little as a batch. A model that says it has none is asked at the standard
        tier, from then on at once, and its output says so.

        Raises:
            ClientError: access denied or no such model: not about this record, so the whole turn must stop.
            DeploymentNotReady: the deployment is not known to the runtime yet.
        """
        given = flex and model_id not in self._without_flex
        tier: dict[str, Any] = {"serviceTier": {"type": "flex"}} if given else {}
        body: dict[str, Any] = dict(request.model_input)
        try:
            answer = self._client.converse(modelId=model_id, **body, **tier)
        except NETWORK as error:
            return {"error": {"errorCode": 408, "errorMessage": str(error)}}
        except ClientError as error:
            code = code_of(error)
            if code in _NOT_KNOWN_YET and ":custom-model-deployment/" in model_id:
                raise DeploymentNotReady(f"{model_id} is active, but does not answer yet: {error}") from error
            if code in _NOT_ABOUT_THE_RECORD:
                raise
            if given and code == "ValidationException" and "tier" in str(error).lower():
                self._without_flex.add(model_id)
                return self.ask(model_id, request, flex=True)
            refused = {"errorCode": _STATUS_OF_CODE.get(code, 400), "errorMessage": str(error)}
            return {"error": refused} | _retry_after(error)
        output = {key: answer[key] for key in ("output", "stopReason", "usage", "metrics") if key in answer}
        return {"modelOutput": output | ({"serviceTier": {"type": "default"}} if flex and not given else {})}

    def refusal(self, model_id: str) -> str | None:
        """Why the model answers nobody in this account, found by a question for one token; None where it may answer."""
        try:
            said = self.ask(model_id, _ONE_TOKEN, flex=False).get("error", {})
        except ClientError as error:
            said = {"errorCode": 400, "errorMessage": error}
        refused = said.get("errorCode") == 400
        return f"model {model_id} answers no question: {said['errorMessage']}" if refused else None


def _retry_after(error: ClientError) -> dict[str, Any]:
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    with suppress(ValueError):
        return {"retryAfter": float(headers.get("retry-after", ""))}
    return {}
