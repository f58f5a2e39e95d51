"""The canonical form of an answer, for each kind of task."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.task import (
    NO_CANONICAL_ANSWER,
    NOT_JSON,
    SCHEMA_INVALID,
    Task,
    TaskKind,
    Unfit,
    answer_reader,
    canonical_answer,
    canonical_reference,
    unfenced,
)

LABELS = Task(kind=TaskKind.LABEL, labels=("Positive", "negative"))
JSON = Task(kind=TaskKind.JSON)
SCHEMA = {
    "type": "object",
    "properties": {"stars": {"type": "integer"}, "tags": {"type": "array", "items": {"type": "string"}}},
    "required": ["stars"],
}
FITTED = Task(kind=TaskKind.JSON, output_schema=SCHEMA)


@pytest.mark.parametrize(
    "text",
    ["Positive", "positive", " POSITIVE\n", '"positive"', "'Positive.'", "**positive**", "`positive`", "positive."],
)
def test_a_label_is_found_through_case_quotes_and_full_stop(text: str) -> None:
    assert canonical_answer(text, LABELS) == "Positive"


@pytest.mark.parametrize("text", ["", "positively", "positive or negative", "It is positive", "neutral"])
def test_what_is_not_a_label(text: str) -> None:
    assert canonical_answer(text, LABELS) is None


@pytest.mark.parametrize(
    ("pattern", "text", "answer"),
    [
        (r"Answer:\s*(-?\d+)", "Answer: 1, no. Answer: 42 ", "42"),
        (r"\d+", "first 1, then 22", "22"),
        (r"\d+", "none", None),
        (r"\\boxed\{([^}]*)\}", r"so \boxed{ x + 1 }", "x + 1"),
    ],
)
def test_the_last_match_of_the_pattern_is_the_answer(pattern: str, text: str, answer: str | None) -> None:
    assert canonical_answer(text, Task(kind=TaskKind.ANSWER, answer_pattern=pattern)) == answer


@pytest.mark.parametrize(("text", "answer"), [("a  b\n c ", "a b c"), ("", None), (" \n", None)])
def test_free_text_is_compared_without_its_white_space(text: str, answer: str | None) -> None:
    assert canonical_answer(text, Task(kind=TaskKind.TEXT)) == answer


@pytest.mark.parametrize(
    "text",
    [
        '{"b": 1, "a": [1.0, 2]}',
        '```json\n{"a": [1, 2.0], "b": 1}\n```',
        ' {"a":[1,2],"b":1e0}\n',
        '```\n{"b": 1, "a": [1, 2]}```',
    ],
)
def test_json_is_compared_as_a_value_through_order_space_fence_and_spelling_of_numbers(text: str) -> None:
    assert canonical_answer(text, JSON) == '{"a":[1,2],"b":1}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no",
        '{"a": 1',
        "{'a': 1}",
        '{"a": NaN}',
        '{"a": 1e999}',
        "[" * 100_000,
        '"a string"',
        "3",
        'Here: {"a": 1}',
        "```json\n```",
    ],
)
def test_what_is_not_json(text: str) -> None:
    unfit = answer_reader(JSON)(text)
    assert isinstance(unfit, Unfit)
    assert unfit.reason == NOT_JSON


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"stars": "five"}', "at stars:"),
        ('{"stars": 5, "tags": ["a", 3]}', "at tags/1:"),
        ("{}", "at the top:"),
        ("[]", "at the top:"),
    ],
)
def test_json_that_does_not_fit_its_schema_says_where(text: str, place: str) -> None:
    unfit = answer_reader(FITTED)(text)
    assert isinstance(unfit, Unfit)
    assert unfit.reason == SCHEMA_INVALID
    assert unfit.detail.startswith(place)


def test_json_that_fits_its_schema() -> None:
    assert canonical_answer('{"tags": ["b", "a"], "stars": 5.0}', FITTED) == '{"stars":5,"tags":["b","a"]}'
    assert canonical_answer('"yes"', Task(kind=TaskKind.JSON, output_schema={"enum": ["yes", "no"]})) == '"yes"'


@pytest.mark.parametrize("task", [LABELS, Task(kind=TaskKind.ANSWER, answer_pattern=r"\d"), Task(kind=TaskKind.TEXT)])
def test_a_text_without_an_answer_says_so(task: Task) -> None:
    unfit = answer_reader(task)(" ")
    assert isinstance(unfit, Unfit)
    assert unfit.reason == NO_CANONICAL_ANSWER


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(values.filter(lambda value: isinstance(value, dict | list)), st.booleans())
def test_a_canonical_form_holds_the_same_value_and_is_its_own_canonical_form(value: Any, fenced: bool) -> None:
    text = json.dumps(value, indent=2 if fenced else None, ensure_ascii=fenced)
    form = canonical_answer(f"```json\n{text}\n```" if fenced else text, JSON)
    assert form is not None
    assert json.loads(form) == value
    assert canonical_answer(form, JSON) == form


@given(st.text())
def test_any_text_is_read_as_an_answer_or_says_why_not(text: str) -> None:
    for task in (LABELS, JSON, FITTED, Task(kind=TaskKind.TEXT), Task(kind=TaskKind.ANSWER, answer_pattern=r"\w+")):
        form = answer_reader(task)(text)
        assert isinstance(form, Unfit) or canonical_answer(form, task) == form


@pytest.mark.parametrize(
    ("text", "inside"),
    [("```json\n{}\n```", "{}"), ("```\nx\ny\n```", "x\ny"), (" {} ", "{}"), ("```", "```"), ("a ``` b", "a ``` b")],
)
def test_only_a_fence_around_everything_is_taken_off(text: str, inside: str) -> None:
    assert unfenced(text) == inside


def test_a_reference_of_an_answer_task_may_be_the_bare_value() -> None:
    task = Task(kind=TaskKind.ANSWER, answer_pattern=r"The answer is (\d+)")
    assert canonical_reference("The answer is 42", task) == canonical_reference(" 42 ", task) == "42"
    assert canonical_reference(" ", task) is None
    assert canonical_reference("neutral", LABELS) is None
