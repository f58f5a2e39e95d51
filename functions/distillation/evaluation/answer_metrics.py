"""Scores of single answers. Pure functions of texts; nothing here knows about arms, intervals or files."""

import re
import string
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache

import msgspec
import numpy as np
from rapidfuzz.distance import LCSseq
from sacrebleu.metrics.chrf import CHRF
from scipy.spatial.distance import jensenshannon

from distillation.run.evaluation import NumericTolerance
from distillation.task import Task, TaskKind, unfenced

CHRF_CHARACTERS = 1_000
"""chrF compares so many first characters (over a millisecond a thousand); the others see whole texts."""

_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d*)?(?:[eE][+-]?\d{1,3})?")
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def exact_match(answer: str | None, target: str | None) -> float:
    """1.0 where both canonical forms are there and equal, else 0.0."""
    return float(answer is not None and answer == target)


def squad_tokens(text: str) -> list[str]:
    """Lower case, no ASCII punctuation, no English articles, split at spaces (SQuAD 1.1; Rajpurkar et al. 2016)."""
    return _ARTICLES.sub(" ", text.lower().translate(_NO_PUNCTUATION)).split()


def token_f1(answer: str | None, target: str) -> float:
    """F1 over the words that two texts share (SQuAD 1.1; no-answer rule of SQuAD 2.0). 0.0 for a missing answer."""
    if answer is None:
        return 0.0
    given, wanted = Counter(squad_tokens(answer)), _wanted_tokens(target)
    if not given or not wanted:
        return float(given == wanted)
    return 2 * (given & wanted).total() / (given.total() + wanted.total())


@lru_cache(maxsize=8)
def _wanted_tokens(target: str) -> Counter[str]:
    # All arms are compared with the same text, one after the other.
    return Counter(squad_tokens(target))


def rouge_l(answer: str | None, target: str) -> float:
    """ROUGE-L (Lin 2004): F1 of the longest common word subsequence, no stemming. 0.0 for a missing answer."""
    if answer is None:
        return 0.0
    given, wanted = _words(answer), _words(target)
    if not given or not wanted:
        return float(given == wanted)
    return 2 * LCSseq.similarity(given, wanted) / (len(given) + len(wanted))


@lru_cache(maxsize=8)
def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


_chrf = CHRF()


def chrf(answer: str | None, target: str) -> float:
    """chrF2 (Popović 2015, by sacrebleu: up to 6 characters, recall counts twice), 0 to 1. 0.0 without answer."""
    if answer is None:
        return 0.0
    given, wanted = " ".join(answer.split())[:CHRF_CHARACTERS], " ".join(target.split())[:CHRF_CHARACTERS]
    if given == wanted:
        return 1.0
    return min(1.0, float(_chrf.sentence_score(given, [wanted]).score) / 100)


EXACT = NumericTolerance()


def number_in(text: str) -> Decimal | None:
    """The number that the whole of `text` is, with or without commas between thousands; None for any other text."""
    bare = text.strip().replace("\u2212", "-")
    if len(bare) > 64 or not any(character.isdigit() for character in bare) or not _NUMBER.fullmatch(bare):
        return None
    try:
        return Decimal(bare.replace(",", ""))
    except InvalidOperation:
        return None


def same_answer(answer: str | None, target: str | None, tolerance: NumericTolerance = EXACT) -> float:
    """1.0 for the same text, or numbers within the tolerance ("1,000" and "1000.0"); else, or without one, 0.0."""
    if answer is None or target is None or answer == target:
        return exact_match(answer, target)
    given, wanted = number_in(answer), number_in(target)
    if given is None or wanted is None:
        return 0.0
    allowed = max(Decimal(tolerance.absolute), Decimal(tolerance.relative) * max(abs(given), abs(wanted)))
    return float(abs(given - wanted) <= allowed)


def outcome(answer: str | None, task: Task) -> str | None:
    """The form in which answers are counted: equal numbers of an ANSWER task are one, however they are written."""
    number = number_in(answer) if answer is not None and task.kind is TaskKind.ANSWER else None
    return answer if number is None else f"{number.normalize() + 0:f}"


def field_accuracy(answer: str | None, target: str | None) -> float:
    """Share of the leaf fields of the JSON text `target` that `answer` holds with an equal value; 0.0 without JSON. A
    leaf is no object or list, or an empty one; its place is its keys and positions. Further fields cost nothing.
    """
    wanted = dict(_leaves(_parsed(target)))
    given = dict(_leaves(_parsed(answer))) if answer is not None else {}
    # True == 1 in Python, not in JSON.
    same = (
        place in given and given[place] == value and isinstance(given[place], bool) == isinstance(value, bool)
        for place, value in wanted.items()
    )
    return sum(same) / len(wanted)


def _parsed(text: str | None) -> object:
    try:
        return msgspec.json.decode(unfenced(text or ""))
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return _NOTHING


_NOTHING = object()


def _leaves(value: object, place: tuple[Hashable, ...] = ()) -> Iterator[tuple[tuple[Hashable, ...], object]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if not inner:
        yield place, value
    for key, item in inner:
        yield from _leaves(item, (*place, key))


def jensen_shannon_bits(left: Sequence[str | None], right: Sequence[str | None]) -> float:
    """Jensen-Shannon divergence (Lin 1991, by scipy) of two samples of answers: 0 the same, 1 nothing in common. A
    plug-in estimate: few samples even of one distribution give more than 0.
    """
    outcomes = list(dict.fromkeys((*left, *right)))
    shares = [[given.count(one) / len(given) for one in outcomes] for given in (list(left), list(right))]
    return float(np.nan_to_num(jensenshannon(shares[0], shares[1], base=2)) ** 2)
