"""Texts that repeat themselves, and texts that do not."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.dataset.filters.repetition import FEW_WORDS, repeats

PROSE = (
    "The committee met on Tuesday to discuss the proposal, and several members raised concerns about the cost of the "
    "new library. A revised plan will be "
    "presented next month, after the architects have looked at cheaper materials for the roof and the windows. "
    "Residents who live near the site asked "
    "whether the noise could be kept down in the evening, which the builder promised to consider. The final vote is "
    "expected before the end of the year, "
    "said the mayor, who supports the plan. Work on the foundations cannot start until the frost has gone, and the "
    "school next door wants it done in the "
    "holidays; both sides agreed to meet again once the surveyor has measured how far the lorries would have to back "
    "up."
)


@pytest.mark.parametrize("text", ["positive", "no no no no no", "good good", PROSE, PROSE[:300], "", "word " * 19])
def test_labels_sentences_and_prose_do_not_repeat_themselves(text: str) -> None:
    assert repeats(text) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("great " * 60, "2-gram"),
        ("the very same words again and again " * 20, "gram"),
        (PROSE + " " + PROSE[:250], "5-grams"),
        ("\n".join([PROSE[:120], "See also: nothing."] * 12), "lines"),
        ("\n\n".join([PROSE[:150] + "\n" + PROSE[150:310]] * 3), "lines"),
        ("so it goes on and on " * 5, "gram"),
    ],
)
def test_a_loop_is_found_and_named(text: str, found: str) -> None:
    assert found in (repeats(text) or "")


@given(st.integers(0, 10_000), st.integers(FEW_WORDS, 200))
def test_words_of_which_none_repeats_are_never_rejected(seed: int, count: int) -> None:
    words = [f"w{n}" for n in range(count)]
    random.Random(seed).shuffle(words)
    assert repeats(" ".join(words)) is None


@given(
    st.lists(st.sampled_from(["alpha", "be", "gamma-ray", "of", "the"]), min_size=3, max_size=12), st.integers(12, 40)
)
def test_a_phrase_over_and_over_is_always_rejected(phrase: list[str], times: int) -> None:
    assert repeats(" ".join(phrase * times)) is not None


def naive(text: str) -> bool:
    """Gopher's n-gram rules word by word, without any shortcut."""
    words = text.split()
    total = sum(map(len, words))
    for n, limit in ((2, 0.20), (3, 0.18), (4, 0.16)):
        grams = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
        top = max(sorted(set(grams), key=grams.index), key=grams.count)
        if grams.count(top) > 1 and grams.count(top) * sum(map(len, top)) / total > limit:
            return True
    for n, limit in ((5, 0.15), (6, 0.14), (7, 0.13), (8, 0.12), (9, 0.11), (10, 0.10)):
        seen, characters, i = set[tuple[str, ...]](), 0, 0
        while i <= len(words) - n:
            gram = tuple(words[i : i + n])
            if gram in seen:
                characters, i = characters + sum(map(len, gram)), i + n
            else:
                seen.add(gram)
                i += 1
        if characters / total > limit:
            return True
    return False


@given(st.integers(0, 10_000), st.sampled_from([2, 5, 30, 80, 300]))
def test_the_shortcuts_change_no_verdict(seed: int, vocabulary: int) -> None:
    rng = random.Random(seed)
    words = [f"{'x' * rng.randint(1, 9)}{rng.randrange(vocabulary)}" for _ in range(120)]
    cut = rng.randrange(120)
    words[cut:cut] = words[: rng.randrange(25)]
    text = " ".join(words)
    assert (repeats(text) is not None) == naive(text)
