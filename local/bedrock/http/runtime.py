"""The bedrock-runtime operations: Converse and InvokeModel."""

import json
import time
from typing import Any

from local.bedrock import catalog
from local.bedrock.api.api_errors import invalid
from local.bedrock.deployments import Deployments
from local.bedrock.models import message_bodies, titan
from local.bedrock.models.conversation import Model, read_request
from local.bedrock.models.embedder import Embedder


class Runtime:
    """Answers single requests. `engines`: what stands in for each kind of foundation model."""

    def __init__(self, engines: dict[str, Model], embedder: Embedder, deployments: Deployments) -> None:
        self._engines, self._embedder, self._deployments = engines, embedder, deployments

    def converse(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        """Converse."""
        started, model = time.monotonic(), self._model(parameters["modelId"], region)
        foundation = None if _is_custom(parameters["modelId"]) else catalog.text_model(parameters["modelId"], region)
        catalog.check_tier(foundation, parameters.get("serviceTier", {}).get("type", "default"))
        if foundation:
            catalog.check_inference(foundation, parameters)
        reply = model.answer(read_request({name: value for name, value in parameters.items() if name != "modelId"}))
        tier = {"serviceTier": parameters["serviceTier"]} if "serviceTier" in parameters else {}
        return {
            **message_bodies.converse_reply(reply),
            "metrics": {"latencyMs": round((time.monotonic() - started) * 1000)},
            **tier,
        }

    def invoke(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        """InvokeModel, with the body of Nova or of Titan Text Embeddings V2."""
        try:
            body = json.loads(parameters.get("body", b""))
        except ValueError as error:
            raise invalid(
                "Malformed input request: the body is not valid JSON, please reformat your input and try again."
            ) from error
        document = json.dumps(self._invoked(parameters["modelId"], region, body), ensure_ascii=False).encode()
        return {"body": document, "contentType": "application/json", "serviceTier": parameters.get("serviceTier")}

    def _invoked(self, identifier: str, region: str, body: Any) -> dict[str, Any]:
        if _is_custom(identifier):
            return message_bodies.invoke_reply(
                self._model(identifier, region).answer(message_bodies.invoke_request(body))
            )
        model = catalog.invocable_model(identifier, region)
        if model.engine == catalog.EMBEDDINGS:
            return titan.embed(self._embedder, body)
        if model.provider != "Amazon":
            raise invalid(f"The local Bedrock knows no InvokeModel body of {model.provider}. Use Converse.")
        return message_bodies.invoke_reply(self._engines[model.engine].answer(message_bodies.invoke_request(body)))

    def _model(self, identifier: str, region: str) -> Model:
        if ":custom-model-deployment/" in identifier:
            return self._deployments.model(identifier, region)
        if ":custom-model/" in identifier:
            raise invalid(
                "A custom model is called through its deployment. Create one with CreateCustomModelDeployment and "
                "use its ARN."
            )
        return self._engines[catalog.text_model(identifier, region).engine]


def _is_custom(identifier: str) -> bool:
    return ":custom-model-deployment/" in identifier or ":custom-model/" in identifier
