"""Titan Text Embeddings V2's InvokeModel body (user guide, "Amazon Titan Embeddings"), answered with MiniLM's
vectors.
"""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from local.bedrock.api.api_errors import invalid
from local.bedrock.models.embedder import DIMENSIONS, Embedder, Vectors

SIZES = (1024, 512, 256)
MAX_TOKENS, MAX_CHARACTERS = 8_192, 50_000
_KEYS = {"inputText", "dimensions", "normalize", "embeddingTypes"}
_TYPES = ("float", "binary")
_SEED = 20_240_430


def embed(embedder: Embedder, body: Any) -> dict[str, Any]:
    """The reply to a body: embedding, embeddingsByType, inputTextTokenCount. Raises ValidationException."""
    text, size, types = _checked(body)
    tokens = embedder.count(text)
    if tokens > MAX_TOKENS:
        raise invalid(
            f"400 Bad Request: Too many input tokens. Max input tokens: {MAX_TOKENS}, request input token count: "
            f"{tokens}"
        )
    vector = resized(embedder.vectors([text])[0], size)
    if body.get("normalize", True):
        vector = np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)
    numbers = [float(number) for number in vector]
    shown: dict[str, list[Any]] = {"float": numbers, "binary": [int(number > 0) for number in vector]}
    return {
        "embedding": numbers,
        "embeddingsByType": {kind: shown[kind] for kind in types},
        "inputTextTokenCount": tokens,
    }


def resized(vector: Vectors, size: int) -> Vectors:
    """A vector of 384 numbers as one of `size`: longer by zeros, which keeps every cosine; shorter by a fixed random
    projection, which nearly does.
    """
    if size >= len(vector):
        return np.asarray(np.pad(vector, (0, size - len(vector))), dtype=np.float32)
    return np.asarray(vector @ _projection(size), dtype=np.float32)


@cache
def _projection(size: int) -> npt.NDArray[np.float32]:
    """Orthonormal columns, always the same."""
    columns, _ = np.linalg.qr(np.random.default_rng(_SEED).standard_normal((DIMENSIONS, size)))
    return np.asarray(columns, dtype=np.float32)


def _checked(body: Any) -> tuple[str, int, list[str]]:
    if not isinstance(body, dict) or not isinstance(body.get("inputText"), str):
        raise invalid(
            "Malformed input request: required key [inputText] not found, please reformat your input and try again."
        )
    unknown = set(body) - _KEYS
    if unknown:
        raise invalid(
            f"Malformed input request: extraneous key [{sorted(unknown)[0]}] is not permitted, please reformat your "
            "input and try again."
        )
    text, size, types = body["inputText"], body.get("dimensions", SIZES[0]), body.get("embeddingTypes", ["float"])
    if not 1 <= len(text) <= MAX_CHARACTERS:
        raise invalid(
            f"Malformed input request: expected minLength: 1, maxLength: {MAX_CHARACTERS}, actual: {len(text)}, "
            "please reformat your input."
        )
    if size not in SIZES or isinstance(size, bool):
        raise invalid(
            f"Malformed input request: {size} is not a valid enum value for dimensions, expected one of {list(SIZES)}."
        )
    if not isinstance(body.get("normalize", True), bool):
        raise invalid("Malformed input request: normalize must be true or false.")
    if not isinstance(types, list) or not types or not set(types) <= set(_TYPES):
        raise invalid(f"Malformed input request: embeddingTypes must be a list of {list(_TYPES)}.")
    return text, size, types
