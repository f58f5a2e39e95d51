"""Checks a request against its shape: botocore's ParamValidator (types, required and unknown members), then patterns,
ranges and enums.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.validate import ParamValidator

from local.bedrock.api.api_errors import invalid

# Values that Bedrock takes and the service model does not name: every AWS sample of an LLM-as-a-judge job says General.
_BEYOND_THE_MODEL = {"EvaluationTaskType": ("General",)}
_LENGTHS = ("string", "list", "map", "blob")


def validate(shape: Any, parameters: dict[str, Any]) -> None:
    """Raise ValidationException with every problem in AWS's wording; returns nothing where `parameters` fit `shape`."""
    problems = list_problems(shape, parameters) if shape is not None else []
    if problems:
        plural = "error" if len(problems) == 1 else "errors"
        raise invalid(f"{len(problems)} validation {plural} detected: {'; '.join(problems)}")


def list_problems(shape: Any, parameters: dict[str, Any]) -> list[str]:
    """Every problem, one sentence each."""
    structural = str(ParamValidator().validate(parameters, shape).generate_report())
    return structural.splitlines() if structural else list(_constraints(shape, parameters, ""))


def _constraints(shape: Any, value: Any, path: str) -> Iterator[str]:
    if shape.type_name == "structure" and not getattr(shape, "is_document_type", False):
        for name, item in value.items():
            yield from _constraints(shape.members[name], item, f"{path}.{name}" if path else name)
    if shape.type_name == "list":
        for index, item in enumerate(value):
            yield from _constraints(shape.member, item, f"{path}.{index + 1}.member")
    if shape.type_name == "map":
        for name, item in value.items():
            yield from _constraints(shape.value, item, f"{path}.{name}")
    yield from (_sentence(value, path, broken) for broken in _broken(shape, value))


def _sentence(value: Any, path: str, constraint: str) -> str:
    shown = value if isinstance(value, str | int | float) else f"<{type(value).__name__}>"
    return f"Value '{str(shown)[:200]}' at '{path}' failed to satisfy constraint: {constraint}"


def _broken(shape: Any, value: Any) -> Iterator[str]:
    rules = shape.metadata
    if "enum" in rules and value not in (*rules["enum"], *_BEYOND_THE_MODEL.get(shape.name, ())):
        yield f"Member must satisfy enum value set: [{', '.join(rules['enum'])}]"
    size, unit = (len(value), "length ") if shape.type_name in _LENGTHS else (value, "value ")
    if "min" in rules and size < rules["min"]:
        yield f"Member must have {unit}greater than or equal to {rules['min']}"
    if "max" in rules and size > rules["max"]:
        yield f"Member must have {unit}less than or equal to {rules['max']}"
    if "pattern" in rules and isinstance(value, str) and not _pattern(rules["pattern"]).fullmatch(value):
        yield f"Member must satisfy regular expression pattern: {rules['pattern']}"


@cache
def _pattern(text: str) -> re.Pattern[str]:
    # The patterns are Java's; \p{L} and its like are the only part that Python's re does not know, in shapes that no
    # operation here uses.
    return re.compile(text)
