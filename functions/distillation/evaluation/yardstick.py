"""The student against its yardstick in every metric, over the whole holdout and in every slice: what the verdict is
made from.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from distillation.evaluation.answer_sheet import AnswerSheet
from distillation.evaluation.classes import LabelTable, macro_f1
from distillation.evaluation.columns import Column, Key
from distillation.evaluation.differences import Draw, Pairing, differences_of, macro_f1_differences
from distillation.evaluation.distributions import Samples, self_grades
from distillation.evaluation.scores import Against, Difference, Gate, Yardstick
from distillation.evaluation.targets import Target
from distillation.records import Arm

Slices = Mapping[str, frozenset[int]]
"""Category -> rows of the sheet."""
Quality = Mapping[Key, Column]
"""Grades."""


class Contest(NamedTuple):
    """One metric of the student beside its yardstick, over the same rows."""

    metric: str
    against: Against
    yardstick: Yardstick
    student: Column
    other: Column


def slices_of(sheet: AnswerSheet) -> dict[str, frozenset[int]]:
    """The categories of the items, the largest first, ties by name.

    Empty where all items are of one, or none has one.
    """
    found: dict[str, list[int]] = {}
    for row, item in enumerate(sheet.items):
        if item.category is not None:
            found.setdefault(item.category, []).append(row)
    if len(found) == 1 and len(next(iter(found.values()))) == len(sheet.items):
        return {}
    return {name: frozenset(found[name]) for name in sorted(found, key=lambda name: (-len(found[name]), name))}


def contests(sheet: AnswerSheet, targets: Sequence[Target], quality: Quality, samples: Samples) -> Iterator[Contest]:
    """In the order of `targets`, without those in which student or yardstick has no figure."""
    for target in targets:
        student, teacher = quality.get((target.metric, Arm.STUDENT)), quality.get((target.metric, Arm.TEACHER))
        if student is None or Arm.TEACHER not in sheet.answers:
            continue
        if target.against is Against.TEACHER:
            yield _against_teacher(sheet, target, student, samples)
        elif teacher is not None:
            yield Contest(target.metric, target.against, Yardstick.TEACHER, student, teacher)


def _against_teacher(sheet: AnswerSheet, target: Target, student: Column, samples: Samples) -> Contest:
    """The teacher's own answers agree with themselves only so far: that is the yardstick, where most items have
    samples.
    """
    itself = self_grades(sheet, target, samples)
    if 2 * len(itself) < len(target.rows):
        return Contest(
            target.metric, target.against, Yardstick.FULL, student, Column(student.rows, np.ones(len(student.rows)))
        )
    kept = student.within(frozenset(itself))
    own = Column(kept.rows, np.array([itself[row] for row in kept.rows]), target.against)
    return Contest(target.metric, target.against, Yardstick.TEACHER_SELF, kept, own)


def compare(given: Sequence[Contest], slices: Slices, draw: Draw) -> tuple[Gate, ...]:
    """Each contest over all its rows, then each within every slice that holds some of them."""
    whole = differences_of([_pairing(one) for one in given], draw)
    found = [_gate(one, difference, None) for one, difference in zip(given, whole, strict=True)] if given else []
    inside = [
        (name, part) for name, rows in slices.items() for one in given if (part := _within(one, rows)).student.rows
    ]
    parts = differences_of([_pairing(part) for _, part in inside], draw.in_a_slice())
    return tuple(
        found + [_gate(part, difference, name) for (name, part), difference in zip(inside, parts, strict=True)]
    )


def _pairing(one: Contest) -> Pairing:
    return Pairing(one.metric, Arm.STUDENT, Arm.TEACHER, one.student, one.other)


def _within(one: Contest, rows: frozenset[int]) -> Contest:
    return one._replace(student=one.student.within(rows), other=one.other.within(rows))


def _gate(one: Contest, difference: Difference, name: str | None) -> Gate:
    return Gate(
        metric=one.metric,
        against=one.against,
        yardstick=one.yardstick,
        student_value=float(one.student.values.mean()),
        yardstick_value=float(one.other.values.mean()),
        difference=difference,
        slice=name,
    )


def compare_macro_f1(table: LabelTable, slices: Slices, draw: Draw) -> Iterator[Gate]:
    """The same for macro F1, which is a figure of all items together."""
    yield from _macro_f1_gates(table, draw, None)
    for name, rows in slices.items():
        if part := table.within(rows):
            yield from _macro_f1_gates(part, draw.in_a_slice(), name)


def _macro_f1_gates(table: LabelTable, draw: Draw, name: str | None) -> Iterator[Gate]:
    for one in macro_f1_differences(table, [(Arm.STUDENT, Arm.TEACHER)], draw):
        yield Gate(
            metric=one.metric,
            against=Against.REFERENCE,
            yardstick=Yardstick.TEACHER,
            student_value=macro_f1(table, Arm.STUDENT),
            yardstick_value=macro_f1(table, Arm.TEACHER),
            difference=one,
            slice=name,
        )
