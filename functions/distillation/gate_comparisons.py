"""The student against its yardstick in every metric, over the whole holdout and in every slice: what the verdict is made from."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from distillation.answer_sheet import AnswerSheet
from distillation.arm_columns import Column, label_table
from distillation.class_scores import macro_f1
from distillation.paired_differences import Draw, Pairing, differences_of, macro_f1_differences
from distillation.quality_targets import Target
from distillation.records import Arm
from distillation.sampled_answers import Samples, self_grades
from distillation.scores import Against, Difference, Gate, Yardstick

SLICE_RESAMPLES = 1_999
"""Most resamples in a slice: enough for a 95 % interval, and there are many slices."""

Slices = Mapping[str, frozenset[int]]
"""Category -> rows of the sheet."""
Quality = Mapping[tuple[str, str], Column]
"""Metric and arm -> grades."""


class Contest(NamedTuple):
    """One metric of the student beside its yardstick, over the same rows."""

    metric: str
    against: Against
    yardstick: Yardstick
    student: Column
    other: Column


def slices_of(sheet: AnswerSheet) -> dict[str, frozenset[int]]:
    """The categories of the items, the largest first, ties by name. Empty where all items are of one, or none has one."""
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
    """The teacher's own answers agree with themselves only so far: that is the yardstick, where most items have samples."""
    itself = self_grades(sheet, target, samples)
    if 2 * len(itself) < len(target.rows):
        return Contest(target.metric, target.against, Yardstick.FULL, student, Column(student.rows, np.ones(len(student.rows))))
    kept = student.within(frozenset(itself))
    own = Column(kept.rows, np.array([itself[row] for row in kept.rows]), target.against)
    return Contest(target.metric, target.against, Yardstick.TEACHER_SELF, kept, own)


def compare(given: Sequence[Contest], slices: Slices, draw: Draw) -> tuple[Gate, ...]:
    """Each contest over all its rows, then each within every slice that holds some of them."""
    whole = differences_of([_pairing(one) for one in given], draw)
    found = [_gate(one, difference, None) for one, difference in zip(given, whole, strict=True)] if given else []
    inside = [(name, part) for name, rows in slices.items() for one in given if (part := _within(one, rows)).student.rows]
    parts = differences_of([_pairing(part) for _, part in inside], Draw(min(draw.resamples, SLICE_RESAMPLES), draw.seed))
    return tuple(found + [_gate(part, difference, name) for (name, part), difference in zip(inside, parts, strict=True)])


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


def compare_macro_f1(sheet: AnswerSheet, slices: Slices, draw: Draw) -> Iterator[Gate]:
    """The same for macro F1, which is a figure of all items together."""
    rows, table = label_table(sheet)
    inside = {name: np.flatnonzero(np.isin(rows, np.fromiter(part, dtype=np.int64))) for name, part in slices.items()}
    tables = {None: table} | {name: table.within(places) for name, places in inside.items()}
    for name, part in tables.items():
        few = draw if name is None else Draw(min(draw.resamples, SLICE_RESAMPLES), draw.seed)
        for one in macro_f1_differences(part, [(Arm.STUDENT, Arm.TEACHER)], few):
            values = [macro_f1(part, arm) for arm in (Arm.STUDENT, Arm.TEACHER)]
            yield Gate(
                metric=one.metric,
                against=Against.REFERENCE,
                yardstick=Yardstick.TEACHER,
                student_value=values[0],
                yardstick_value=values[1],
                difference=one,
                slice=name,
            )
