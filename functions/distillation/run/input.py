"""From what the user gave to a `RunConfig`: sources in rising precedence (defaults, the dataset's input.json, the
execution input), all problems at once. As a program it prints `docs/run-input.schema.json`.
"""

import hashlib
import json
import re
import sys
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from distillation.bedrock.job_names import RUN_ID_MAX
from distillation.errors import InvalidInput
from distillation.layout import dataset_input as dataset_input_key
from distillation.run.config import DATASET_PATTERN, RUN_ID_PATTERN, RunConfig

EXECUTION_INPUT = "execution input"

Path = tuple[str | int, ...]
Object = dict[str, Any]


def dataset_of(execution_input: object) -> str:
    """The dataset that an execution input names. Raises InvalidInput where it names none: nothing else follows."""
    dataset = execution_input.get("dataset") if isinstance(execution_input, dict) else None
    if not isinstance(dataset, str) or not re.fullmatch(DATASET_PATTERN[1:-1], dataset):
        resolve_config(execution_input, execution_name="unnamed")
    return str(dataset)


def resolve_config(execution_input: object, *, execution_name: str, dataset_input: bytes | None = None) -> RunConfig:
    """The run's input with every default filled in. `dataset_input`: the dataset's input.json. `execution_name` gives
    the run id where no source does. Raises InvalidInput with one line a problem: source, key, found, expected.
    """
    given, problems = _object_of(EXECUTION_INPUT, execution_input)
    sources = {EXECUTION_INPUT: given}
    if dataset_input is not None:
        name = dataset_input_key(str(given.get("dataset")))
        sources[name], more = _dataset_object(name, dataset_input, given)
        problems += more
    merged = _merged(list(reversed(sources.values())))
    if merged.get("runId") is None:
        merged["runId"] = default_run_id(execution_name)
    return _validated(merged, sources, problems)


def run_of_execution(execution_input: object, execution_name: str) -> str:
    """The run id that PrepareRun gives, or would have given, to an execution. Nothing else of the input counts: it may
    be whole only together with the dataset's input.json.
    """
    given = execution_input.get("runId") if isinstance(execution_input, dict) else None
    return given if isinstance(given, str) and _is_run_id(given) else default_run_id(execution_name)


def default_run_id(execution_name: str) -> str:
    """The execution's name in lower case where that is a run id, else its readable part and a hash of all of it."""
    lowered = execution_name.lower()
    if _is_run_id(lowered):
        return lowered
    digest = hashlib.sha256(execution_name.encode()).hexdigest()[:8]
    slug = re.sub(r"[^a-z0-9]+", "-", lowered).strip("-")[: RUN_ID_MAX - len(digest) - 1].strip("-")
    return f"{slug or 'run'}-{digest}"


def _is_run_id(text: str) -> bool:
    return len(text) <= RUN_ID_MAX and re.fullmatch(RUN_ID_PATTERN[1:-1], text) is not None


def published_schema() -> str:
    """The JSON Schema of the input. Checks that need two keys at once are in `run.config` only."""
    schema = _untitled(RunConfig.model_json_schema(by_alias=True))
    schema["required"] = ["dataset"]
    run_id = schema["properties"]["runId"]
    schema["properties"]["runId"] = {
        "anyOf": [{k: v for k, v in run_id.items() if k != "description"}, {"type": "null"}],
        "default": None,
    } | {"description": run_id["description"]}
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Input of a Nova Distill run"}
    return (
        json.dumps(
            head
            | schema
            | {"description": "Execution input of the state machine and content of seeds/<dataset>/input.json."},
            indent=2,
        )
        + "\n"
    )


def _untitled(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _untitled(value) for key, value in node.items() if not (key == "title" and isinstance(value, str))}
    if isinstance(node, str):
        return " ".join(node.split())
    return [_untitled(item) for item in node] if isinstance(node, list) else node


# Sources


def _object_of(source: str, value: object) -> tuple[Object, list[str]]:
    if isinstance(value, dict):
        return value, []
    return {}, [f'{source}: found {_shown(value)}, expected an object such as {{"dataset": "reviews"}}']


def _dataset_object(source: str, data: bytes, execution_input: Object) -> tuple[Object, list[str]]:
    try:
        value = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        return {}, [
            f"{source}: found {_shown(data[:60].decode('utf-8', 'replace'))}, expected a JSON object in UTF-8 ({error})"
        ]
    own, problems = _object_of(source, value)
    if own.get("runId") is not None:
        problems.append(
            f"{source}: runId: found {_shown(own['runId'])}, expected nothing: a run id belongs to one run, so it "
            "stands in the execution input"
        )
    dataset = execution_input.get("dataset")
    if own.get("dataset", dataset) != dataset:
        problems.append(f"{source}: dataset: found {_shown(own['dataset'])}, expected {_shown(dataset)} or nothing")
    return {key: item for key, item in own.items() if key not in ("runId", "dataset")}, problems


