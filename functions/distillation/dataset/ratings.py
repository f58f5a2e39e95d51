"""The judge filter: which answers a model is asked to rate, and what its ratings leave of a candidate."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from distillation.errors import InvalidInput
from distillation.inference.requests import asked_as, greedy_request
from distillation.instructions import between_marks, lines_of, template
from distillation.records import Answer, Candidate, Prompt, Request, dialogue
from distillation.run.curation import Judge
from distillation.run.record import RunRecord
from distillation.task import Task, TaskKind, canonical_answer

RATINGS = ("1", "2", "3", "4", "5")
LOW_RATING, NOT_RATED = "low_rating", "not_rated"
MAX_RATING_TOKENS = 16
"""Most tokens of a rating: it is one digit."""

_TASK = Task(kind=TaskKind.LABEL, labels=RATINGS)


class Rated(NamedTuple):
    """What is left of a candidate's answers; where nothing is left, the reason code and a detail."""

    answers: tuple[str, ...]
    reason: str = ""
    detail: str = ""


def rating_requests(candidate: Candidate, record: RunRecord, key: bytes = b"") -> list[Request]:
    """One greedy request for every distinct answer, in order. `key`: the deployment's, for the marks.

    The same answer to the same prompt by the same rubric has the same id in every run, whatever the key.
    """
    return list(_requests(candidate, record, key).values())


def ratings_of(answers: Iterable[Answer]) -> dict[str, int]:
    """Record id -> rating, 1 to 5, of the replies that hold one."""
    found = ((answer.record_id, canonical_answer(answer.text, _TASK)) for answer in answers)
    return {record_id: int(rating) for record_id, rating in found if rating is not None}


def by_ratings(candidate: Candidate, ratings: Mapping[str, int], record: RunRecord) -> Rated:
    """The answers that are rated well enough, by `filters.judge` of the run's input.

    With the policy `best` the highest rated one: of equals the one given most often, then the earlier.
    """
    threshold = _judge_of(record).threshold
    rated = {answer: ratings.get(request.record_id) for answer, request in _requests(candidate, record).items()}
    good = {answer: rating for answer, rating in rated.items() if rating is not None and rating >= threshold}
    if good:
        best = max(good, key=lambda answer: (good[answer], candidate.answers.count(answer)))
        best_only = record.config.examples.policy == "best"
        return Rated((best,) if best_only else tuple(answer for answer in candidate.answers if answer in good))
    low = [rating for rating in rated.values() if rating is not None]
    if low:
        return Rated((), LOW_RATING, f"rated {max(low)}, filters.judge.threshold is {threshold}")
    return Rated((), NOT_RATED, "no usable rating in any round")


def _judge_of(record: RunRecord) -> Judge:
    if record.config.filters.judge is None:
        raise InvalidInput(f"run {record.run_id} rates no answers", ["filters.judge: found null, expected a judge"])
    return record.config.filters.judge


def _requests(candidate: Candidate, record: RunRecord, key: bytes = b"") -> dict[str, Request]:
    return {
        answer: asked_as(_request(candidate, answer, record, b""), _request(candidate, answer, record, key))
        for answer in dict.fromkeys(candidate.answers)
    }


def _request(candidate: Candidate, answer: str, record: RunRecord, key: bytes) -> Request:
    texts = {"system": candidate.system or "(none)", "prompt": dialogue(candidate), "answer": answer}
    asked = Prompt(
        prompt_id=candidate.key.prompt_id,
        seed_id="",
        system=template("judge_system.txt").substitute(
            rubric=_judge_of(record).rubric or "\n".join(lines_of("judge_rubric.txt"))
        ),
        prompt=between_marks("judge_user.txt", key, **texts),
    )
    return greedy_request(asked, MAX_RATING_TOKENS, record.models.judge or record.models.teacher)
