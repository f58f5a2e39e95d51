"""The bedrock-runtime operations: Converse and InvokeModel."""

import json
import time
from typing import Any

from local.bedrock import catalog, message_bodies
from local.bedrock.api_errors import invalid
from local.bedrock.conversation import Model, read_request
from local.bedrock.deployments import Deployments


class Runtime:
    """Answers single requests. `engines`: what stands in for each kind of foundation model."""

    def __init__(self, engines: dict[str, Model], deployments: Deployments) -> None:
        self._engines, self._deployments = engines, deployments

    def converse(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        """Converse."""
        started, model = time.monotonic(), self._model(parameters["modelId"], region)
        reply = model.answer(read_request({name: value for name, value in parameters.items() if name != "modelId"}))
        tier = {"serviceTier": parameters["serviceTier"]} if "serviceTier" in parameters else {}
        return {**message_bodies.converse_reply(reply), "metrics": {"latencyMs": round((time.monotonic() - started) * 1000)}, **tier}

    def invoke(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        """InvokeModel, with Nova's own body."""
        model = self._model(parameters["modelId"], region)
        try:
            body = json.loads(parameters.get("body", b""))
        except ValueError as error:
            raise invalid("Malformed input request: the body is not valid JSON, please reformat your input and try again.") from error
        reply = model.answer(message_bodies.invoke_request(body))
        document = json.dumps(message_bodies.invoke_reply(reply), ensure_ascii=False).encode()
        return {"body": document, "contentType": "application/json", "serviceTier": parameters.get("serviceTier")}

    def _model(self, identifier: str, region: str) -> Model:
        if ":custom-model-deployment/" in identifier:
            return self._deployments.model(identifier, region)
        if ":custom-model/" in identifier:
            raise invalid("A custom model is called through its deployment. Create one with CreateCustomModelDeployment and use its ARN.")
        return self._engines[catalog.invocable_model(identifier, region).engine]
