"""The student's answer beside the teacher's -> two requests to the judge, one in each order."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from distillation.inference.requests import greedy_request
from distillation.instructions import template
from distillation.records import HoldoutItem, Prompt, Request, dialogue
from distillation.task import Task, TaskKind, canonical_answer

FIRST, SECOND, TIE = "A", "B", "tie"
CHOICE_TOKENS = 16
"""Most tokens of a choice: it is one word."""
CHOICE = Task(kind=TaskKind.LABEL, labels=(FIRST, SECOND, TIE))


class Pair(NamedTuple):
    """Two answers to one item.

    `equal`: they are the same in the task's canonical form, so that nobody has to be asked.
    """

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


def orders_of(pair: Pair, judge: str) -> tuple[Request, Request]:
    """The greedy requests to the model `judge`: the student's answer first, then the teacher's.

    The same two answers to the same prompt have the same ids in every run.
    """
    own, teachers = pair.student, pair.teacher
    return _request(pair.item, own, teachers, judge), _request(pair.item, teachers, own, judge)


def _request(item: HoldoutItem, first: str, second: str, judge: str) -> Request:
    # The code in the marks is a hash of what they hold, so no text can hold its own end mark.
    code = hashlib.sha256("\x1f".join((item.system, dialogue(item), first, second)).encode()).hexdigest()[:12]
    asked = Prompt(
        prompt_id=item.prompt_id,
        seed_id="",
        system=template("compare_system.txt").template,
        prompt=template("compare_user.txt").substitute(
            code=code, system=item.system or "(none)", prompt=dialogue(item), first=first, second=second
        ),
    )
    return greedy_request(asked, CHOICE_TOKENS, judge)
