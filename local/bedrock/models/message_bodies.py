"""The two wire forms of a request and its reply: Converse, and Nova's own InvokeModel body."""

from typing import Any

from local.bedrock.api.api_errors import invalid
from local.bedrock.api.request_parsing import from_json
from local.bedrock.api.routes import operation_model
from local.bedrock.api.validation import list_problems
from local.bedrock.models.conversation import Reply, Request, read_request

_NOVA_KEYS = {"schemaVersion", "system", "messages", "inferenceConfig", "toolConfig"}
# Nova's own body takes what Converse takes, and topK inside inferenceConfig.
_NOVA_ONLY_SAMPLING = {"topK", "max_new_tokens", "top_p", "top_k"}


def converse_request(body: dict[str, Any], salt: str = "") -> Request:
    """A Converse body (without modelId, JSON values) as a request. Raises ValidationException."""
    shape: Any = operation_model("Converse").input_shape
    if "modelId" in body:
        raise invalid(
            "Malformed input request: extraneous key [modelId] is not permitted, please reformat your input and try "
            "again."
        )
    typed = from_json(shape, body)
    problems = list_problems(shape, {"modelId": "checked.elsewhere", **typed})
    if problems:
        raise invalid(f"{len(problems)} validation error(s) detected: {'; '.join(problems)}")
    return read_request(typed, salt)


def invoke_request(body: Any, salt: str = "") -> Request:
    """Nova's InvokeModel body as a request. Raises ValidationException."""
    if not isinstance(body, dict):
        raise invalid("Malformed input request: the body must be a JSON object.")
    unknown = set(body) - _NOVA_KEYS
    if unknown:
        raise invalid(
            f"Malformed input request: extraneous key [{sorted(unknown)[0]}] is not permitted, please reformat your "
            "input and try again."
        )
    if body.get("schemaVersion", "messages-v1") != "messages-v1":
        raise invalid("Malformed input request: schemaVersion must be messages-v1.")
    config = body.get("inferenceConfig", {})
    sampling = (
        {key: value for key, value in config.items() if key not in _NOVA_ONLY_SAMPLING}
        if isinstance(config, dict)
        else config
    )
    common = {key: value for key, value in body.items() if key != "schemaVersion"}
    return converse_request({**common, **({"inferenceConfig": sampling} if "inferenceConfig" in body else {})}, salt)


def converse_reply(reply: Reply) -> dict[str, Any]:
    """The members of Converse's output that the model itself makes."""
    usage = {
        "inputTokens": reply.input_tokens,
        "outputTokens": reply.output_tokens,
        "totalTokens": reply.input_tokens + reply.output_tokens,
    }
    message = {"role": "assistant", "content": [{"text": reply.text}]}
    return {"output": {"message": message}, "stopReason": reply.stop_reason, "usage": usage}


def invoke_reply(reply: Reply) -> dict[str, Any]:
    """Nova's InvokeModel reply."""
    document = converse_reply(reply)
    return {**document, "usage": {**document["usage"], "cacheReadInputTokenCount": 0, "cacheWriteInputTokenCount": 0}}
