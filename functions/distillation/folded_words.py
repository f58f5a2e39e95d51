"""A text as the words that duplicates and leaks are looked for in: case, width, punctuation and white space do not count."""

import re
import unicodedata

_ASCII_MARKS = str.maketrans({mark: " " for mark in map(chr, range(128)) if not (mark.isalnum() or mark == "_")})
_MARKS = re.compile(r"[\W]+")
_UNSPACED = re.compile("([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff])")
"""Thai, Lao, Burmese, Khmer, kana and Han: written without spaces, so each character is taken as a word."""


def words_of(text: str) -> list[str]:
    """The words of a text in order, folded (Unicode form NFKC, casefold), without punctuation. A text of nothing but marks is one word."""
    if text.isascii():
        return text.lower().translate(_ASCII_MARKS).split() or [text.strip()]
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _UNSPACED.sub(r" \1 ", _MARKS.sub(" ", folded)).split() or [folded.strip()]


def folded_text(text: str) -> str:
    """The text with case, width and white space folded, punctuation kept: two texts that fold the same read the same."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip().lower()  # most texts, ten times faster
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(folded.split())
