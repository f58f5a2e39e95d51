"""From an HTTP request to the members of an operation's input, each from the place that the service model says."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any

from botocore.model import OperationModel
from botocore.utils import parse_timestamp

from local.bedrock.api.api_errors import invalid


def parse(
    operation: OperationModel,
    labels: Mapping[str, str],
    query: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes,
) -> dict[str, Any]:
    """The input of `operation` by member name.

    Values have the types of the shapes (timestamps are datetimes, blobs bytes). Raises ApiError.
    """
    shape = operation.input_shape
    if shape is None:
        return {}
    sources = {"uri": labels, "querystring": query, "header": {name.lower(): value for name, value in headers.items()}}
    located = {
        name: _from_text(member, sources[member.serialization["location"]].get(_wire_name(name, member)))
        for name, member in shape.members.items()
        if member.serialization.get("location") in sources
    }
    return {name: value for name, value in located.items() if value is not None} | _body(shape, body)


def _wire_name(name: str, member: Any) -> str:
    wire = str(member.serialization.get("name", name))
    return wire.lower() if member.serialization["location"] == "header" else wire


def _from_text(member: Any, text: str | None) -> Any:
    if text is None:
        return None
    try:
        return _READERS.get(member.type_name, str)(text)
    except ValueError as error:
        raise invalid(f"'{text}' is not a value of type {member.type_name}.") from error


def _boolean(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()] if text.lower() in ("true", "false") else bool(int(text))


_READERS: dict[str, Callable[[str], Any]] = {
    "integer": int,
    "long": int,
    "float": float,
    "boolean": _boolean,
    "timestamp": parse_timestamp,
}


def _body(shape: Any, body: bytes) -> dict[str, Any]:
    payload = shape.serialization.get("payload")
    if payload:
        return {payload: body}
    members = {name: member for name, member in shape.members.items() if "location" not in member.serialization}
    if not members or not body:
        return {}
    try:
        document = json.loads(body)
    except ValueError as error:
        raise invalid("The request body is not valid JSON.") from error
    if not isinstance(document, dict):
        raise invalid("The request body must be a JSON object.")
    return {
        name: from_json(members[name], value) if name in members else value
        for name, value in document.items()
        if value is not None
    }


def from_json(shape: Any, value: Any) -> Any:
    """A JSON value in the types of `shape`. What does not fit is left as it is: validation names it."""
    if shape.type_name == "structure" and isinstance(value, dict) and not getattr(shape, "is_document_type", False):
        return {
            name: from_json(shape.members[name], item) if name in shape.members else item
            for name, item in value.items()
            if item is not None
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [from_json(shape.member, item) for item in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {name: from_json(shape.value, item) for name, item in value.items()}
    if shape.type_name == "blob" and isinstance(value, str):
        return _decoded(value)
    if shape.type_name == "timestamp" and isinstance(value, str | int | float):
        return parse_timestamp(str(value))
    return value


def _decoded(text: str) -> Any:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return text
