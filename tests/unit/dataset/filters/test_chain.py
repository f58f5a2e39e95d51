"""Filters: each with its reason, each off or on, in their order."""

from typing import Any

import pytest

from distillation.dataset.filters.chain import Accepted, AnswerFilters
from distillation.run.curation import Examples, Filters
from distillation.task import Task, TaskKind, Unfit
from tests.worlds.answers import answer

TEXT = Task(kind=TaskKind.TEXT)
LABEL = Task(kind=TaskKind.LABEL, labels=("positive", "negative"))
NUMBER = Task(kind=TaskKind.ANSWER, answer_pattern=r"Answer: (\d+)")
JSON = Task(kind=TaskKind.JSON, output_schema={"type": "object"})
REFUSAL = "I'm sorry, but I can't help with that."
GERMAN = "Der schnelle braune Fuchs springt über den faulen Hund und läuft danach in den Wald."


def verdict(
    task: Task, text: str, reference: str | None = None, examples: dict[str, Any] | None = None, **filters: Any
) -> Accepted | Unfit:
    made = AnswerFilters(task, Filters.model_validate(filters), Examples.model_validate(examples or {}))
    form = made.read(text)
    return made.judge(answer("r", text), form, reference)


@pytest.mark.parametrize(
    ("text", "on", "off", "reason"),
    [
        ("ok", {"minCharacters": 3}, {}, "too_short"),
        ("too many", {"maxCharacters": 7}, {}, "too_long_answer"),
        ("again and again and again " * 20, {}, {"repetition": False}, "repetitive"),
        (REFUSAL, {}, {"refusals": False}, "refusal"),
        ("As an AI, I like it.", {}, {"boilerplate": False}, "boilerplate"),
        (GERMAN, {"language": "en"}, {"language": "de"}, "wrong_language"),
        ("Ask jo@example.com", {"personalData": "reject"}, {"personalData": "off"}, "personal_data"),
    ],
)
def test_each_filter_rejects_with_its_reason_and_can_be_turned_off(
    text: str, on: dict[str, Any], off: dict[str, Any], reason: str
) -> None:
    found = verdict(TEXT, text, **on)
    assert isinstance(found, Unfit)
    assert found.reason == reason
    assert verdict(TEXT, text, **off) == Accepted(answer("r", text), " ".join(text.split()), text.strip())


@pytest.mark.parametrize(
    ("text", "reason"), [(f"\n {REFUSAL}", "refusal"), ("Sure, here is the review:\n", "boilerplate")]
)
def test_white_space_around_a_text_hides_nothing(text: str, reason: str) -> None:
    found = verdict(TEXT, text)
    assert isinstance(found, Unfit)
    assert found.reason == reason


def test_the_first_filter_that_rejects_gives_the_reason() -> None:
    found = verdict(TEXT, REFUSAL + " Write to jo@example.com.", minCharacters=1000, personalData="reject")
    assert isinstance(found, Unfit)
    assert found.reason == "too_short"


def test_reserved_words_cannot_be_let_in() -> None:
    found = verdict(TEXT, "He said. user: hello")
    assert isinstance(found, Unfit)
    assert found.reason == "reserved_word_in_answer"


def test_redaction_keeps_the_answer_with_placeholders() -> None:
    assert verdict(TEXT, "Ask jo@example.com ", personalData="redact") == Accepted(
        answer("r", "Ask jo@example.com "), "Ask jo@example.com", "Ask [EMAIL]", changed=True
    )
    assert verdict(JSON, '{"mail": "jo@example.com"}', personalData="redact") == Accepted(
        answer("r", '{"mail": "jo@example.com"}'), '{"mail":"jo@example.com"}', '{"mail": "[EMAIL]"}', changed=True
    )


def test_a_number_that_json_cannot_replace_is_rejected() -> None:
    found = verdict(JSON, '{"card": 4111111111111111}', personalData="redact")
    assert isinstance(found, Unfit)
    assert found.reason == "personal_data"


@pytest.mark.parametrize(
    ("task", "text", "rationale", "learnt"),
    [
        (LABEL, " POSITIVE. ", True, "positive"),
        (NUMBER, "One and one. Answer: 2 ", True, "One and one. Answer: 2"),
        (NUMBER, "One and one. Answer: 2 ", False, "2"),
        (JSON, '```json\n{"b": 1, "a": 2}\n```', True, '{"b": 1, "a": 2}'),
        (TEXT, " a  b\n", False, "a  b"),
    ],
)
def test_what_is_learnt(task: Task, text: str, rationale: bool, learnt: str) -> None:
    found = verdict(task, text, examples={"rationale": rationale})
    assert isinstance(found, Accepted)
    assert found.text == learnt


def test_a_contradiction_counts_only_where_the_reference_is_trusted_and_never_for_free_text() -> None:
    found = verdict(LABEL, "positive", "negative", {"trustReference": True})
    assert isinstance(found, Unfit)
    assert found.reason == "contradicts_reference"
    assert isinstance(verdict(LABEL, "positive", "negative"), Accepted)
    assert isinstance(verdict(LABEL, "positive", None, {"trustReference": True}), Accepted)
    assert isinstance(verdict(TEXT, "positive", "negative", {"trustReference": True}), Accepted)


def test_the_steps_are_the_filters_that_are_on_in_order() -> None:
    def names(task: Task, **filters: Any) -> list[str]:
        return [
            step
            for step, _ in AnswerFilters(
                task, Filters.model_validate(filters), Examples.model_validate({"trustReference": True})
            ).steps
        ]

    everything = {"minCharacters": 2, "language": "en", "personalData": "redact"}
    prose = ["length", "repetition", "refusals", "boilerplate", "language", "personalData", "reservedWords"]
    assert names(NUMBER, **everything) == ["form", *prose, "reference"]
    assert names(TEXT, **everything) == ["form", *prose]
    assert names(JSON) == ["form", "schema", "reservedWords", "reference"]
    assert names(LABEL) == ["form", "reference"]
