"""The gateway of embeddings: one call a distinct text, order kept, errors told apart, with botocore's own stubs."""

import io
import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from distillation.errors import ThrottledByBedrock
from gateways.bedrock.embeddings import MAX_CHARACTERS, Embeddings

TITAN = "amazon.titan-embed-text-v2:0"


@pytest.fixture
def client() -> Any:
    """A client that reaches nothing."""
    return boto3.client("bedrock-runtime", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")


def answer(stub: Stubber, text: str, vector: list[float], dimensions: int = 256) -> None:
    """Expect a call for `text` and answer it."""
    body = json.dumps({"inputText": text, "dimensions": dimensions, "normalize": True})
    request = {"modelId": TITAN, "body": body, "contentType": "application/json", "accept": "application/json"}
    reply = json.dumps({"embedding": vector, "inputTextTokenCount": 1}).encode()
    stub.add_response(
        "invoke_model",
        {"body": StreamingBody(io.BytesIO(reply), len(reply)), "contentType": "application/json"},
        request,
    )


def test_vectors_come_in_the_order_of_the_texts_and_equal_texts_are_asked_once(client: Any) -> None:
    # One call at a time: the stub answers in a fixed order.
    embeddings = Embeddings(client, concurrency=1)
    with Stubber(client) as stub:
        answer(stub, "one", [1.0, 0.0])
        answer(stub, "two", [0.0, 1.0])
        assert embeddings.embed(["one", "two", "one"], 256) == [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]
        stub.assert_no_pending_responses()


def test_a_text_that_is_too_long_is_cut(client: Any) -> None:
    with Stubber(client) as stub:
        answer(stub, "x" * MAX_CHARACTERS, [1.0], dimensions=1024)
        assert Embeddings(client).embed(["x" * (MAX_CHARACTERS + 1)], 1024) == [[1.0]]


def test_no_texts_are_no_calls(client: Any) -> None:
    with Stubber(client):
        assert Embeddings(client).embed([], 256) == []


def test_a_busy_bedrock_is_retried_by_the_machine_and_a_refusal_is_not(client: Any) -> None:
    with Stubber(client) as stub:
        stub.add_client_error("invoke_model", "ThrottlingException")
        with pytest.raises(ThrottledByBedrock):
            Embeddings(client).embed(["one"], 256)
        stub.add_client_error("invoke_model", "AccessDeniedException")
        with pytest.raises(ClientError):
            Embeddings(client).embed(["one"], 256)
