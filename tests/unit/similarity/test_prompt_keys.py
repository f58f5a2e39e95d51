"""Keys of prompts: the same for texts that read the same, near for near texts, blind to what a template repeats."""

import subprocess
import sys
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from distillation.records import Prompt
from distillation.seeds.prompts import prompt_id
from distillation.similarity.prompt_keys import SIGNATURE_SLOTS, folded, keys_of
from distillation.similarity.word_hashes import CommonWords, sequences, table_of
from distillation.similarity.words import CommonShingles, common_shingles, folded_text, words_of

NONE = CommonShingles(prompts=0, shingles=())


def prompts(texts: Sequence[str], system: str = "") -> list[Prompt]:
    return [
        Prompt(prompt_id=prompt_id(system, text), prompt=text, seed_id=str(n), system=system)
        for n, text in enumerate(texts)
    ]


def likeness(one: str, other: str, common: CommonShingles = NONE, systems: tuple[str, str] = ("", "")) -> float:
    first, second = (
        keys_of(prompts([text], system), common)[0].signature
        for text, system in zip((one, other), systems, strict=True)
    )
    return float(np.mean(np.frombuffer(first, "<u4") == np.frombuffer(second, "<u4")))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Is it  GOOD?", ["is", "it", "good"]),
        ("don't; stop", ["don", "t", "stop"]),
        ("Ｗｉｄｅ Straße", ["wide", "strasse"]),
        ("我爱你", ["我", "爱", "你"]),
        ("ภาษา", ["ภ", "า", "ษ", "า"]),
        ("?!", ["?!"]),
        ("snake_case 3.5", ["snake_case", "3", "5"]),
    ],
)
def test_words_are_folded(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@given(st.text(min_size=1, max_size=60))
def test_every_text_has_words_and_folding_is_stable(text: str) -> None:
    assert words_of(text)
    assert folded_text(folded_text(text)) == folded_text(text)


@example(["", "\xa0", "!!", "\uff01\uff01", "\u3002"])  # nothing but marks, in one width and in the other
@given(st.lists(st.text(max_size=40) | st.text(alphabet="aB_?! \n", max_size=12), max_size=8))
def test_words_are_hashed_as_they_are_split(texts: list[str]) -> None:
    """Equal words have equal hashes, others have others, and every text has as many as it has words."""
    table = table_of(texts)
    words = [words_of(text) for text in texts]
    assert table.lengths().tolist() == [len(own) for own in words]
    flat = [word for own in words for word in own]
    assert len({*zip(flat, table.hashes.tolist(), strict=True)}) == len(set(flat)) == len(set(table.hashes.tolist()))


def test_the_folded_hash_is_blind_to_case_width_and_white_space_only() -> None:
    assert folded("Judge.", "Is it  GOOD?") == folded("judge.", "ｉs it\ngood?")
    assert (
        len({folded("", "is it good?"), folded("is it", "good?"), folded("", "is it good"), folded("is it good?", "")})
        == 4
    )


def test_short_prompts_are_twins_only_where_their_words_are_the_same() -> None:
    assert likeness("great movie", "great film") < 0.1
    assert likeness("great movie", "Great movie!") == 1
    assert likeness("great", "great movie") < 0.1
    assert likeness("a great movie", "a great film") < 0.1


def test_a_signature_estimates_the_share_of_common_word_sequences() -> None:
    """Two texts of 102 words that differ in the last 20: 80 of 100 + 20 sequences are common, so 2/3.

    Standard error at 128 slots: 0.042.
    """
    words = [f"w{n}" for n in range(122)]
    assert likeness(" ".join(words[:102]), " ".join(words[:82] + words[102:])) == pytest.approx(80 / 120, abs=4 * 0.042)


def test_another_system_text_makes_another_question() -> None:
    text = "the film was great from its first minute to its last"
    assert likeness(text, text, systems=("Translate.", "Judge.")) < 0.1
    assert likeness(text, text, systems=("Judge.", "judge. ")) == 1


def test_a_template_makes_no_twins() -> None:
    template = (
        "Read the review below and say in one word whether the person who wrote it liked the film or not. Review: {}"
    )
    values = [
        f"{a} {b} {c}"
        for a in ("dull", "great", "odd", "slow")
        for b in ("plot", "cast", "score")
        for c in ("anyway", "somehow", "indeed")
    ]
    asked = prompts([template.format(value) for value in values])
    common = common_shingles(asked)
    assert likeness(asked[0].prompt, asked[-1].prompt) > 0.5
    assert likeness(asked[0].prompt, asked[-1].prompt, common) < 0.1
    assert CommonWords(common).own_words(asked[0].prompt) == ["dull", "plot", "anyway"]


def test_what_few_prompts_share_is_no_template() -> None:
    shared = "this long remark stands in some of the prompts and in no other of them"
    texts = [f"{shared} {n}" if n < 10 else f"prompt number {n} has words of {n} its own" for n in range(150)]
    assert not any(shingle.startswith("this long remark") for shingle in common_shingles(prompts(texts)).shingles)


def test_the_common_shingles_do_not_depend_on_the_order_of_the_prompts() -> None:
    asked = prompts([f"say whether this is good or bad: thing {n} of {n % 7}" for n in range(1500)])
    assert common_shingles(asked) == common_shingles(reversed(asked))
    assert common_shingles(asked).prompts == 1000
    assert "say whether this" in common_shingles(asked).shingles


def test_a_prompt_that_is_nothing_but_template_stays_whole() -> None:
    common = CommonShingles(prompts=50, shingles=("is it good",))
    assert CommonWords(common).own_words("Is it good?") == ["is", "it", "good"]
    assert CommonWords(common).own_words("Is it good or not?") == ["or", "not"]


@given(
    st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=6).map(" ".join), min_size=1, max_size=6),
    st.integers(1, 4),
)
def test_sequences_have_equal_hashes_exactly_where_their_words_are_equal(texts: list[str], size: int) -> None:
    found = sequences(table_of(texts), size)
    words = [
        tuple(texts[t].split()[f : f + n])
        for t, f, n in zip(found.text.tolist(), found.first.tolist(), found.length.tolist(), strict=True)
    ]
    assert len(set(found.hashes.tolist())) == len(set(words))
    assert len({*zip(found.hashes.tolist(), words, strict=True)}) == len(set(words))
    for number, text in enumerate(texts):
        own = text.split()
        expected = [tuple(own[i : i + size]) for i in range(max(len(own) - size + 1, 1))]
        assert [w for w, t in zip(words, found.text.tolist(), strict=True) if t == number] == expected