def _merged(sources: list[Object]) -> Object:
    merged: Object = {}
    for source in sources:
        for key, value in source.items():
            below = merged.get(key)
            merged[key] = _merged([below, value]) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _source_of(path: Path, sources: Mapping[str, Object]) -> str:
    """The source that holds most of `path`; of equals the one that overrules the other."""
    return max(sources, key=lambda name: _depth(path, sources[name]))


def _depth(path: Path, value: Any) -> int:
    for depth, key in enumerate(path):
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return depth
    return len(path)


# Problems


def _validated(merged: Object, sources: Mapping[str, Object], problems: list[str]) -> RunConfig:
    config = None
    try:
        config = RunConfig.from_json(merged)
    except ValidationError as error:
        problems = problems + [_line(detail, sources) for detail in error.errors(include_url=False)]
    if problems or config is None:
        raise InvalidInput(
            f"The input of the run cannot be used: {len(problems)} problem(s). Correct them and start again.", problems
        )
    return config


def _line(detail: ErrorDetails, sources: Mapping[str, Object]) -> str:
    context = detail.get("ctx", {})
    path = (*detail["loc"], context["field"]) if context.get("field") else detail["loc"]
    node = _schema_at(path)
    found, expected = context.get("found"), context.get("expected")
    if detail["type"] == "extra_forbidden":
        found, expected = "an unknown key", _expected_keys(path)
    elif detail["type"] == "missing":
        found, expected = "nothing", _expected(node)
    elif detail["type"] != "run_input":
        found, expected = _shown(detail["input"]), _expected(node)
    return f"{_source_of(path, sources)}: {_dotted(path)}: found {found}, expected {expected}"


def _dotted(path: Path) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{_key(key)}" for key in path).lstrip(".")


def _key(key: str) -> str:
    """A key as a line can show it: at most 80 characters, none of which hides or turns others."""
    head = _visible(key[:80])
    return head if len(key) <= 80 else f"{head}… ({len(key):,} characters)"


def _visible(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, str) else _visible(json.dumps(value, ensure_ascii=False, default=str))
    return text if len(text) <= 80 else f"{text[:80]}…"


_SCHEMA = json.loads(published_schema())


def _schema_at(path: Path) -> Object:
    """The schema node of the deepest part of `path` that the schema knows."""
    node: Object = _SCHEMA
    for key in path:
        below = _resolved(node)
        named = below.get("properties", {}).get(key) or below.get("additionalProperties") or below
        node = below.get("items", below) if isinstance(key, int) else named
    return _resolved(node)


def _resolved(node: Object) -> Object:
    node = next((choice for choice in node.get("anyOf", []) if choice.get("type") != "null"), node) | {
        "nullable": "anyOf" in node
    }
    return _SCHEMA["$defs"][node["$ref"].rsplit("/", 1)[-1]] if "$ref" in node else node


def _expected_keys(path: Path) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - for messages only

    known = list(_schema_at(path[:-1]).get("properties", {}))
    close = get_close_matches(str(path[-1]), known, n=1)
    return f"one of {', '.join(known)}" + (f" (did you mean {close[0]!r}?)" if close else "")


def _expected(node: Object) -> str:
    if "enum" in node:
        return f"one of {', '.join(node['enum'])}"
    words = {
        "integer": _range(node, "a whole number"),
        "number": _range(node, "a number"),
        "string": _text(node),
        "boolean": "true or false",
    }
    words |= {
        "array": f"a list of {node.get('minItems', 0)} to {node.get('maxItems')} "
        + ("objects" if "$ref" in node.get("items", {}) else "texts in quotes"),
        "object": "an object: { ... }",
    }
    return words[node["type"]] + (" or null" if node.get("nullable") else "")


def _range(node: Object, noun: str) -> str:
    limits = {
        key: format(Decimal(str(node[key])), "f") for key in ("exclusiveMinimum", "minimum", "maximum") if key in node
    }
    if "exclusiveMinimum" in limits:
        return f"{noun} above {limits['exclusiveMinimum']}" + (
            f", at most {limits['maximum']}" if "maximum" in limits else ""
        )
    return f"{noun} from {limits['minimum']} to {limits['maximum']}" if limits else noun


def _text(node: Object) -> str:
    if "pattern" in node:
        return f"text that matches {node['pattern']}" + (
            f", at most {node['maxLength']} characters" if "maxLength" in node else ""
        )
    return f"text of {node['minLength']} to {node['maxLength']} characters" if "maxLength" in node else "text in quotes"


if __name__ == "__main__":
    sys.stdout.write(published_schema())
