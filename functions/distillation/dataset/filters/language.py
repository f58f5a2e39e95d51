"""The language of a text, by py3langid: offline, deterministic, one file of weights that is loaded when first asked."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

MIN_LETTERS = 40
"""Shorter texts are too short to tell."""
MIN_PROBABILITY = 0.9
"""A language counts as found from this probability."""


def other_language(text: str, wanted: str) -> str | None:
    """The ISO 639-1 code of the language that a text is surely written in where that is not `wanted`; None where it is,
    or where it cannot be told.
    """
    if sum(map(str.isalpha, text)) < MIN_LETTERS:
        return None
    language, probability = _identifier().classify(text)
    return language if language != wanted and probability >= MIN_PROBABILITY else None


@cache
def _identifier() -> "LanguageIdentifier":
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
