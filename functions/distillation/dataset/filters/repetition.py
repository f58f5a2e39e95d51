"""Texts that repeat themselves, by the rules of Gopher (Rae et al. 2021, table A1)."""

from collections import Counter
from collections.abc import Sequence

MIN_WORDS, FEW_WORDS = 20, 100
"""A text of fewer than 20 words is not measured: a label or a sentence repeats its few words by nature. Gopher's rules
are made for documents: in one of fewer than 100 words a phrase that comes twice can already be a fifth of it, so such a
text is measured only where at least half of its words are repeats."""

_LINES = (0.30, 0.20)
"""Highest share of lines (and of paragraphs) that repeat an earlier one, and of the characters in them."""
_TOP = ((2, 0.20), (3, 0.18), (4, 0.16))
"""Highest share of the characters in the most frequent word sequence of a length."""
_REPEATED = ((5, 0.15), (6, 0.14), (7, 0.13), (8, 0.12), (9, 0.11), (10, 0.10))
"""Highest share of the characters in word sequences that repeat an earlier one."""


def repeats(text: str) -> str | None:
    """What repeats too much in a text ("lines", "3-grams" ...) and how much, or None.

    Shares are of the characters in words.
    """
    words = text.split()
    half = len(words) // 2
    # Of most texts the first fifty words say it already.
    if len(words) < MIN_WORDS or (len(words) < FEW_WORDS and (len(set(words[:50])) > half or len(set(words)) > half)):
        return None
    if "\n" in text and (
        found := _of_lines(text.split("\n"), "lines")
        or ("\n\n" in text and _of_lines(text.split("\n\n"), "paragraphs"))
    ):
        return found
    return _of_ngrams(words)


def _of_lines(parts: Sequence[str], name: str) -> str | None:
    lines = [line for part in parts if (line := part.strip())]
    distinct = set(lines)
    share = 1 - len(distinct) / len(lines)
    characters = 1 - sum(map(len, distinct)) / sum(map(len, lines))
    return f"{share:.0%} of the {name} repeat an earlier one" if share > _LINES[0] or characters > _LINES[1] else None


def _of_ngrams(words: Sequence[str]) -> str | None:
    total = len("".join(words))
    for n, limit in _TOP:
        if (share := _top(words, n) / total) > limit:
            return f"one {n}-gram makes up {share:.0%}"
    for n, limit in _REPEATED:
        if (share := _repeated(words, n) / total) > limit:
            return f"repeated {n}-grams make up {share:.0%}"
    return None


def _top(words: Sequence[str], n: int) -> int:
    gram, times = Counter(zip(*(words[i:] for i in range(n)), strict=False)).most_common(1)[0]
    return times * sum(map(len, gram)) if times > 1 else 0


def _repeated(words: Sequence[str], n: int) -> int:
    grams = list(zip(*(words[i:] for i in range(n)), strict=False))
    if len(set(grams)) == len(grams):
        return 0
    seen, characters, at = set[tuple[str, ...]](), 0, 0
    while at < len(grams):
        if grams[at] in seen:
            characters += sum(map(len, grams[at]))
            at += n
        else:
            seen.add(grams[at])
            at += 1
    return characters
