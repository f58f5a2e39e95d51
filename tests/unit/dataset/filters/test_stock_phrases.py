"""What models say in place of an answer."""

import pytest

from distillation.dataset.filters.stock_phrases import declines, is_boilerplate


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't assist with that request.",
        "I’m sorry, I can’t help with that.",
        "As an AI language model, I cannot provide an answer.",
        "Unfortunately, I am unable to create such a text.",
        "I am very sorry, but I won't discuss this.",
        "i cannot answer that",
    ],
)
def test_a_refusal(text: str) -> None:
    assert declines(text)


@pytest.mark.parametrize(
    "text",
    [
        "I can't believe how good it is",
        "I cannot recommend it: negative",
        "Sorry to say: negative",
        "positive",
        "",
        "She said: I can't help it",
    ],
)
def test_a_sentence_that_only_sounds_like_one(text: str) -> None:
    assert not declines(text)


@pytest.mark.parametrize(
    "text",
    [
        "As an AI language model, I do not watch films, but the review is positive.",
        "I'm an AI assistant and have no taste.",
        "Well, as a large language model I like it.",
        "Sure! Here is the review:",
        "Here's a summary of the text:",
        "Certainly, below you find it:",
    ],
)
def test_boilerplate(text: str) -> None:
    assert is_boilerplate(text)


@pytest.mark.parametrize(
    "text",
    [
        "GPT is a language model made by OpenAI.",
        "AI will change as an industry.",
        "Sure, here is the review: great film.",
        "It said as an aid to memory I use lists",
        "The following holds:",
        "positive",
        "",
    ],
)
def test_what_only_mentions_such_things(text: str) -> None:
    assert not is_boilerplate(text)
