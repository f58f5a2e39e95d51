"""Two texts side by side, word by word."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

_WORDS = re.compile(r"\w+\s*|[^\w\s]\s*|\s+")
LEAST_ALIKE = 0.1
"""Texts that share less than this are two texts, not two versions of one: a diff would say nothing."""


TextPart = tuple[str, str]
"""What a piece of text is, and the piece: same, removed (only in the first text) or added (only in the second)."""


def word_diff(before: str, after: str) -> list[TextPart]:
    """The parts that lead from `before` to `after`: without the added ones `before`, without the removed ones `after`.
    Empty where there is nothing to see: equal texts, single words, or hardly a word in common.
    """
    left, right = _WORDS.findall(before), _WORDS.findall(after)
    if before == after or max(len(left), len(right)) < 2:
        return []
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    return list(_parts(matcher, left, right)) if matcher.ratio() >= LEAST_ALIKE else []


def _parts(matcher: SequenceMatcher[str], left: list[str], right: list[str]) -> Iterator[TextPart]:
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind == "equal":
            yield "same", "".join(left[i:j])
            continue
        if i < j:
            yield "removed", "".join(left[i:j])
        if k < m:
            yield "added", "".join(right[k:m])