def test_keys_are_the_same_one_by_one_and_all_at_once_and_in_another_process() -> None:
    texts = ["The film was great.", "ok", "我爱你们大家", "a b c d e f g"]
    together = keys_of(prompts(texts, "Judge."), NONE)
    assert together == [keys_of([p], NONE)[0] for p in prompts(texts, "Judge.")]
    assert {len(key.signature) for key in together} == {4 * SIGNATURE_SLOTS}
    code = (
        "from distillation.similarity.prompt_keys import keys_of; from distillation.similarity.words import "
        "CommonShingles; from distillation.records import Prompt;"
        "k = keys_of([Prompt(prompt_id='p', prompt='The film was great.', seed_id='s', system='Judge.')], "
        "CommonShingles(prompts=0, shingles=()))[0];"
        "print(k.folded, k.signature.hex())"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": "functions", "PYTHONHASHSEED": "7"},
    )
    assert printed.stdout.split() == [together[0].folded, together[0].signature.hex()]


def test_no_prompts_have_no_keys() -> None:
    assert keys_of([], NONE) == []


def test_embeddings_are_handed_on() -> None:
    asked = prompts(["one", "two"])
    assert [key.embedding for key in keys_of(asked, NONE, {asked[1].prompt_id: b"\x00<"})] == [b"", b"\x00<"]
