"""Scores of single answers, against the definitions' own examples."""

import math

import pytest

from distillation.metrics import agreement, canonical_reference, entropy_bits, exact_match, squad_tokens, token_f1
from distillation.task import Task, TaskKind

LABEL = Task(kind=TaskKind.LABEL, labels=("positive", "negative"))
ANSWER = Task(kind=TaskKind.ANSWER, answer_pattern=r"answer is (\d+)")


@pytest.mark.parametrize(
    ("answer", "target", "f1"),
    [
        ("the Denver Broncos!", "Denver Broncos", 1.0),
        ("Carolina Panthers", "Denver Broncos", 0.0),
        ("gold color of the ribbon", "gold", 0.4),  # 1 shared of 4 and 1 words ("the" is an article): 2 * 1 / (4 + 1)
        ("one one two", "one two two", 2 / 3),  # repeated words count as often as both have them
        ("the", "a", 1.0),  # both empty after normalisation: the no-answer rule
        ("", "word", 0.0),
        (None, "word", 0.0),
    ],
)
def test_token_f1_is_squads(answer: str | None, target: str, f1: float) -> None:
    assert token_f1(answer, target) == pytest.approx(f1)


def test_squad_tokens_drop_articles_and_punctuation_only() -> None:
    assert squad_tokens("An  apple, a day; the café's!") == ["apple", "day", "cafés"]


def test_a_reference_is_compared_in_canonical_form() -> None:
    assert canonical_reference(" POSITIVE. ", LABEL) == "positive"
    assert canonical_reference("The answer is 42", ANSWER) == "42"
    assert canonical_reference(" 42 ", ANSWER) == "42"


@pytest.mark.parametrize("reference", [None, "", "  ", "mixed"])
def test_a_reference_that_nothing_can_equal_is_none(reference: str | None) -> None:
    assert canonical_reference(reference, LABEL) is None


def test_a_missing_answer_matches_nothing_not_even_a_missing_target() -> None:
    assert exact_match(None, None) == 0.0
    assert exact_match("x", "x") == 1.0


def test_agreement_is_the_share_of_the_most_frequent_answer() -> None:
    assert agreement(["a", "a", "b", None]) == 0.5
    assert agreement([None, None]) == 0.0
    assert agreement([]) == 0.0


def test_entropy_of_known_distributions() -> None:
    assert entropy_bits(["a", "b", "c", "d"]) == pytest.approx(2.0)
    assert entropy_bits(["a", "a", "a"]) == 0.0
    assert entropy_bits(["a", "a", "a", "b"]) == pytest.approx(-(0.75 * math.log2(0.75) + 0.25 * math.log2(0.25)))
