"""What can be measured of a text by its words alone: overlap, sentences, refusals, style, and whether plain
instructions are followed.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

_WORD = re.compile(r"\w+(?:['.,]\w+)*")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_REFUSAL = re.compile(
    (
        r"\b(I (can't|cannot|can not|am unable to|won't|will not)|I'm (unable to|(sorry|afraid),? (but )?I)|as an "
        r"AI\b|unable to (help|assist|answer|comply))"
    ),
    re.IGNORECASE,
)
_OPTIONS = re.compile(r"one of:\s*(\S.*?)\s*$", re.IGNORECASE | re.MULTILINE)
_JSON = re.compile(r"\b(in|as|valid|with) (a )?JSON\b", re.IGNORECASE)
_ONE_SENTENCE = re.compile(r"\b(in )?(one|a single) sentence\b", re.IGNORECASE)
_ONE_WORD = re.compile(r"\b(one|a single) word\b", re.IGNORECASE)
_MOST_WORDS = re.compile(r"\b(?:at most|no more than|up to|under|fewer than|less than) (\d+) words\b", re.IGNORECASE)


class Overlap(NamedTuple):
    """How many words two texts share: of the first's (precision), of the second's (recall), and their harmonic mean.

    0 to 1.
    """

    precision: float
    recall: float
    f1: float


def words(text: str) -> list[str]:
    """The words and numbers of a text, in lower case."""
    return [word.casefold() for word in _WORD.findall(text)]


def sentences(text: str) -> list[str]:
    """The sentences and lines of a text that say something."""
    return [part.strip() for part in _SENTENCE_END.split(text) if part.strip()]


def overlap(first: str, second: str) -> Overlap:
    """The overlap of two texts, each word as often as it stands in both."""
    left, right = Counter(words(first)), Counter(words(second))
    shared = (left & right).total()
    if not shared:
        return Overlap(0.0, 0.0, 0.0)
    precision, recall = shared / left.total(), shared / right.total()
    return Overlap(precision, recall, 2 * precision * recall / (precision + recall))


def grounded(text: str, context: str) -> float:
    """The share of a text's words that the context has at all; 0 for a text without words."""
    said, known = words(text), set(words(context))
    return sum(word in known for word in said) / len(said) if said else 0.0


def is_refusal(text: str) -> bool:
    """Whether a text declines to answer in its first sentence."""
    return bool(_REFUSAL.search((sentences(text) or [""])[0]))


def professional(text: str) -> float:
    """The share of sentences that begin with a capital or a digit, end with a stop and do not shout; 1 for an answer of
    up to three words.
    """
    parts = sentences(text)
    if len(words(text)) <= 3:
        return 1.0 if parts else 0.0
    proper = [
        bool(re.match(r"[\W\d]*([A-Z]|\d)", part))
        and part[-1] in ".!?:\"')"
        and not part.isupper()
        and "!!" not in part
        for part in parts
    ]
    return sum(proper) / len(proper)


def follows_instructions(prompt: str, answer: str) -> bool | None:
    """Whether the answer keeps every instruction of the prompt that can be checked by its form; None where the prompt
    has none.
    """
    checks = [kept(answer) for kept in _instructions(prompt)]
    return all(checks) if checks else None


def _instructions(prompt: str) -> list[Callable[[str], bool]]:
    found: list[Callable[[str], bool]] = []
    options = _OPTIONS.search(prompt)
    if options and "|" in options.group(1):
        allowed = {tuple(words(option)) for option in options.group(1).split("|")}
        found.append(lambda answer: tuple(words(answer)) in allowed)
    if _JSON.search(prompt):
        found.append(_is_json)
    if _ONE_SENTENCE.search(prompt):
        found.append(lambda answer: len(sentences(answer)) == 1)
    if _ONE_WORD.search(prompt):
        found.append(lambda answer: len(words(answer)) == 1)
    limits = [int(limit) for limit in _MOST_WORDS.findall(prompt)]
    if limits:
        found.append(lambda answer: len(words(answer)) <= min(limits))
    return found


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
