"""The quick look at many texts: it may let only those pass that the exact rule lets pass, and lets nearly all of them
pass.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.bedrock.limits import RESERVED_WORDS, reserved_word_in
from distillation.dataset.filters.plain_texts import surely_plain
from distillation.dataset.filters.repetition import FEW_WORDS, MIN_WORDS, repeats
from distillation.dataset.filters.stock_phrases import declines, is_boilerplate

WORDS = st.sampled_from(
    [
        "a",
        "an",
        "longer-word-1",
        "longer-word-2",
        "é",
        "x\u00a0y",
        "漢\u3000字",
        "nul\x00l",
        "x\x1cy",
        "\x0b",
        "“hi”",
        "\ud800",
        "",
    ]
)
TEXTS = st.lists(st.lists(WORDS, max_size=120).map(" ".join), max_size=6)


def few_words_repeat(text: str) -> bool:
    words = text.split()
    return len(words) >= MIN_WORDS and (len(words) >= FEW_WORDS or len(set(words)) <= len(words) // 2)


@given(TEXTS)
def test_it_is_never_sure_of_a_text_that_the_exact_rule_looks_at(texts: list[str]) -> None:
    found = surely_plain(texts, MIN_WORDS, FEW_WORDS)
    assert len(found) == len(texts)
    assert not any(sure and few_words_repeat(text) for sure, text in zip(found, texts, strict=True))
    assert not any(sure and repeats(text) for sure, text in zip(found, texts, strict=True))


@given(st.lists(st.lists(st.integers(0, 40).map(str), max_size=110).map("\n".join), max_size=6))
def test_of_short_words_it_is_as_exact_as_the_rule(texts: list[str]) -> None:
    assert surely_plain(texts, MIN_WORDS, FEW_WORDS) == [not few_words_repeat(text) for text in texts]


KNOWN = {
    "": True,
    "word " * 19: True,
    "word " * 20: False,
    "ä b\u2003" * 15: False,
    "só é " * 5: True,
    "word " * 250: False,
}


@pytest.mark.parametrize(("text", "sure"), KNOWN.items())
def test_known_texts(text: str, sure: bool) -> None:
    assert surely_plain([text], MIN_WORDS, FEW_WORDS) == [sure]


def test_texts_do_not_mix() -> None:
    """Fifty different words a text are varied, also where other texts have the same words."""
    words = " ".join(np.random.default_rng(1).permutation(50).astype(str))
    assert surely_plain([words] * 300, MIN_WORDS, FEW_WORDS) == [True] * 300


REFUSALS = [
    "I",
    "i'm ",
    "I\u2019m",
    "I am ",
    " sorry",
    "Sorry, ",
    "Unfortunately, ",
    "but\n",
    "But I ",
    "can't ",
    "cannot ",
    "can\u2019t ",
    "won't",
    "help",
    ", my ",
]
BOILERPLATE = [
    "As an AI",
    "as a ",
    "an ai ",
    "a large ",
    "language model",
    "LANGUAGE ",
    "artificial intelligence, ",
    "Sure:",
    "Here is",
    ":",
    " the\nreview",
]
ODDITIES = [
    " a\u017f\u017fi\u017ft",
    "ass\u0131st",
    "un\u212a",
    "\u00a0",
    "\x85",
    "\u2028",
    "\u3000",
    "\x1f",
    "\u2019",
    "\u00e9",
    "\u6f22",
    "\ud800",
    "x",
    " ",
    "\n",
    "<",
    "!",
]
PIECES = st.sampled_from([*REFUSALS, *BOILERPLATE, *ODDITIES, *RESERVED_WORDS, "Super"])


@given(st.lists(st.lists(PIECES, max_size=9).map("".join), max_size=6))
def test_what_is_surely_plain_passes_every_filter_of_words(texts: list[str]) -> None:
    for plain, text in zip(surely_plain(texts, MIN_WORDS, FEW_WORDS), texts, strict=True):
        unsound = declines(text.strip()) or is_boilerplate(text.strip()) or reserved_word_in(text) or repeats(text)
        assert not (plain and unsound)


PLAIN = {
    "": True,
    "It is 7 \u2013 so \u201cseven\u201d: see above.\nAnswer: 7": True,
    "Island, as asked. But 3 < 4": False,
    "Some island is unique; a laser hits it.": True,
    "I can't help with that.": False,
    "\n sorry, I cannot help": False,
    "Icannot help": False,
    ", I won't help": False,
    "Well, as an AI, I think": False,
    "He is a language teacher": False,  # may be so all the same: the exact rule looks
    "Here is the review:": False,
    "the superuser: root": False,
    "bot: hello": False,
    "see [EOS]": False,
    "a\u00a0b": False,
    "word " * 250: False,
}


@pytest.mark.parametrize(("text", "plain"), PLAIN.items())
def test_plain_texts(text: str, plain: bool) -> None:
    assert surely_plain(["I can't help.", text, "<image>"], MIN_WORDS, FEW_WORDS) == [False, plain, False]
