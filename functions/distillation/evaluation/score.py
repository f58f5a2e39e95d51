"""Predictions of all arms on the holdout -> metrics with 95 % intervals and paired differences.

    scores = score(read_sheet(holdout, predictions, task), Draw(RESAMPLES, seed), models=..., prices=...)

Every arm is scored on every item: an answer that is missing or unreadable is wrong and never shrinks the sample.
Several answers to one prompt count as their mean, so as one observation. The order of the items changes nothing.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import islice

from msgspec.structs import replace

from distillation.bedrock.prices import Prices
from distillation.evaluation.answer_sheet import AnswerSheet, groups_of
from distillation.evaluation.arm_metrics import Measured, figures, latency_metrics, measure
from distillation.evaluation.columns import error_counts
from distillation.evaluation.differences import Pairing, corrected, differences_of, macro_f1_differences
from distillation.evaluation.distributions import outcomes, teacher_calibration, teacher_distribution
from distillation.evaluation.items import instructive_items
from distillation.evaluation.scores import (
    CONFIDENCE,
    ArmScore,
    Difference,
    GatedDifference,
    Scores,
    SliceScore,
    Yardstick,
)
from distillation.evaluation.targets import JudgedScores
from distillation.evaluation.uncertainty.classes import confusion
from distillation.evaluation.uncertainty.noninferiority import holm
from distillation.evaluation.uncertainty.statistics import Draw
from distillation.evaluation.yardstick import Slices, against_yardstick, slices_of
from distillation.records import Arm, dialogue
from distillation.similarity.words import begin_alike

RESAMPLES = 9_999
MAX_SLICES = 100

ArmPairs = Sequence[tuple[str, str]]
"""Arm and the arm that is subtracted."""


def score(
    sheet: AnswerSheet,
    draw: Draw,
    *,
    models: Mapping[str, str] | None = None,
    prices: Prices | None = None,
    judged: JudgedScores | None = None,
    pairs: ArmPairs | None = None,
) -> Scores:
    """Measures every arm of the sheet and compares them on the same items. `models` (arm -> model id) and `prices` give
    the cost of 1,000 answers. `judged` (metric -> arm -> prompt id -> 0 to 1) are a judge's scores. `pairs`: the
    differences to take, by default those of `_pairs`.
    """
    draw = draw._replace(groups=groups_of(sheet))
    measured, every_slice = measure(sheet, draw, models or {}, prices, judged), slices_of(sheet)
    slices = dict(islice(every_slice.items(), MAX_SLICES))
    differences = _differences(measured, _pairs(list(sheet.answers)) if pairs is None else pairs)
    comparisons = same_p(against_yardstick(measured, slices), differences)
    teacher = outcomes(sheet, sheet.teacher_samples)
    usable = [reference for reference in sheet.references if reference is not None]
    return Scores(
        task=sheet.task,
        n=len(sheet.items),
        references=len(usable),
        unusable_references=sum(item.reference is not None for item in sheet.items) - len(usable),
        quality_against=sheet.against,
        arms=_arm_scores(measured, models or {}) if sheet.items else {},
        differences=differences,
        gate=next(iter(comparisons), None),
        teacher=teacher_distribution(teacher),
        items=instructive_items(measured),
        confidence=CONFIDENCE,
        resamples=draw.resamples,
        seed=draw.seed,
        comparisons=comparisons,
        slices=_slice_scores(measured, slices),
        slices_left_out=len(every_slice) - len(slices),
        calibration=teacher_calibration(sheet, teacher, draw),
        groups=None if draw.groups is None else len(set(draw.groups.tolist())),
        alike=begin_alike([dialogue(item) for item in sheet.items if item.group is None]),
    )


def same_p(comparisons: Sequence[GatedDifference], differences: Sequence[Difference]) -> tuple[GatedDifference, ...]:
    """The gate's comparisons with corrected p-values. Over the whole holdout that of the same two arms among the
    differences, else Holm's over the metrics with the same yardstick; for slices Holm's over all slices of a metric.
    """
    known = {(one.metric, one.arm, one.minus): one.p_holm for one in differences}
    families: dict[tuple[str, ...], list[int]] = defaultdict(list)
    p_holm: dict[int, float] = {}
    for place, gated in enumerate(comparisons):
        one = gated.difference
        key = one.metric, one.arm, one.minus
        if gated.slice is None and gated.yardstick is Yardstick.TEACHER and key in known:
            p_holm[place] = known[key]
        else:
            families[(gated.yardstick,) if gated.slice is None else ("slices", one.metric)].append(place)
    for places in families.values():
        p_holm |= zip(places, holm([comparisons[place].difference.p_value for place in places]), strict=True)
    return tuple(
        replace(gated, difference=replace(gated.difference, p_holm=p_holm[place]))
        for place, gated in enumerate(comparisons)
    )


def _arm_scores(measured: Measured, models: Mapping[str, str]) -> dict[str, ArmScore]:
    sheet, (metrics, classes) = measured.sheet, figures(measured)
    return {
        arm: ArmScore(
            n=len(sheet.items),
            model=models.get(arm),
            missing=int((measured.columns["missingRate", arm].values > 0).sum()),
            format_failures=int((measured.columns["formatFailureRate", arm].values > 0).sum()),
            errors=error_counts(sheet, arm),
            metrics=metrics[arm] | latency_metrics(sheet, arm),
            classes=classes.get(arm, {}),
            confusion=confusion(measured.labels, arm) if measured.labels else None,
        )
        for arm in sheet.answers
    }


def _slice_scores(measured: Measured, slices: Slices) -> tuple[SliceScore, ...]:
    return tuple(
        SliceScore(name=name, n=len(rows), arms=figures(measured.within(rows))[0]) for name, rows in slices.items()
    )


def _pairs(arms: list[str]) -> ArmPairs:
    """Every arm minus the teacher, the student minus every other arm, and those minus the base and the champion."""
    taught = [(arm, str(Arm.TEACHER)) for arm in arms if arm != Arm.TEACHER and Arm.TEACHER in arms]
    lifts = [(str(Arm.STUDENT), arm) for arm in arms if arm not in (Arm.STUDENT, Arm.TEACHER) and Arm.STUDENT in arms]
    others = [arm for arm in arms if arm not in (Arm.TEACHER, Arm.BASE, Arm.STUDENT) and Arm.BASE in arms]
    rest = [(arm, str(Arm.BASE)) for arm in others]
    rest += [(arm, str(Arm.CHAMPION)) for arm in others if Arm.CHAMPION in others and arm != Arm.CHAMPION]
    return sorted(taught, key=lambda pair: pair[0] != Arm.STUDENT) + lifts + rest


def _differences(measured: Measured, pairs: ArmPairs) -> tuple[Difference, ...]:
    """Each pair in every quality metric that both arms have."""
    columns, draw = measured.columns, measured.draw
    keys = [
        (target.metric, arm, minus)
        for arm, minus in pairs
        for target in measured.targets
        if {(target.metric, arm), (target.metric, minus)} <= columns.keys()
    ]
    pairings = [
        Pairing(metric, arm, minus, columns[metric, arm], columns[metric, minus])._replace(
            lost=measured.lost[minus], own_lost=measured.lost[arm]
        )
        for metric, arm, minus in keys
    ]
    found = differences_of(pairings, draw)
    if measured.labels:
        found += macro_f1_differences(measured.labels, pairs, draw, measured.lost)
    return corrected(found)
