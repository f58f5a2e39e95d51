"""Answers and rejections of all waves -> one account of every request of the run, and what a further wave has to ask."""

from collections import Counter
from collections.abc import Iterable

from distillation.records import Answer, MissingAnswer, Record, RejectedAnswer
from distillation.replies_to_answers import BUSY


class Account(Record, frozen=True):
    """Where every request of a run ended. `answers` + `rejected` are the replies; `requests` = replies + missing.

    A rejection that a later wave turned into an answer is not counted. `rejected_by_reason` maps reason code to count.
    """

    requests: int
    answers: int
    rejected: int
    missing: list[MissingAnswer]
    rejected_by_reason: dict[str, int]


def ids_to_ask_again(requested: Iterable[str], answered: Iterable[str], rejected: Iterable[RejectedAnswer]) -> list[str]:
    """The requested ids that have no answer and no final rejection, in order of request."""
    done = set(answered)
    done.update(r.record_id for r in rejected if r.reason != BUSY)
    return [i for i in dict.fromkeys(requested) if i not in done]


def account_for(requested: Iterable[str], answers: Iterable[Answer], rejected: Iterable[RejectedAnswer]) -> Account:
    """Counts every requested id exactly once: answered, rejected (its last reason stands) or missing."""
    ids = dict.fromkeys(requested)
    answered = {a.record_id for a in answers}
    last = {r.record_id: r.reason for r in rejected if r.record_id not in answered}
    missing = [MissingAnswer(record_id=i, reason="no_reply_after_all_waves") for i in ids if i not in answered and i not in last]
    return Account(
        requests=len(ids), answers=len(answered), rejected=len(last), missing=missing, rejected_by_reason=dict(sorted(Counter(last.values()).items()))
    )
