"""The judge filter: which answers a model is asked to rate, and what its ratings leave of a candidate."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from distillation.inference.requests import greedy_request
from distillation.instructions import lines_of, template
from distillation.records import Answer, Candidate, Prompt, Record, Request
from distillation.task import Task, TaskKind, canonical_answer

RATINGS = ("1", "2", "3", "4", "5")
LOW_RATING, NOT_RATED = "low_rating", "not_rated"
RATING_TOKENS = 16
"""Most tokens of a rating: it is one digit."""

_TASK = Task(kind=TaskKind.LABEL, labels=RATINGS)


class Judging(Record, frozen=True):
    """How answers are rated: by which `model` and `rubric` (None: the usual one), from which rating on they are kept,
    and whether only the best one is.
    """

    model: str
    threshold: int
    rubric: str | None
    best_only: bool


class Judged(NamedTuple):
    """What is left of a candidate's answers, and where nothing is: the reason code and a detail."""

    answers: tuple[str, ...]
    reason: str = ""
    detail: str = ""


def rating_requests(candidate: Candidate, judging: Judging) -> list[Request]:
    """One greedy request for every distinct answer, in order.

    The same answer to the same prompt by the same rubric has the same id in every run.
    """
    return list(_requests(candidate, judging).values())


def ratings_of(answers: Iterable[Answer]) -> dict[str, int]:
    """Record id -> rating, 1 to 5, of the replies that hold one."""
    found = ((answer.record_id, canonical_answer(answer.text, _TASK)) for answer in answers)
    return {record_id: int(rating) for record_id, rating in found if rating is not None}


def judged(candidate: Candidate, ratings: Mapping[str, int], judging: Judging) -> Judged:
    """The answers that are rated well enough.

    With `best_only` the highest rated one: of equals the one given most often, then the earlier.
    """
    rated = {answer: ratings.get(request.record_id) for answer, request in _requests(candidate, judging).items()}
    good = {answer: rating for answer, rating in rated.items() if rating is not None and rating >= judging.threshold}
    if good:
        best = max(good, key=lambda answer: (good[answer], candidate.answers.count(answer)))
        return Judged((best,) if judging.best_only else tuple(answer for answer in candidate.answers if answer in good))
    low = [rating for rating in rated.values() if rating is not None]
    if low:
        return Judged((), LOW_RATING, f"rated {max(low)}, filters.judge.threshold is {judging.threshold}")
    return Judged((), NOT_RATED, "no usable rating in any round")


def with_answers(candidate: Candidate, answers: tuple[str, ...]) -> Candidate:
    """The candidate with these answers only."""
    return candidate if answers == candidate.answers else msgspec.structs.replace(candidate, answers=answers)


def _requests(candidate: Candidate, judging: Judging) -> dict[str, Request]:
    return {answer: _request(candidate, answer, judging) for answer in dict.fromkeys(candidate.answers)}


def _request(candidate: Candidate, answer: str, judging: Judging) -> Request:
    # The code in the marks is a hash of what they hold, so no text can hold its own end mark.
    code = hashlib.sha256("\x1f".join((candidate.system, candidate.prompt, answer)).encode()).hexdigest()[:12]
    asked = Prompt(
        prompt_id=candidate.key.prompt_id,
        seed_id="",
        system=template("judge_system.txt").substitute(
            rubric=judging.rubric or "\n".join(lines_of("judge_rubric.txt"))
        ),
        prompt=template("judge_user.txt").substitute(
            code=code, system=candidate.system or "(none)", prompt=candidate.prompt, answer=answer
        ),
    )
    return greedy_request(asked, RATING_TOKENS, judging.model)
