"""The gateway to Converse: every outcome as a batch record spells it, and what is not about the record stops the
turn.
"""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.stub import Stubber

from distillation.errors import DeploymentNotReady
from distillation.records import Request
from gateways.bedrock.model_client import ModelClient
from gateways.clients import ONE_TRY

REQUEST = Request(record_id="p-x-g0", model_input={"messages": [{"role": "user", "content": [{"text": "?"}]}]})


def stubbed() -> tuple[ModelClient, Stubber]:
    client = boto3.client(
        "bedrock-runtime", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x", config=ONE_TRY
    )
    stub = Stubber(client)
    stub.activate()
    return ModelClient(client), stub


def refuse(code: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    client, stub = stubbed()
    stub.add_client_error("converse", code, "busy", response_meta={"HTTPHeaders": headers or {}})
    return client.ask("micro", REQUEST, flex=False)


@pytest.mark.parametrize(
    ("code", "number"),
    [
        ("ThrottlingException", 429),
        ("ServiceUnavailableException", 503),
        ("ModelTimeoutException", 408),
        ("ValidationException", 400),
    ],
)
def test_errors_have_the_numbers_of_batch_records(code: str, number: int) -> None:
    assert refuse(code)["error"]["errorCode"] == number


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"retry-after": "12"}, 12.0), ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None), ({}, None)],
)
def test_the_time_that_bedrock_names_is_handed_on(headers: dict[str, str], seconds: float | None) -> None:
    assert refuse("ThrottlingException", headers).get("retryAfter") == seconds


def test_a_connection_that_broke_is_asked_again() -> None:
    class Broken:
        def converse(self, **_: object) -> None:
            raise ReadTimeoutError(endpoint_url="https://bedrock")

    assert ModelClient(Broken()).ask("micro", REQUEST, flex=False)["error"]["errorCode"] == 408  # type: ignore[arg-type]


def test_what_is_not_about_the_record_stops_the_turn() -> None:
    with pytest.raises(ClientError):
        refuse("AccessDeniedException")


def test_its_client_tries_once_so_that_every_throttling_is_seen() -> None:
    client, _ = stubbed()
    assert client._client.meta.config.retries == {"mode": "standard", "total_max_attempts": 1}


def test_a_model_without_the_flex_tier_is_asked_again_without_it_and_never_with_it_after() -> None:
    client, stub = stubbed()
    body = {"modelId": "lite", **REQUEST.model_input}
    answer = {
        "output": {"message": {"role": "assistant", "content": [{"text": "!"}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
        "metrics": {"latencyMs": 1},
    }
    stub.add_client_error(
        "converse",
        "ValidationException",
        "The provided service tier is not supported for this model",
        expected_params=body | {"serviceTier": {"type": "flex"}},
    )
    stub.add_response("converse", answer, body)
    stub.add_response("converse", answer, body)
    for _ in range(2):
        assert client.ask("lite", REQUEST, flex=True)["modelOutput"]["serviceTier"] == {"type": "default"}
    stub.assert_no_pending_responses()


def test_another_bad_request_is_not_asked_again() -> None:
    client, stub = stubbed()
    stub.add_client_error("converse", "ValidationException", "Input is too long")
    assert client.ask("pro", REQUEST, flex=True)["error"]["errorCode"] == 400


@pytest.mark.parametrize(
    ("code", "refused"),
    [("ResourceNotFoundException", True), ("ValidationException", True), ("ThrottlingException", False)],
)
def test_a_model_that_answers_nobody_is_told_from_a_busy_one(code: str, refused: bool) -> None:
    client, stub = stubbed()
    stub.add_client_error("converse", code, "marked by provider as Legacy")
    said = client.refusal("old")
    assert (said is not None and "marked by provider as Legacy" in said) is refused


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "ModelNotReadyException"])
def test_a_deployment_that_the_runtime_does_not_know_yet_is_waited_for(code: str) -> None:
    client, stub = stubbed()
    stub.add_client_error("converse", code, "no such model")
    with pytest.raises(DeploymentNotReady, match="custom-model-deployment/abc is active"):
        client.ask("arn:aws:bedrock:us-east-1:1:custom-model-deployment/abc", REQUEST, flex=False)


def test_a_model_that_is_not_there_is_an_error_at_once() -> None:
    with pytest.raises(ClientError):
        refuse("ResourceNotFoundException")
    assert refuse("ModelNotReadyException")["error"]["errorCode"] == 429
