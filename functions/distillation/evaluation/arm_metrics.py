"""The columns of all arms -> metrics with intervals, over the whole holdout or one slice of it."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from distillation.bedrock.prices import Prices, price_of
from distillation.evaluation.answer_sheet import AnswerSheet
from distillation.evaluation.classes import ArmClasses, LabelTable, class_scores
from distillation.evaluation.columns import (
    Column,
    Key,
    failure_columns,
    label_table,
    latencies,
    length_columns,
    usage_columns,
)
from distillation.evaluation.differences import Draw, intervals
from distillation.evaluation.distributions import Drawn, divergence_columns
from distillation.evaluation.scores import Against, Metric
from distillation.evaluation.statistics import Floats, bounds_of, metric_of, paired_bootstrap, quantile_interval
from distillation.records import Arm

LATENCIES = {"latencyMedianMs": 0.5, "latencyP95Ms": 0.95}


class Measured(NamedTuple):
    """What was measured of all arms: columns whose mean is a metric, pairs whose ratio is one (arm -> own and
    teacher's), and the labels of a label task.
    """

    columns: dict[Key, Column]
    lengths: dict[str, tuple[Column, Column]]
    labels: LabelTable | None

    def within(self, rows: frozenset[int]) -> "Measured":
        """The same on some of the items."""
        return Measured(
            columns=_filled({key: column.within(rows) for key, column in self.columns.items()}),
            lengths={arm: (own.within(rows), teachers.within(rows)) for arm, (own, teachers) in self.lengths.items()},
            labels=self.labels.within(rows) if self.labels else None,
        )


def measure(
    sheet: AnswerSheet,
    quality: Mapping[Key, Column],
    models: Mapping[str, str],
    teacher: Drawn,
    *,
    prices: Prices | None,
    seed: int,
) -> Measured:
    """`quality` and everything else that an arm can be measured by. `teacher` are its sampled outcomes."""
    columns = dict(quality)
    for arm in sheet.answers:
        price = price_of(prices, models[arm]) if prices and arm in models else None
        own = (
            failure_columns(sheet, arm)
            | usage_columns(sheet, arm, price)
            | divergence_columns(sheet, arm, teacher, seed)
        )
        columns |= {(metric, arm): column for metric, column in own.items()}
    compared = [arm for arm in sheet.answers if arm != Arm.TEACHER and Arm.TEACHER in sheet.answers]
    return Measured(_filled(columns), {arm: length_columns(sheet, arm) for arm in compared}, label_table(sheet))


def _filled(columns: Mapping[Key, Column]) -> dict[Key, Column]:
    return {key: column for key, column in columns.items() if column.rows}


class ArmFigures(NamedTuple):
    """Every metric of every arm with its interval, and of a label task with references each arm's label scores."""

    metrics: dict[Key, Metric]
    classes: dict[str, ArmClasses]

    def of_arm(self, arm: str) -> dict[str, Metric]:
        """An arm's metrics by name."""
        return {metric: figure for (metric, of_arm), figure in self.metrics.items() if of_arm == arm}


def figures(measured: Measured, draw: Draw) -> ArmFigures:
    """What the columns come to."""
    bounds, table = intervals(measured.columns, draw), measured.labels
    found = {
        key: metric_of(float(column.values.mean()), bounds[key], len(column.rows), column.against)
        for key, column in measured.columns.items()
    }
    lengths = {
        ("lengthRatio", arm): _length_ratio(own.values, teachers.values, draw)
        for arm, (own, teachers) in measured.lengths.items()
    }
    classes = (
        {arm: class_scores(table, arm, resamples=draw.resamples, seed=draw.seed) for arm in table.answers}
        if table
        else {}
    )
    macro = {("macroF1", arm): one.macro_f1 for arm, one in classes.items()}
    return ArmFigures(found | {key: metric for key, metric in lengths.items() if metric} | macro, classes)


def _length_ratio(own: Floats, teachers: Floats, draw: Draw) -> Metric | None:
    if not teachers.sum():
        return None
    value, table = float(own.sum() / teachers.sum()), np.stack([own, teachers], axis=1)
    raw = (
        paired_bootstrap(table, lambda sums: sums[:, :1] / sums[:, 1:2], resamples=draw.resamples, seed=draw.seed)
        if len(own) > 1
        else [(value, value)]
    )
    return metric_of(value, bounds_of(value, *raw[0]), len(own), Against.TEACHER)


def latency_metrics(sheet: AnswerSheet, arm: str) -> dict[str, Metric]:
    """Median and 95th percentile; empty for an arm that answered in a batch job."""
    values = latencies(sheet, arm)
    if not values.size:
        return {}
    return {
        name: metric_of(float(np.quantile(values, share)), quantile_interval(values, share), len(values))
        for name, share in LATENCIES.items()
    }
