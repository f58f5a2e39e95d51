"""The columns of all arms -> metrics with intervals, over the whole holdout or one slice of it."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from distillation.bedrock.prices import Prices, price_of
from distillation.evaluation.answer_sheet import AnswerSheet
from distillation.evaluation.columns import (
    Column,
    ColumnKey,
    failure_columns,
    label_table,
    latencies,
    length_columns,
    lost_rows,
    quality_columns,
    usage_columns,
)
from distillation.evaluation.differences import intervals
from distillation.evaluation.distributions import divergence_columns, outcomes
from distillation.evaluation.scores import Against, ClassScore, Metric
from distillation.evaluation.targets import JudgedScores, Target, quality_targets
from distillation.evaluation.uncertainty.classes import LabelTable, class_scores
from distillation.evaluation.uncertainty.statistics import (
    Draw,
    bounds_of,
    metric_of,
    paired_bootstrap,
    quantile_interval,
)
from distillation.records import Arm

FIRST_METRICS = (
    "accuracy",
    "macroF1",
    "exactMatch",
    "fieldAccuracy",
    "schemaValid",
    "jsonValid",
    "tokenF1",
    "rougeL",
    "chrF",
    "teacherAgreement",
)
LATENCIES = {"latencyMedianMs": 0.5, "latencyP95Ms": 0.95}


class Measured(NamedTuple):
    """What was measured for all arms on a holdout. The mean of a column is a metric; the ratio of a pair (own,
    teacher's) is one. `draw`: how items are resampled. `lost`: arm -> rows on which the service brought no answer of
    it.
    """

    sheet: AnswerSheet
    targets: list[Target]
    columns: dict[ColumnKey, Column]
    lengths: dict[str, tuple[Column, Column]]
    labels: LabelTable | None
    draw: Draw
    lost: dict[str, frozenset[int]]

    def within(self, rows: frozenset[int]) -> "Measured":
        """The same on some of the items: a slice."""
        return self._replace(
            columns=_filled({key: column.within(rows) for key, column in self.columns.items()}),
            lengths={arm: (own.within(rows), teachers.within(rows)) for arm, (own, teachers) in self.lengths.items()},
            labels=self.labels.within(rows) if self.labels else None,
            draw=self.draw.in_a_slice(),
        )


def measure(
    sheet: AnswerSheet, draw: Draw, models: Mapping[str, str], prices: Prices | None, judged: JudgedScores | None
) -> Measured:
    """Everything that an arm can be measured by. `models` and `judged` as in `evaluation.score`."""
    targets = quality_targets(sheet, judged) if sheet.answers else []
    columns, teacher = quality_columns(sheet, targets), outcomes(sheet, sheet.teacher_samples)
    for arm in sheet.answers:
        price = price_of(prices, models[arm]) if prices and arm in models else None
        own = (
            failure_columns(sheet, arm)
            | usage_columns(sheet, arm, price)
            | divergence_columns(sheet, arm, teacher, draw.seed)
        )
        columns |= {(metric, arm): column for metric, column in own.items()}
    compared = [arm for arm in sheet.answers if arm != Arm.TEACHER and Arm.TEACHER in sheet.answers]
    lengths = {arm: length_columns(sheet, arm) for arm in compared}
    return Measured(
        sheet,
        targets,
        _filled(columns),
        lengths,
        label_table(sheet),
        draw,
        {arm: lost_rows(sheet, arm) for arm in sheet.answers},
    )


def _filled(columns: Mapping[ColumnKey, Column]) -> dict[ColumnKey, Column]:
    return {key: column for key, column in columns.items() if column.rows}


def figures(measured: Measured) -> tuple[dict[str, dict[str, Metric]], dict[str, dict[str, ClassScore]]]:
    """Arm -> metric -> figure with its interval; for a label task with references also arm -> label -> scores."""
    draw, table = measured.draw, measured.labels
    bounds = intervals(measured.columns, draw)
    found = {
        key: metric_of(float(column.values.mean()), bounds[key], len(column.rows), column.against)
        for key, column in measured.columns.items()
    }
    lengths = {
        ("lengthRatio", arm): _length_ratio(own, teachers, draw) for arm, (own, teachers) in measured.lengths.items()
    }
    labelled = {arm: class_scores(table, arm, draw) for arm in table.answers} if table else {}
    found |= {key: metric for key, metric in lengths.items() if metric}
    found |= {("macroF1", arm): macro for arm, (macro, _) in labelled.items()}
    by_arm = {arm: {name: one for (name, of), one in found.items() if of == arm} for arm in measured.sheet.answers}
    return (
        {
            arm: {name: found[name] for name in dict.fromkeys((*FIRST_METRICS, *found)) if name in found}
            for arm, found in by_arm.items()
        },
        {arm: classes for arm, (_, classes) in labelled.items()},
    )


def _length_ratio(own: Column, teachers: Column, draw: Draw) -> Metric | None:
    if not teachers.values.sum():
        return None
    table = np.stack([own.values, teachers.values], axis=1)
    value = float(own.values.sum() / teachers.values.sum())
    ends = (value, value)
    if len(table) > 1:
        ends = paired_bootstrap(table, lambda sums: sums[:, :1] / sums[:, 1:2], draw, draw.codes(own.rows))[0]
    return metric_of(value, bounds_of(value, *ends), len(table), Against.TEACHER)


def latency_metrics(sheet: AnswerSheet, arm: str) -> dict[str, Metric]:
    """Median and 95th percentile; empty for an arm that answered in a batch job."""
    values = latencies(sheet, arm)
    if not values.size:
        return {}
    return {
        name: metric_of(float(np.quantile(values, share)), quantile_interval(values, share), len(values))
        for name, share in LATENCIES.items()
    }
