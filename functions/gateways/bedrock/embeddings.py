"""Text embeddings by Titan Text Embeddings V2 (InvokeModel)."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from gateways.aws_errors import busy_is_retryable

if TYPE_CHECKING:
    from types_boto3_bedrock_runtime import BedrockRuntimeClient

TITAN = "amazon.titan-embed-text-v2:0"
MAX_CHARACTERS = 50_000
"""What Titan V2 takes of a text; it refuses a longer one, and one of more than 8,192 tokens."""
CONCURRENCY = 16
"""Calls at a time: Titan takes one text a call. Well below the connections of `gateways.clients.PATIENT`."""


class Embeddings:
    """Turns texts into vectors. boto3 retries what passes (adaptive mode, set where the client is made)."""

    def __init__(self, client: "BedrockRuntimeClient", model_id: str = TITAN, concurrency: int = CONCURRENCY) -> None:
        self._client, self._model_id, self._concurrency = client, model_id, concurrency

    def embed(self, texts: Sequence[str], dimensions: int) -> list[list[float]]:
        """One unit vector a text, in the order of `texts`; equal texts are asked once.

        `dimensions`: 256, 512 or 1024. A text of more than 50,000 characters is cut. Raises ThrottledByBedrock after
        boto3's retries, ClientError for a text that Titan refuses (empty, more than 8,192 tokens).
        """
        distinct = list(dict.fromkeys(texts))
        with ThreadPoolExecutor(self._concurrency) as pool:
            vectors = dict(zip(distinct, pool.map(lambda text: self._one(text, dimensions), distinct), strict=True))
        return [vectors[text] for text in texts]

    def _one(self, text: str, dimensions: int) -> list[float]:
        body = json.dumps({"inputText": text[:MAX_CHARACTERS], "dimensions": dimensions, "normalize": True})
        with busy_is_retryable(f"InvokeModel {self._model_id}"):
            answer = self._client.invoke_model(
                modelId=self._model_id, body=body, contentType="application/json", accept="application/json"
            )
        return [float(number) for number in json.loads(answer["body"].read())["embedding"]]
