"""The student's answer beside the teacher's -> two requests to the judge, one in each order."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from distillation.inference.requests import asked_as, greedy_request
from distillation.instructions import between_marks, template
from distillation.records import HoldoutItem, Prompt, Request, dialogue
from distillation.task import Task, TaskKind, canonical_answer

FIRST, SECOND, TIE = "A", "B", "tie"
CHOICE_TOKENS = 16
"""Most tokens of a choice: it is one word."""
CHOICE = Task(kind=TaskKind.LABEL, labels=(FIRST, SECOND, TIE))


class Pair(NamedTuple):
    """Two answers to one item; `equal` in the task's canonical form, so that nobody has to be asked."""

    item: HoldoutItem
    student: str
    teacher: str
    equal: bool


def pairs_of(
    items: Sequence[HoldoutItem], student: Mapping[str, str], teacher: Mapping[str, str], task: Task
) -> list[Pair]:
    """One pair for each item to which both gave an answer of the task (prompt id -> text), in their order."""
    found = (_pair(item, student.get(item.prompt_id), teacher.get(item.prompt_id), task) for item in items)
    return [pair for pair in found if pair is not None]


def _pair(item: HoldoutItem, student: str | None, teacher: str | None, task: Task) -> Pair | None:
    if student is None or teacher is None:
        return None
    own, other = (canonical_answer(text, task) for text in (student, teacher))
    return None if own is None or other is None else Pair(item, student, teacher, own == other)


def orders_of(pair: Pair, judge: str, key: bytes = b"") -> tuple[Request, Request]:
    """The greedy requests to the model `judge`: the student's answer first, then the teacher's. `key`: the
    deployment's, for the marks; the ids do not depend on it.
    """
    own, teachers = pair.student, pair.teacher
    return _request(pair.item, (own, teachers), judge, key), _request(pair.item, (teachers, own), judge, key)


def _request(item: HoldoutItem, answers: tuple[str, str], judge: str, key: bytes) -> Request:
    plain, shown = (_asked(item, answers, judge, used) for used in (b"", key))
    return asked_as(plain, shown)


def _asked(item: HoldoutItem, answers: tuple[str, str], judge: str, key: bytes) -> Request:
    first, second = answers
    texts = {"system": item.system or "(none)", "prompt": dialogue(item), "first": first, "second": second}
    asked = Prompt(
        prompt_id=item.prompt_id,
        seed_id="",
        system=template("compare_system.txt").template,
        prompt=between_marks("compare_user.txt", key, **texts),
    )
    return greedy_request(asked, CHOICE_TOKENS, judge)
