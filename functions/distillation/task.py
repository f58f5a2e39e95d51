"""The kind of task: what the model is told, and the canonical form in which answers are compared."""

from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from distillation.answer_pattern import compiled
from distillation.output_schema import MAX_DEPTH, too_deep, validator_of
from distillation.records import Record

NO_CANONICAL_ANSWER, NOT_JSON, SCHEMA_INVALID = "no_canonical_answer", "not_json", "schema_invalid"


_EXACT = 2**53  # whole numbers up to here have a float of their own


class TaskKind(StrEnum):
    """LABEL: one of a set. ANSWER: what `answer_pattern` finds in the text. JSON: a JSON value. TEXT: free text."""

    LABEL = "label"
    ANSWER = "answer"
    JSON = "json"
    TEXT = "text"


class Task(Record, frozen=True, omit_defaults=True):
    """The resolved task of a run, in run.json. `why`: how an `auto` kind was resolved. `output_schema`: the JSON Schema
    that answers of a JSON task must fit; without one any object or list will do.
    """

    kind: TaskKind
    labels: tuple[str, ...] = ()
    answer_pattern: str | None = None
    output_schema: dict[str, Any] | None = None
    why: str = ""


class Unfit(NamedTuple):
    """Why a text is no answer of a task: a reason code, and what was found."""

    reason: str
    detail: str


Reader = Callable[[str], str | Unfit]
"""Gives the canonical form of a text, or why it has none."""


def answer_reader(task: Task) -> Reader:
    """The reader of a task's answers, compiled once.

    LABEL: the label as `task.labels` spells it, found without regard to case, surrounding space, quotes and a final
    full stop.
    ANSWER: group 1 (or the whole) of the last match of `task.answer_pattern`, without surrounding space.
    JSON: the value with its keys sorted and without white space; a Markdown fence around it is passed over.
    `schema_invalid` names the place that does not fit.
    TEXT: the text with runs of white space folded.
    """
    if task.kind is TaskKind.LABEL:
        return _label_reader(task.labels)
    if task.kind is TaskKind.ANSWER:
        return _pattern_reader(task.answer_pattern or "")
    if task.kind is TaskKind.JSON:
        return _json_reader(msgspec.json.encode(task.output_schema))
    return _read_text


def canonical_answer(text: str, task: Task) -> str | None:
    """The form of `text` in which two answers are equal, or None where the text holds no answer of this task."""
    form = answer_reader(task)(text)
    return form if isinstance(form, str) else None


def canonical_reference(reference: str | None, task: Task) -> str | None:
    """The reference in canonical form, or None where it can be compared with nothing (none, or not one of the labels).
    That of an ANSWER task may be the bare value ("42") where answers carry it in a sentence.
    """
    if reference is None or not reference.strip():
        return None
    if task.kind is TaskKind.ANSWER:
        return canonical_answer(reference, task) or reference.strip()
    return canonical_answer(reference, task)


def unfenced(text: str) -> str:
    """The text, or what is inside a Markdown code fence that is all there is; without surrounding space."""
    bare = text.strip()
    if bare.startswith("```") and bare.endswith("```") and "\n" in bare:
        return bare[bare.index("\n") : -3].strip()
    return bare


def _read_text(text: str) -> str | Unfit:
    return " ".join(text.split()) or Unfit(NO_CANONICAL_ANSWER, "no text")


@lru_cache(maxsize=16)
def _label_reader(labels: tuple[str, ...]) -> Reader:
    exact = {label: label for label in labels if _bare(label) == label}
    folded = {label.casefold(): label for label in labels}

    def read(text: str) -> str | Unfit:
        found = exact.get(text) or folded.get(_bare(text).casefold())
        return found or Unfit(NO_CANONICAL_ANSWER, f"none of the labels: {text[:100]!r}")

    return read


@lru_cache(maxsize=16)
def _pattern_reader(pattern: str) -> Reader:
    expression = compiled(pattern)
    groups = expression.groups

    def read(text: str) -> str | Unfit:
        # The last match and its last group (the whole where there is none). In bytes RE2 need not count characters.
        last = None
        for last in expression.finditer(text.encode()):  # noqa: B007 - the last one is what counts
            pass
        found = (last[groups] or b"").decode().strip() if last else ""
        return found or Unfit(NO_CANONICAL_ANSWER, f"the answerPattern finds nothing: {text[:100]!r}")

    return read


@lru_cache(maxsize=16)
def _json_reader(encoded_schema: bytes) -> Reader:
    schema = msgspec.json.decode(encoded_schema)
    validator = None if schema is None else validator_of(schema)
    decode, encode = msgspec.json.Decoder(float_hook=_number).decode, msgspec.json.Encoder(order="sorted").encode

    def read(text: str) -> str | Unfit:
        try:
            value = decode(unfenced(text))
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
            return Unfit(NOT_JSON, f"{error}: {text[:100]!r}")
        if validator is None:
            return (
                encode(value).decode()
                if isinstance(value, dict | list)
                else Unfit(NOT_JSON, f"neither an object nor a list: {text[:100]!r}")
            )
        if too_deep(text, value):
            return Unfit(SCHEMA_INVALID, f"at the top: more than {MAX_DEPTH} levels of nesting")
        return encode(value).decode() if validator.is_valid(value) else _misfit(validator, value)

    return read


def _misfit(validator: Any, value: object) -> Unfit:
    first = next(iter(validator.iter_errors(value)))
    return Unfit(SCHEMA_INVALID, f"at {'/'.join(map(str, first.instance_path)) or 'the top'}: {first.message}"[:300])


def _number(digits: str) -> int | float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise msgspec.DecodeError(f"{digits} is out of the range of numbers")
    return int(value) if value.is_integer() and abs(value) < _EXACT else value


def _bare(text: str) -> str:
    return text.strip().strip("\"'`*").removesuffix(".").strip()
