"""The quick look at many texts: it may let only those pass that the exact rule lets pass, and lets nearly all of them pass."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.repetition import FEW_WORDS, MIN_WORDS, repeats
from distillation.varied_words import surely_varied

WORDS = st.sampled_from(["a", "an", "longer-word-1", "longer-word-2", "é", "x\u00a0y", "漢\u3000字", "nul\x00l", "x\x1cy", "\x0b", "“hi”", "\ud800", ""])
TEXTS = st.lists(st.lists(WORDS, max_size=120).map(" ".join), max_size=6)


def few_words_repeat(text: str) -> bool:
    words = text.split()
    return len(words) >= MIN_WORDS and (len(words) >= FEW_WORDS or len(set(words)) <= len(words) // 2)


@given(TEXTS)
def test_it_is_never_sure_of_a_text_that_the_exact_rule_looks_at(texts: list[str]) -> None:
    found = surely_varied(texts, MIN_WORDS, FEW_WORDS)
    assert len(found) == len(texts)
    assert not any(sure and few_words_repeat(text) for sure, text in zip(found, texts, strict=True))
    assert not any(sure and repeats(text) for sure, text in zip(found, texts, strict=True))


@given(st.lists(st.lists(st.integers(0, 40).map(str), max_size=110).map("\n".join), max_size=6))
def test_of_short_words_it_is_as_exact_as_the_rule(texts: list[str]) -> None:
    assert surely_varied(texts, MIN_WORDS, FEW_WORDS) == [not few_words_repeat(text) for text in texts]


KNOWN = {"": True, "word " * 19: True, "word " * 20: False, "ä b\u2003" * 15: False, "só é " * 5: True, "word " * 250: False}


@pytest.mark.parametrize(("text", "sure"), KNOWN.items())
def test_known_texts(text: str, sure: bool) -> None:
    assert surely_varied([text], MIN_WORDS, FEW_WORDS) == [sure]


def test_texts_do_not_mix() -> None:
    """Fifty different words a text are varied, also where other texts have the same words."""
    words = " ".join(np.random.default_rng(1).permutation(50).astype(str))
    assert surely_varied([words] * 300, MIN_WORDS, FEW_WORDS) == [True] * 300
