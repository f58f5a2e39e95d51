"""Scores of single answers, against the definitions' own examples."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.evaluation.answer_metrics import (
    CHRF_CHARACTERS,
    chrf,
    exact_match,
    field_accuracy,
    jensen_shannon_bits,
    number_in,
    outcome,
    rouge_l,
    same_answer,
    squad_tokens,
    token_f1,
)
from distillation.run.evaluation import NumericTolerance
from distillation.task import Task, TaskKind, canonical_reference

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


@pytest.mark.parametrize(
    ("answer", "target", "f1"),
    [
        ("police kill the gunman", "police killed the gunman", 0.75),  # Lin 2004, section 3: S2 against S1
        ("the gunman kill police", "police killed the gunman", 0.5),  # Lin 2004, section 3: S3 against S1
        (
            "The quick brown dog jumps on the log.",
            "The quick brown fox jumps over the lazy dog",
            10 / 17,
        ),  # rouge-score 0.1.2
        (
            "is cat they mat is is they mat",
            "dog 42 mat Then mat was cat was Then house big, was a small. is sat the Then",
            0.15384615384615383,
        ),  # rouge-score
        ("...", "!", 1.0),
        (None, "word", 0.0),
    ],
)
def test_rouge_l_is_the_published_one(answer: str | None, target: str, f1: float) -> None:
    assert rouge_l(answer, target) == pytest.approx(f1)


def test_chrf_is_sacrebleus() -> None:
    """The sentence of sacrebleu's own tests; with recall counted twice (chrF2), by sacrebleu 2.6.0: 63.43."""
    answer = (
        "risk assessment must be made of those who are qualified and expertise in the sector - these are the "
        "scientists ."
    )
    target = (
        "risk assessment has to be undertaken by those who are qualified and expert in that area - that is the "
        "scientists ."
    )
    assert chrf(answer, target) == pytest.approx(0.6343165368117263)
    assert (chrf("same", "same"), chrf("abcdefg", "hijklmnop"), chrf(None, "x")) == (1.0, 0.0, 0.0)


def test_chrf_of_long_texts_compares_their_beginnings() -> None:
    text = "word " * CHRF_CHARACTERS
    assert chrf(text + "end", text + "another end") == 1.0


@pytest.mark.parametrize(
    ("answer", "target", "equal"),
    [
        ("1,000", "1000.0", 1.0),
        ("1e3", "1000", 1.0),
        ("\u22123", "-3.00", 1.0),
        (".5", "0.50", 1.0),
        ("10,00", "1000", 0.0),
        ("0.1", "0.10000000000000001", 0.0),
        ("Paris", "Paris", 1.0),
        ("Paris", "paris", 0.0),
        ("12 km", "12", 0.0),
        (None, None, 0.0),
    ],
)
def test_numbers_are_equal_however_they_are_written(answer: str | None, target: str | None, equal: float) -> None:
    assert same_answer(answer, target) == equal


def test_a_tolerance_is_relative_or_absolute() -> None:
    assert same_answer("101", "100", NumericTolerance(relative=0.01)) == 1.0
    assert same_answer("101.1", "100", NumericTolerance(relative=0.01)) == 0.0
    assert same_answer("1.5", "1", NumericTolerance(absolute=0.5)) == 1.0
    assert same_answer("1.51", "1", NumericTolerance(absolute=0.5)) == 0.0
    assert same_answer("a", "b", NumericTolerance(absolute=9)) == 0.0


@given(st.integers(-(10**15), 10**15))
def test_commas_between_thousands_change_no_number(number: int) -> None:
    assert number_in(f"{number:,}") == number
    assert outcome(f"{number:,}.0", ANSWER) == outcome(str(number), ANSWER) == str(number)


@given(st.text(max_size=30))
def test_any_text_equals_itself_and_breaks_nothing(text: str) -> None:
    assert same_answer(text, text) == 1.0
    assert chrf(text, text) == rouge_l(text, text) == token_f1(text, text) == 1.0
    assert 0 <= field_accuracy(text, '{"a": 1}') <= 1


@pytest.mark.parametrize(
    ("answer", "share"),
    [
        ('{"b": {"c": "x", "d": [1, 2]}, "a": 1}', 1.0),
        ('```json\n{"a": 1.0, "b": {"c": "x", "d": [1, 3]}}\n```', 3 / 4),
        ('{"a": true, "b": {"c": "x"}}', 1 / 4),  # true is not 1
        ('{"a": 1, "b": {"c": "x", "d": [1, 2]}, "more": 5}', 1.0),
        ("{}", 0.0),
        ("no json", 0.0),
        (None, 0.0),
    ],
)
def test_field_accuracy_is_the_share_of_the_references_leaves(answer: str | None, share: float) -> None:
    assert field_accuracy(answer, '{"a": 1, "b": {"c": "x", "d": [1, 2]}}') == pytest.approx(share)


def test_jensen_shannon_of_known_distributions() -> None:
    """Half and half against certainty: H(3/4, 1/4) - 1/2 bits = 0.3113; nothing in common: 1 bit (Lin 1991)."""
    assert jensen_shannon_bits(["a", "b"], ["b", "a"]) == pytest.approx(0.0)
    assert jensen_shannon_bits(["a", "b"], ["a", "a", "a"]) == pytest.approx(0.311278, abs=1e-6)
    assert jensen_shannon_bits(["a", None], ["b"]) == pytest.approx(1.0)
