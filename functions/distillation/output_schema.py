"""The JSON Schema of a json task: one that opens no file, asks no server and checks an answer in bounded time."""

import json
from collections.abc import Iterator
from typing import Any

MAX_BYTES = 65_536
MAX_DEPTH = 64
"""Levels of nesting, of the schema and of the answers that it checks."""
MAX_CHECKS = 10_000
"""Most subschemas that check one path through an answer of `MAX_DEPTH` levels; 27 lines of `allOf` can ask for 2^26."""
_SAME_PLACE = frozenset({"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas", "dependencies"})
_ONE_BELOW = frozenset({"properties", "prefixItems", "items"})
"""Keywords whose schemas each check another part of the answer."""
_BELOW = _ONE_BELOW | {
    "patternProperties",
    "additionalProperties",
    "unevaluatedProperties",
    "propertyNames",
    "additionalItems",
    "unevaluatedItems",
    "contains",
}
_LISTS_OF_SCHEMAS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems", "items", "dependencies"})
_MAPS_OF_SCHEMAS = frozenset({"properties", "patternProperties", "dependentSchemas", "dependencies", "$defs"}) | {
    "definitions"
}
_OTHER_REFERENCES = ("$dynamicRef", "$recursiveRef", "$anchor", "$dynamicAnchor")


class _Unusable(Exception):
    """The schema cannot be used; the message says what is expected instead."""


def trouble_of_schema(schema: dict[str, Any]) -> str | None:
    """What would be expected instead of this schema, None where it can be used."""
    try:
        if len(json.dumps(schema, ensure_ascii=False).encode()) > MAX_BYTES or _nesting(schema) > MAX_DEPTH:
            raise _Unusable(f"at most {MAX_BYTES:,} bytes and {MAX_DEPTH} levels of nesting")
        _Checks(schema).of(schema, MAX_DEPTH, frozenset())
        validator_of(schema)
    except _Unusable as trouble:
        return str(trouble)
    except ValueError as error:  # jsonschema_rs.ValidationError and ReferencingError are of this kind
        return f"a JSON Schema of a known draft, without references to other files ({error})"[:300]
    return None


def validator_of(schema: dict[str, Any]) -> Any:
    """A validator that fetches nothing and runs `pattern`s in linear time. Raises ValueError for no schema."""
    import jsonschema_rs  # noqa: PLC0415 - only a json task needs it

    return jsonschema_rs.validator_for(schema, offline=True, pattern_options=jsonschema_rs.RegexOptions())


def too_deep(text: str, value: Any) -> bool:
    """Whether an answer (its text, and the value in it) has more than `MAX_DEPTH` levels."""
    return text.count("{") + text.count("[") > MAX_DEPTH and _nesting(value) > MAX_DEPTH


def _nesting(value: Any) -> int:
    levels, here = 0, [value]
    while here := [item for item in here if isinstance(item, dict | list)]:
        levels += 1
        here = [below for item in here for below in (item.values() if isinstance(item, dict) else item)]
    return levels


class _Checks:
    """Counts how many subschemas check one path through an answer."""

    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root
        self._known: dict[tuple[int, int], int] = {}

    def of(self, schema: Any, levels: int, around: frozenset[int]) -> int:
        """The checks of an answer with `levels` levels; `around`: the subschemas that check the same place."""
        if not isinstance(schema, dict) or levels == 0:
            return 1
        if id(schema) in around:
            raise _Unusable("references that lead into another part of the answer before they come back")
        key = (id(schema), levels)
        if key not in self._known:
            self._known[key] = self._count(schema, levels, around | {id(schema)})
        if self._known[key] > MAX_CHECKS:
            raise _Unusable(f"a schema that checks each part of an answer at most {MAX_CHECKS:,} times")
        return self._known[key]

    def _count(self, schema: dict[str, Any], levels: int, around: frozenset[int]) -> int:
        if other := [name for name in _OTHER_REFERENCES if name in schema]:
            raise _Unusable(f"references of the form #/$defs/name, not {other[0]}")
        if "$id" in schema and schema is not self._root:
            raise _Unusable("no $id below the top of the schema")
        checks = 1 + (self.of(self._target(schema["$ref"]), levels, around) if "$ref" in schema else 0)
        for keyword, schemas in _parts(schema):
            if keyword in _SAME_PLACE:
                checks += sum(self.of(below, levels, around) for below in schemas)
            else:
                found = [self.of(below, levels - 1, frozenset()) for below in schemas]
                checks += max(found, default=0) if keyword in _ONE_BELOW else sum(found)
        return checks

    def _target(self, reference: Any) -> Any:
        if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
            raise _Unusable(f"references of the form #/$defs/name, not {str(reference)[:100]!r}")
        found: Any = self._root
        try:
            for step in reference.split("/")[1:]:
                name = step.replace("~1", "/").replace("~0", "~")
                found = found[int(name)] if isinstance(found, list) else found[name]
        except (KeyError, IndexError, ValueError, TypeError):
            raise _Unusable(f"references to what the schema holds, not {reference[:100]!r}") from None
        return found


def _parts(schema: dict[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    for keyword, value in schema.items():
        if keyword in _SAME_PLACE | _BELOW:
            if keyword in _MAPS_OF_SCHEMAS and isinstance(value, dict):
                yield keyword, list(value.values())
            elif keyword in _LISTS_OF_SCHEMAS and isinstance(value, list):
                yield keyword, value
            else:
                yield keyword, [value]
