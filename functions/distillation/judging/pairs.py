"""The student's answer beside the teacher's -> two requests to the judge, one in each order."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from distillation.inference.requests import greedy_request
from distillation.instructions import template
from distillation.records import HoldoutItem, Prompt, Request, dialogue
from distillation.task import Task, TaskKind, answer_reader

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
    """One pair for each item that both answered (prompt id -> text), in the order of the items."""
    both = [item for item in items if item.prompt_id in student and item.prompt_id in teacher]
    return [_pair(item, student[item.prompt_id], teacher[item.prompt_id], task) for item in both]


def _pair(item: HoldoutItem, student: str, teacher: str, task: Task) -> Pair:
    forms = [answer_reader(task)(text) for text in (student, teacher)]
    same_form = isinstance(forms[0], str) and forms[0] == forms[1]
    return Pair(item, student, teacher, same_form or student.split() == teacher.split())


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
