"""From an operation's output to an HTTP response, by the service model."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

from botocore.model import OperationModel
from starlette.responses import Response

from local.bedrock.api.api_errors import ApiError


def success(operation: OperationModel, output: dict[str, Any]) -> Response:
    """The response of a call that went well. Members that are None are left out."""
    shape: Any = operation.output_shape
    status = operation.http.get("responseCode", 200)
    if shape is None:
        return Response(b"{}", status, media_type="application/json")
    located = {
        name: member for name, member in shape.members.items() if member.serialization.get("location") == "header"
    }
    headers = {
        located[name].serialization["name"]: str(value)
        for name, value in output.items()
        if name in located and value is not None
    }
    payload = shape.serialization.get("payload")
    if payload:
        return Response(output[payload], status, headers)
    body = {name: value for name, value in output.items() if name not in located}
    return Response(json.dumps(to_json(shape, body)), status, headers, media_type="application/json")


def failure(error: ApiError) -> Response:
    """The response of a call that was refused."""
    return Response(
        json.dumps({"message": error.message}),
        error.status,
        {"x-amzn-errortype": error.code},
        media_type="application/json",
    )


def to_json(shape: Any, value: Any) -> Any:
    """`value` as JSON values of `shape`."""
    if shape.type_name == "structure" and not getattr(shape, "is_document_type", False):
        return {name: to_json(shape.members[name], item) for name, item in value.items() if item is not None}
    if shape.type_name == "list":
        return [to_json(shape.member, item) for item in value]
    if shape.type_name == "map":
        return {name: to_json(shape.value, item) for name, item in value.items()}
    if shape.type_name == "blob":
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return iso_timestamp(value)
    return value


def iso_timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC, with milliseconds, as Bedrock writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
