"""The student against its yardstick in every metric, over the whole holdout and in every slice."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from distillation.evaluation.answer_sheet import AnswerSheet
from distillation.evaluation.arm_metrics import Measured
from distillation.evaluation.columns import Column
from distillation.evaluation.differences import Pairing, differences_of, macro_f1_differences
from distillation.evaluation.distributions import draw_grades
from distillation.evaluation.scores import Against, Difference, GatedDifference, Yardstick
from distillation.evaluation.targets import Target
from distillation.evaluation.uncertainty.classes import LabelTable, macro_f1
from distillation.evaluation.uncertainty.statistics import Draw
from distillation.records import Arm

Slices = Mapping[str, frozenset[int]]
"""Category -> rows of the sheet."""


def slices_of(sheet: AnswerSheet) -> dict[str, frozenset[int]]:
    """The categories of the items, the largest first, ties by name; empty where all are of one, or none has one."""
    found: dict[str, list[int]] = {}
    for row, item in enumerate(sheet.items):
        if item.category is not None:
            found.setdefault(item.category, []).append(row)
    if len(found) == 1 and len(next(iter(found.values()))) == len(sheet.items):
        return {}
    return {name: frozenset(found[name]) for name in sorted(found, key=lambda name: (-len(found[name]), name))}


def against_yardstick(measured: Measured, slices: Slices) -> tuple[GatedDifference, ...]:
    """The student against its yardstick in every metric, the gate's own first."""
    found, table = gated_differences(list(_pairings(measured)), slices, measured.draw), measured.labels
    if table and {Arm.STUDENT, Arm.TEACHER} <= measured.sheet.answers.keys():
        found += tuple(_macro_f1(table, slices, measured))
    return found


def _pairings(measured: Measured) -> Iterator[Pairing]:
    """In the order of the targets, without those in which student or yardstick has no figure."""
    for target in measured.targets:
        student, teacher = (measured.columns.get((target.metric, arm)) for arm in (Arm.STUDENT, Arm.TEACHER))
        if student is None or Arm.TEACHER not in measured.sheet.answers:
            continue
        if target.against is Against.TEACHER:
            yield _against_teacher(measured.sheet, target, student)
        elif teacher is not None:
            lost, own = measured.lost[Arm.TEACHER], measured.lost[Arm.STUDENT]
            yield Pairing(target.metric, Arm.STUDENT, Arm.TEACHER, student, teacher, lost=lost, own_lost=own)


def _against_teacher(sheet: AnswerSheet, target: Target, student: Column) -> Pairing:
    """Like with like: both greedy answers against the same held-out draws of the teacher, where most items have some;
    how noisy the draws are weighs on both alike. Without draws full agreement with the greedy answer is asked for.
    """
    itself = draw_grades(sheet, target, Arm.TEACHER)
    if 2 * len(itself) < len(target.rows):
        full = Column(student.rows, np.ones(len(student.rows)), target.against)
        return Pairing(target.metric, Arm.STUDENT, Arm.TEACHER, student, full, Yardstick.FULL)
    own = draw_grades(sheet, target, Arm.STUDENT)
    left, right = (
        Column(tuple(itself), np.array([grades[row] for row in itself]), target.against) for grades in (own, itself)
    )
    return Pairing(target.metric, Arm.STUDENT, Arm.TEACHER, left, right, Yardstick.TEACHER_SELF)


def gated_differences(given: Sequence[Pairing], slices: Slices, draw: Draw) -> tuple[GatedDifference, ...]:
    """Each pairing over all its rows, then each within every slice that holds some of them."""
    inside = [(name, part) for name, rows in slices.items() for one in given if (part := one.within(rows)).left.rows]
    parts = differences_of([part for _, part in inside], draw.in_a_slice())
    whole = zip(given, differences_of(given, draw), strict=True)
    return (
        *(_gated(one, difference, None) for one, difference in whole),
        *(_gated(part, difference, name) for (name, part), difference in zip(inside, parts, strict=True)),
    )


def _gated(one: Pairing, difference: Difference, name: str | None) -> GatedDifference:
    return GatedDifference(
        metric=one.metric,
        against=one.left.against or Against.REFERENCE,
        yardstick=one.yardstick,
        student_value=float(one.left.values.mean()),
        yardstick_value=float(one.right.values.mean()),
        difference=difference,
        slice=name,
    )


def _macro_f1(table: LabelTable, slices: Slices, measured: Measured) -> Iterator[GatedDifference]:
    """The same for macro F1, which is a figure of all items together."""
    draw = measured.draw
    inside = ((part, draw.in_a_slice(), name) for name, rows in slices.items() if (part := table.within(rows)))
    for part, drawn, name in ((table, draw, None), *inside):
        for one in macro_f1_differences(part, [(Arm.STUDENT, Arm.TEACHER)], drawn, measured.lost):
            yield GatedDifference(
                metric=one.metric,
                against=Against.REFERENCE,
                yardstick=Yardstick.TEACHER,
                student_value=macro_f1(part, Arm.STUDENT),
                yardstick_value=macro_f1(part, Arm.TEACHER),
                difference=one,
                slice=name,
            )
