"""What the local judge measures by words alone: known answers, and properties that hold for every text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.bedrock.jobs.evaluation.text_measures import (
    follows_instructions,
    grounded,
    is_refusal,
    overlap,
    professional,
    sentences,
    words,
)


def test_overlap_is_squads_word_f1() -> None:
    """Four words said, six asked for, three shared, one of them twice: 3/4, 3/6, and their harmonic mean 0.6."""
    assert overlap("the cat sat down", "the cat sat on the mat") == pytest.approx((0.75, 0.5, 0.6))
    assert overlap("the the the", "the") == pytest.approx((1 / 3, 1.0, 0.5))
    assert overlap("", "the") == overlap("dog", "cat") == (0.0, 0.0, 0.0)


@given(st.text(), st.text())
def test_overlap_is_symmetric_and_between_0_and_1(first: str, second: str) -> None:
    there, back = overlap(first, second), overlap(second, first)
    assert (there.precision, there.recall, there.f1) == pytest.approx((back.recall, back.precision, back.f1))
    assert all(0.0 <= value <= 1.0 for value in there)


@given(st.text())
def test_a_text_overlaps_itself_wholly_where_it_has_words(text: str) -> None:
    assert overlap(text, text).f1 == grounded(text, text) == (1.0 if words(text) else 0.0)


@given(st.text())
def test_every_measure_of_a_text_alone_is_defined(text: str) -> None:
    assert 0.0 <= professional(text) <= 1.0
    assert isinstance(is_refusal(text), bool)
    assert all(sentences(text))


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("I'm sorry, but I can't help with that.", True),
        ("I'm unable to answer.", True),
        ("As an AI, I have no opinions.", True),
        ("Sorry for the delay: the answer is 4.", False),
        ("It is 4. I cannot say more.", False),
        ("", False),
    ],
)
def test_a_refusal_refuses_in_its_first_sentence(text: str, refused: bool) -> None:
    assert is_refusal(text) is refused


@pytest.mark.parametrize(
    ("prompt", "answer", "kept"),
    [
        ("Answer with exactly one of: very good | bad\nIt was fine.", "Very good.", True),
        ("Answer with exactly one of: very good | bad", "good", False),
        ("Reply in JSON.", '{"a": 1}', True),
        ("Reply in JSON.", "a: 1", False),
        ("Say it in one sentence.", "Yes. No.", False),
        ("Answer in one word.", "Yes!", True),
        ("Use at most 3 words.", "one two three four", False),
        ("Use at most 3 words, in one sentence.", "One two three.", True),
        ("Why is the sky blue?", "Because.", None),
    ],
)
def test_instructions_on_form_are_checked(prompt: str, answer: str, kept: bool | None) -> None:
    assert follows_instructions(prompt, answer) is kept
