"""Scores of single answers. Pure functions of texts; nothing here knows about arms, intervals or files."""

import math
import re
import string
from collections import Counter
from collections.abc import Sequence

from distillation.task import Task, TaskKind, canonical_answer

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def canonical_reference(reference: str | None, task: Task) -> str | None:
    """The reference in the task's canonical form, or None where it can be compared with nothing (none given, or not one of the labels).

    A reference of an ANSWER task may be the bare value ("42") where answers carry it in a sentence ("The answer is 42").
    """
    if reference is None or not reference.strip():
        return None
    if task.kind is TaskKind.ANSWER:
        return canonical_answer(reference, task) or reference.strip()
    return canonical_answer(reference, task)


def exact_match(answer: str | None, target: str | None) -> float:
    """1.0 where both canonical forms are there and equal, else 0.0."""
    return float(answer is not None and answer == target)


def squad_tokens(text: str) -> list[str]:
    """Lower case, without ASCII punctuation and English articles, split at white space (SQuAD 1.1 evaluation script; Rajpurkar et al. 2016)."""
    return _ARTICLES.sub(" ", text.lower().translate(_NO_PUNCTUATION)).split()


def token_f1(answer: str | None, target: str) -> float:
    """Harmonic mean of precision and recall over the shared words of two texts (SQuAD 1.1; the no-answer rule of SQuAD 2.0). 0.0 for a missing answer."""
    if answer is None:
        return 0.0
    given, wanted = squad_tokens(answer), squad_tokens(target)
    if not given or not wanted:
        return float(given == wanted)
    shared = sum((Counter(given) & Counter(wanted)).values())
    return 2 * shared / (len(given) + len(wanted))


def agreement(answers: Sequence[str | None]) -> float:
    """Share of the answers that are the most frequent one, in 0 to 1. An answer without canonical form agrees with nothing."""
    found = Counter(answer for answer in answers if answer is not None)
    return max(found.values(), default=0) / len(answers) if answers else 0.0


def entropy_bits(answers: Sequence[str | None]) -> float:
    """Shannon entropy in bits of the empirical distribution of the answers (plug-in estimate: too low where samples are few)."""
    shares = [count / len(answers) for count in Counter(answers).values()]
    return max(0.0, -sum(share * math.log2(share) for share in shares))
