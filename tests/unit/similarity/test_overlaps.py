"""Leaks: what shares 13 words with a measured text is found, boilerplate and templates are not, and no hash decides
alone.
"""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.records import Prompt
from distillation.seeds.evaluation_files import read_evaluation_file
from distillation.similarity import overlaps as decontamination
from distillation.similarity import word_hashes
from distillation.similarity.overlaps import MeasuredTexts
from distillation.similarity.word_hashes import CommonWords, Sequences, WordTable
from distillation.similarity.words import CommonShingles, common_shingles

NONE = CommonShingles(prompts=0, shingles=())
ALPHABET = [f"w{n}" for n in range(100)]
SECRET = " ".join(ALPHABET[:13])


def found(
    measured: Sequence[str], texts: Sequence[str], size: int = 13, common: CommonShingles = NONE
) -> dict[int, str]:
    known = MeasuredTexts([f"m{n}" for n in range(len(measured))], measured, CommonWords(common), size)
    return {overlap.text: overlap.detail for overlap in known.overlaps(texts)}


def test_thirteen_words_in_a_row_are_a_leak_and_twelve_are_none() -> None:
    measured = f"before it {SECRET} and after it"
    texts = [
        f"Quite other words, then {SECRET.upper()}!",
        f"other {' '.join(ALPHABET[:12])} other words",
        "nothing of it " * 10,
    ]
    assert found([measured], texts) == {0: f"shares with m0: {SECRET}"}


def test_a_shorter_prompt_is_compared_as_a_whole() -> None:
    assert found(["is it good"], ["Is it GOOD?", "is it good or not", "is it"]) == {0: "shares with m0: is it good"}


def test_what_stands_in_more_than_ten_measured_texts_is_boilerplate() -> None:
    measured = [f"own{n} {SECRET} tail{n} " + " ".join(f"x{n}y{i}" for i in range(13)) for n in range(11)]
    assert found(measured, [f"my own head {SECRET}"]) == {}
    assert found(measured[:10], [f"my own head {SECRET}"]) == {0: f"shares with m0: {SECRET}"}
    assert set(found(measured, [" ".join(f"x7y{i}" for i in range(13))])) == {0}


def test_a_whole_short_text_is_never_boilerplate() -> None:
    assert set(found(["is it good"] * 20, ["is it good"])) == {0}


def test_the_words_of_the_template_are_no_leak() -> None:
    template = "Read the review below and say in one word whether the person who wrote it liked the film: {} film"
    texts = [template.format(f"the{n} plot{n}") for n in range(40)]
    common = common_shingles(Prompt(prompt_id=f"{n:02}", prompt=text, seed_id="s") for n, text in enumerate(texts))
    assert set(found(texts[:5], texts[5:])) == set(range(35))
    assert found(texts[:5], texts[5:], common=common) == {}
    assert found(texts[:5], [texts[2]], common=common) == {0: "shares with m2: the2 plot2 film"}


def test_a_collision_of_hashes_rejects_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    true = word_hashes.sequences

    def colliding(table: WordTable, size: int) -> Sequences:
        return true(table, size)._replace(hashes=np.ones(len(true(table, size).hashes), np.uint64))

    monkeypatch.setattr(decontamination, "sequences", colliding)
    assert found(["one two three"], ["four five six", "one two three"]) == {1: "shares with m0: one two three"}


words = st.lists(st.sampled_from("abcd"), min_size=1, max_size=9).map(" ".join)


@given(st.lists(words, min_size=1, max_size=6), st.lists(words, max_size=6), st.integers(3, 5))
def test_finds_what_a_plain_search_finds(measured: list[str], texts: list[str], size: int) -> None:
    def grams(text: str) -> set[tuple[str, ...]]:
        own = text.split()
        return {tuple(own[i : i + size]) for i in range(max(len(own) - size + 1, 1))}

    known = set[tuple[str, ...]]().union(*map(grams, measured))
    assert set(found(measured, texts, size)) == {n for n, text in enumerate(texts) if grams(text) & known}


def test_nothing_measured_or_nothing_trained_on_overlaps_nothing() -> None:
    assert found([], ["a b c"]) == {}
    assert found(["a b c"], []) == {}


def test_an_evaluation_file_is_read_like_a_seed_file() -> None:
    items, problems = read_evaluation_file(
        "evaluation/mt.jsonl", [b'{"prompt": "one"}\n{"prompt": "User: two"}\nnonsense\n'], None
    )
    assert [(item.prompt, item.line) for item in items] == [("one", 1)]
    assert len(problems) == 1
    assert problems[0].startswith("evaluation/mt.jsonl: line 3: line: found 'nonsense'")
    assert read_evaluation_file("evaluation/e.csv.gz", [], "{q}")[1]


def test_an_evaluation_file_of_rows_takes_the_template() -> None:
    assert [item.prompt for item in read_evaluation_file("evaluation/e.csv", [b"q\nhello\n"], "Say {q}")[0]] == [
        "Say hello"
    ]
