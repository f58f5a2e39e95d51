"""Titan Text Embeddings V2: sizes, lengths, meaning, bodies that are refused."""

import json
from typing import Any

import numpy as np
import pytest

from tests.local.bedrock.aws import LocalAws, refused

TITAN = "amazon.titan-embed-text-v2:0"


def embed(aws: LocalAws, text: str, region: str = "us-east-1", **settings: Any) -> dict[str, Any]:
    """The reply to one text."""
    body = json.dumps({"inputText": text, **settings})
    return dict(json.loads(aws.client("bedrock-runtime", region).invoke_model(modelId=TITAN, body=body)["body"].read()))


@pytest.mark.parametrize("size", [256, 512, 1024])
def test_a_vector_has_the_wanted_size_and_the_length_one(aws: LocalAws, size: int) -> None:
    reply = embed(aws, "A room with a view.", dimensions=size, normalize=True)
    assert len(reply["embedding"]) == size
    assert np.linalg.norm(reply["embedding"]) == pytest.approx(1.0, abs=1e-5)
    assert reply["embeddingsByType"] == {"float": reply["embedding"]}
    assert reply["inputTextTokenCount"] == 6
    assert embed(aws, "A room with a view.", dimensions=size)["embedding"] == reply["embedding"], (
        "normalised by default, and always the same"
    )


def test_the_default_size_is_1024_and_any_region_has_the_model(aws: LocalAws) -> None:
    assert len(embed(aws, "Hi", region="eu-west-1")["embedding"]) == 1024


@pytest.mark.parametrize("size", [256, 512, 1024])
def test_near_meanings_are_near_in_every_size(aws: LocalAws, size: int) -> None:
    cat, kitten, tax = (
        np.array(embed(aws, text, dimensions=size)["embedding"])
        for text in ("A cat sleeps.", "A kitten is asleep.", "The tax is due in May.")
    )
    assert cat @ kitten > 0.5 > cat @ tax


def test_cosines_are_the_same_in_512_and_1024_and_close_in_256(aws: LocalAws) -> None:
    def cosine(size: int) -> float:
        one, other = (
            np.array(embed(aws, text, dimensions=size)["embedding"]) for text in ("Good food.", "The meal was fine.")
        )
        return float(one @ other)

    assert cosine(512) == pytest.approx(cosine(1024), abs=1e-6)
    assert cosine(256) == pytest.approx(cosine(1024), abs=0.15)


def test_binary_embeddings_are_the_signs(aws: LocalAws) -> None:
    reply = embed(aws, "Hello", dimensions=256, embeddingTypes=["binary", "float"])
    assert reply["embeddingsByType"]["binary"] == [int(number > 0) for number in reply["embedding"]]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({}, "inputText"),
        ({"inputText": ""}, "minLength: 1"),
        ({"inputText": "x" * 50_001}, "maxLength: 50000"),
        ({"inputText": "word " * 9_000}, "Too many input tokens"),
        ({"inputText": "Hi", "dimensions": 384}, "not a valid enum value"),
        ({"inputText": "Hi", "normalize": "yes"}, "normalize"),
        ({"inputText": "Hi", "embeddingTypes": ["int8"]}, "embeddingTypes"),
        ({"inputText": "Hi", "messages": []}, "extraneous key [messages]"),
    ],
)
def test_a_body_that_titan_refuses_is_refused(aws: LocalAws, body: dict[str, Any], why: str) -> None:
    code, message = refused(aws.client("bedrock-runtime").invoke_model, modelId=TITAN, body=json.dumps(body))
    assert (code, why in message) == ("ValidationException", True), message
