"""answerPattern: what Python's re would find, in time that is linear in the text."""

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from distillation.answer_pattern import compiled

PATTERNS = [
    r"answer is (\w+)",
    r"(\d+)$",
    r"(-?\d+(?:\.\d+)?)\s*\Z",
    r"[\w-]+",
    r"[^\s,]+",
    r"[]x]+",
    r"[^]x]",
    r"\$(\d+)",
    r"[$a]",
    r"\W(\w)",
    r"\D\d",
    r"(?i)ANSWER (x|ß)",
    r"(?m)^(\w+)$",
    r"a{,2}1",
    r"\S+\s",
    r"(?P<value>\d)",
    r"\\(\w)",
    r".x",
]
ODD = st.sampled_from("answer is xX,1٣½é_-$. \n\t\x1c\x85\xa0\u2003\u2028\\[]ß")
TEXTS = st.text(ODD | st.characters(codec="utf-8", exclude_categories=["Cn"]), max_size=30)


@pytest.mark.parametrize("pattern", PATTERNS)
@given(text=TEXTS)
@example(text="The answer is Zürich\n")
@example(text="42\n")
def test_it_finds_what_python_finds(pattern: str, text: str) -> None:
    assert compiled(pattern).findall(text) == re.findall(pattern, text)


@pytest.mark.parametrize("letter", ["w", "d", "s", "W", "D", "S"])
def test_classes_hold_the_characters_that_python_says(letter: str) -> None:
    every = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x11000)]))
    python = set(re.findall(rf"\{letter}", every))
    ours = set(compiled(rf"\{letter}").findall(every))
    # Two Unicode tables of different years: characters that one of them does not know yet.
    assert len(python ^ ours) < 100
    assert not {char for char in python ^ ours if ord(char) < 0x250}


@pytest.mark.parametrize("pattern", ["(?:a+)+$", r"(?:\w+\s*)+\.$", "(a|aa)+$"])
def test_a_pattern_that_backtracks_for_ever_in_python_is_linear_here(pattern: str) -> None:
    texts = ["a" * 5_000 + "b", "word " * 1_000]
    started = time.process_time()
    assert [compiled(pattern).findall(text) for text in texts] == [[], []]
    assert time.process_time() - started < 1


@pytest.mark.parametrize("pattern", ["(", "(?=a)b", r"(a)\1", r"[\W]", r"(?<!a)b", "a{2000}"])
def test_what_no_linear_engine_runs_is_refused_in_words(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        compiled(pattern)
