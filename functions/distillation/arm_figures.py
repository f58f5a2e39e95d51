"""The columns of all arms -> metrics with intervals, over the whole holdout or one slice of it."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from distillation.answer_sheet import AnswerSheet
from distillation.arm_columns import Column, failure_columns, label_table, latencies, length_columns, usage_columns
from distillation.class_scores import LabelTable, class_scores
from distillation.costs import Prices, price_of
from distillation.paired_differences import Draw, intervals
from distillation.paired_statistics import Bounds, Floats, bounds_of, paired_bootstrap, quantile_interval
from distillation.records import Arm
from distillation.sampled_answers import Drawn, divergence_columns
from distillation.scores import Against, Metric
from distillation.task import TaskKind

LATENCIES = {"latencyMedianMs": 0.5, "latencyP95Ms": 0.95}

Key = tuple[str, str]
"""Metric and arm."""


class Measured(NamedTuple):
    """What was measured of all arms: columns whose mean is a metric, pairs whose ratio is one (arm -> own and teacher's), and the labels of a label task."""

    columns: dict[Key, Column]
    lengths: dict[str, tuple[Column, Column]]
    label_rows: tuple[int, ...]
    labels: LabelTable | None

    def within(self, rows: frozenset[int]) -> "Measured":
        """The same on some of the items."""
        kept = np.flatnonzero(np.isin(self.label_rows, np.fromiter(rows, dtype=np.int64)))
        return Measured(
            columns=_filled({key: column.within(rows) for key, column in self.columns.items()}),
            lengths={arm: (own.within(rows), teachers.within(rows)) for arm, (own, teachers) in self.lengths.items()},
            label_rows=tuple(self.label_rows[place] for place in kept),
            labels=self.labels.within(kept) if self.labels and len(kept) else None,
        )


def measure(sheet: AnswerSheet, quality: Mapping[Key, Column], models: Mapping[str, str], teacher: Drawn, *, prices: Prices | None, seed: int) -> Measured:
    """`quality` and everything else that an arm can be measured by. `teacher` are its sampled outcomes."""
    columns = dict(quality)
    for arm in sheet.answers:
        price = price_of(prices, models[arm]) if prices and arm in models else None
        own = failure_columns(sheet, arm) | usage_columns(sheet, arm, price) | divergence_columns(sheet, arm, teacher, seed)
        columns |= {(metric, arm): column for metric, column in own.items()}
    compared = [arm for arm in sheet.answers if arm != Arm.TEACHER and Arm.TEACHER in sheet.answers]
    rows, table = label_table(sheet) if sheet.task.kind is TaskKind.LABEL else ((), None)
    return Measured(_filled(columns), {arm: length_columns(sheet, arm) for arm in compared}, rows, table if rows else None)


def _filled(columns: Mapping[Key, Column]) -> dict[Key, Column]:
    return {key: column for key, column in columns.items() if column.rows}


def figures(measured: Measured, draw: Draw) -> dict[Key, Metric]:
    """Every metric of every arm, with its interval."""
    bounds = intervals(measured.columns, draw)
    found = {key: _metric(float(column.values.mean()), bounds[key], len(column.rows), column.against) for key, column in measured.columns.items()}
    lengths = {("lengthRatio", arm): _length_ratio(own.values, teachers.values, draw) for arm, (own, teachers) in measured.lengths.items()}
    return found | {key: metric for key, metric in lengths.items() if metric} | _macro_f1(measured.labels, draw)


def _metric(value: float, bounds: Bounds, n: int, against: Against | None) -> Metric:
    return Metric(value=value, low=bounds.low, high=bounds.high, n=n, method=bounds.method, against=against)


def _length_ratio(own: Floats, teachers: Floats, draw: Draw) -> Metric | None:
    if not teachers.sum():
        return None
    value, table = float(own.sum() / teachers.sum()), np.stack([own, teachers], axis=1)
    raw = paired_bootstrap(table, lambda sums: sums[:, :1] / sums[:, 1:2], resamples=draw.resamples, seed=draw.seed) if len(own) > 1 else [(value, value)]
    return _metric(value, bounds_of(value, *raw[0]), len(own), Against.TEACHER)


def _macro_f1(table: LabelTable | None, draw: Draw) -> dict[Key, Metric]:
    if table is None:
        return {}
    return {("macroF1", arm): class_scores(table, arm, resamples=draw.resamples, seed=draw.seed).macro_f1 for arm in table.answers}


def latency_metrics(sheet: AnswerSheet, arm: str) -> dict[str, Metric]:
    """Median and 95th percentile; empty for an arm that answered in a batch job."""
    values = latencies(sheet, arm)
    return {name: _latency_metric(values, share) for name, share in LATENCIES.items()} if values.size else {}


def _latency_metric(values: Floats, share: float) -> Metric:
    interval = quantile_interval(values, share)
    return Metric(value=float(np.quantile(values, share)), low=interval.low, high=interval.high, n=len(values), method=interval.method)
