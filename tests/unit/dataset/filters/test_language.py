"""The language of an answer."""

import pytest

from distillation.dataset.filters.language import other_language

GERMAN = "Der schnelle braune Fuchs springt über den faulen Hund und läuft danach in den Wald."
ENGLISH = "The quick brown fox jumps over the lazy dog and runs into the forest afterwards."


@pytest.mark.parametrize(
    ("text", "wanted", "found"),
    [(GERMAN, "en", "de"), (GERMAN, "de", None), (ENGLISH, "en", None), (ENGLISH, "de", "en")],
)
def test_a_text_in_another_language_is_seen(text: str, wanted: str, found: str | None) -> None:
    assert other_language(text, wanted) == found


@pytest.mark.parametrize("text", ["positive", "Ja.", "", "12345 " * 20, "Guten Morgen"])
def test_a_text_too_short_to_tell_is_kept(text: str) -> None:
    assert other_language(text, "en") is None
