"""outputSchema: a schema of anybody opens no file, asks no server and checks an answer in bounded time."""

import json
import socket
import time
from typing import Any

import pytest

from distillation.output_schema import MAX_CHECKS, MAX_DEPTH, trouble_of_schema, validator_of
from distillation.task import SCHEMA_INVALID, Task, TaskKind, Unfit, answer_reader


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "http://127.0.0.1:9/schema"},
        {"$ref": "file:///proc/self/environ"},
        {"$schema": "http://127.0.0.1:9/draft"},
        {"$id": "http://127.0.0.1:9/", "properties": {"a": {"$ref": "other.json"}}},
        {"properties": {"a": {"$id": "http://127.0.0.1:9/", "$ref": "#/x"}}},
        {"allOf": [{"items": {"$ref": "//host/share"}}]},
    ],
)
def test_a_reference_to_the_outside_is_refused_and_nothing_is_asked(
    schema: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "create_connection", asked)
    assert trouble_of_schema(schema) is not None
    if "$id" not in json.dumps(schema):
        with pytest.raises(ValueError, match=r"retriev|meta-schema|registry"):
            validator_of(schema)


TREE = {
    "type": "object",
    "properties": {"value": {"type": "number"}, "left": {"$ref": "#"}, "right": {"$ref": "#"}},
    "required": ["value"],
}
DRAFT_7 = "http://json-schema.org/draft-07/schema#"
LIST = {"anyOf": [{"type": "null"}, {"properties": {"next": {"$ref": "#/$defs/list"}}}]}


@pytest.mark.parametrize(
    "schema",
    [
        TREE,
        {"$defs": {"list": LIST}, "$ref": "#/$defs/list"},
        {"enum": [{"$ref": "http://not.a.reference"}]},
        {"properties": {"$ref": {"type": "string"}, "allOf": {"type": "number"}}},
        {"items": {"oneOf": [{"const": 1}, {"const": 2}]}, "prefixItems": [{"type": "string"}]},
        {"type": "object", "additionalProperties": {"type": "string", "pattern": "^a+$"}},
        {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "definitions": {"a/b": {}},
            "$ref": "#/definitions/a~1b",
        },
    ],
)
def test_honest_schemas_are_used(schema: dict[str, Any]) -> None:
    assert trouble_of_schema(schema) is None


def doubling(levels: int) -> dict[str, Any]:
    """Each definition asks for the next twice."""
    definitions = {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(levels)}
    return {"$defs": {**definitions, f"a{levels}": {"type": "string"}}, "$ref": "#/$defs/a0"}


BRANCHING: dict[str, Any] = {"properties": {"x": {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}}}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (doubling(26), "each part of an answer at most 10,000 times"),
        (BRANCHING, "each part of an answer at most 10,000 times"),
        ({"$ref": "#"}, "lead into another part of the answer"),
        ({"anyOf": [{"not": {"$ref": "#/anyOf/0"}}]}, "lead into another part of the answer"),
        ({"$dynamicRef": "#x"}, "not $dynamicRef"),
        ({"$ref": "#/$defs/none"}, "what the schema holds"),
        ({"type": "text"}, "a JSON Schema of a known draft"),
        ({"pattern": "(?=a)b"}, "a JSON Schema of a known draft"),
        ({"enum": ["x" * 70_000]}, "at most 65,536 bytes"),
        ({"const": json.loads("[" * 70 + "]" * 70)}, "64 levels"),
    ],
)
def test_what_would_take_long_or_means_nothing_is_refused_at_once(schema: dict[str, Any], expected: str) -> None:
    started = time.process_time()
    assert expected in (trouble_of_schema(schema) or "")
    assert time.process_time() - started < 1


def test_what_is_accepted_checks_a_deep_answer_within_the_bound() -> None:
    schema = doubling(11)
    assert trouble_of_schema(schema) is None and MAX_CHECKS > 2**11
    assert validator_of(schema).is_valid("text")


def test_an_answer_deeper_than_the_bound_is_refused() -> None:
    read = answer_reader(Task(kind=TaskKind.JSON, output_schema=TREE))

    def nested(levels: int) -> str:
        return '{"value":1,"left":' * levels + '{"value":1}' + "}" * levels

    assert isinstance(read(nested(MAX_DEPTH - 1)), str)
    refused = read(nested(MAX_DEPTH))
    assert isinstance(refused, Unfit)
    assert (refused.reason, "more than 64 levels" in refused.detail) == (SCHEMA_INVALID, True)
