"""Several trainings of the student or draws of few-shot: differences whose interval holds the luck of both too."""

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from distillation.evaluation.answer_sheet import AnswerSheet, groups_of
from distillation.evaluation.columns import Column, ColumnKey, quality_columns
from distillation.evaluation.differences import corrected
from distillation.evaluation.score import same_p
from distillation.evaluation.scores import Difference, GatedDifference, Scores, TrainingSpread, Yardstick
from distillation.evaluation.targets import quality_targets
from distillation.evaluation.uncertainty.noninferiority import p_beyond
from distillation.evaluation.uncertainty.repeats import difference_over_trainings, variance_parts
from distillation.evaluation.uncertainty.statistics import Floats
from distillation.records import FEW_SHOT_DRAWS, Arm


def first_metric(sheet: AnswerSheet) -> tuple[str, dict[str, tuple[float, int]]]:
    """The first quality metric of the sheet, and arm -> mean and number of items; empty where nothing can be graded."""
    target = next(iter(quality_targets(sheet)), None)
    if target is None:
        return "", {}
    columns = quality_columns(sheet, [target])
    return target.metric, {arm: (float(c.values.mean()), len(c.rows)) for (_, arm), c in columns.items()}


def over_trainings(scores: Scores, sheet: AnswerSheet, again: Sequence[str]) -> Scores:
    """Scores whose whole-holdout differences, of student and few-shot, are of the mean over all trainings or draws.
    Their interval holds the luck of these too. `again`: the arms of `sheet` beyond the first of each. Macro F1, a
    judge's scores and slices stay those of the first alone.
    """
    columns = quality_columns(sheet, quality_targets(sheet))
    groups = groups_of(sheet)
    drawn = [arm for arm in FEW_SHOT_DRAWS if arm in sheet.answers]
    trained = [str(Arm.STUDENT), *(arm for arm in again if arm not in drawn)]
    several = {trained[0]: trained, **({drawn[0]: drawn} if drawn else {})}

    def widened(one: Difference) -> Difference:
        ours, theirs = (several.get(arm, [arm]) for arm in (one.arm, one.minus))
        found = [columns.get((one.metric, arm)) for arm in (*ours, *theirs)]
        whole = [column for column in found if column is not None and len(column.values) == one.n]
        if len(found) == 2 or len(whole) < len(found) or one.n < 2:
            return one
        codes = None if groups is None else groups[list(whole[0].rows)].tolist()
        rows = np.stack([column.values for column in whole])
        return _wide(one, rows[: len(ours)], rows[len(ours) :], codes)

    def gated(one: GatedDifference) -> GatedDifference:
        if one.slice is not None or one.yardstick is not Yardstick.TEACHER:
            return one
        wide = widened(one.difference)
        own = one.student_value if wide is one.difference else one.yardstick_value + wide.value
        return replace(one, difference=wide, student_value=own)

    differences = corrected(tuple(map(widened, scores.differences)))
    comparisons = same_p(tuple(map(gated, scores.comparisons)), differences)
    return replace(
        scores,
        differences=differences,
        comparisons=comparisons,
        gate=next(iter(comparisons), None),
        trainings=_spread(scores, columns, trained),
        few_shot=_spread(scores, columns, drawn),
    )


def _wide(one: Difference, ours: Floats, theirs: Floats, groups: Sequence[int] | None) -> Difference:
    """The difference with the value and the interval of all trainings or draws."""
    # What lost answers of the other arm might cost is the same beside the wider interval.
    value, bounds = difference_over_trainings(ours, theirs, groups=groups)
    p_value = 2 * p_beyond(variance_parts(ours, theirs, groups=groups), abs(value))
    worst = None if one.worst_low is None else max(-1.0, bounds.low - max(0.0, one.low - one.worst_low))
    best = None if one.best_high is None else min(1.0, bounds.high + max(0.0, one.best_high - one.high))
    wide = replace(one, value=value, low=bounds.low, high=bounds.high, worst_low=worst, best_high=best)
    parts = variance_parts(ours, theirs, groups=groups, strict=True)
    return replace(wide, method=bounds.method, test=bounds.method, p_value=p_value, p_holm=p_value, parts=parts)


def _spread(scores: Scores, columns: dict[ColumnKey, Column], trained: Sequence[str]) -> TrainingSpread | None:
    metric = scores.gate.metric if scores.gate else ""
    values = {arm: float(columns[metric, arm].values.mean()) for arm in trained if (metric, arm) in columns}
    if len(values) < 2:
        return None
    return TrainingSpread(metric=metric, values=values, spread=float(np.std(list(values.values()), ddof=1)))
