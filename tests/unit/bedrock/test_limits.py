import pytest

from distillation.bedrock.limits import (
    MAX_SAMPLE_TOKENS,
    RESERVED_WORDS,
    estimate_tokens,
    fits_in_sample,
    reserved_word_in,
)


@pytest.mark.parametrize("word", RESERVED_WORDS)
def test_a_reserved_word_is_found_in_any_case_anywhere(word: str) -> None:
    for spelling in (word, word.lower(), word.upper(), word.swapcase()):
        assert reserved_word_in(spelling) == word
        assert reserved_word_in(f"some text\nbefore{spelling}after") == word


@pytest.mark.parametrize(
    "text", ["", "the user said: hello", "User : hello", "EOS", "a system, a bot", "<img>", "assistant"]
)
def test_text_without_a_reserved_word(text: str) -> None:
    assert reserved_word_in(text) is None


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2), ("日本", 3), ("ж", 1), ("😀", 2), ("abcd😀", 3)]
)
def test_tokens_are_four_ascii_characters_or_two_other_bytes(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == tokens


def test_a_sample_is_all_its_texts_together() -> None:
    half = "a" * (MAX_SAMPLE_TOKENS * 2)
    assert fits_in_sample(half, half)
    assert not fits_in_sample(half, half, "a")
    assert fits_in_sample("日" * 21_333)
    assert not fits_in_sample("日" * 21_334)


def test_half_a_character_can_be_counted() -> None:
    assert estimate_tokens("\ud800") == 2
