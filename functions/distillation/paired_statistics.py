"""Intervals and tests over items that every arm answered. Rows are items (prompts), columns are what was measured on them.

Items are resampled whole: all columns, so all arms, see the same resamples, and several samples of one prompt stay together (averaged in its row).
"""

import warnings
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from distillation.power import z_value
from distillation.scores import CONFIDENCE

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], Floats]
"""How often each item was drawn (resamples x items) -> one row a resample, one column a figure."""

BATCH = 500
"""Resamples a step: 500 x 2,000 items of weights are 8 MB."""


class Interval(NamedTuple):
    """A 95 % interval and how it was made. None: these items do not bound it."""

    low: float | None
    high: float | None
    method: str


class Bounds(NamedTuple):
    """A 95 % interval that always has both ends."""

    low: float
    high: float
    method: str


def paired_bootstrap(items: int, statistic: Statistic, *, resamples: int, seed: int) -> list[tuple[float, float]]:
    """BCa bootstrap intervals (Efron 1987, by scipy) of every figure of `statistic`; (nan, nan) where the resamples do not vary.

    scipy resamples the item numbers, `statistic` gets how often each item was drawn: one matrix product serves all figures, so 40 figures cost hardly more.
    """

    def of_drawn(drawn: NDArray[np.int64], axis: int = -1) -> Floats:
        rows = np.atleast_2d(drawn)
        figures = statistic(_counts(rows, items)).T
        return figures[:, 0] if drawn.ndim == 1 else figures

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore")
        interval = stats.bootstrap(
            (np.arange(items),),
            of_drawn,
            n_resamples=resamples,
            batch=BATCH,
            vectorized=True,
            confidence_level=CONFIDENCE,
            method="BCa",
            rng=np.random.default_rng(seed),
        ).confidence_interval
    return list(zip(interval.low.tolist(), interval.high.tolist(), strict=True))


def _counts(drawn: NDArray[np.int64], items: int) -> Floats:
    rows = len(drawn)
    places = drawn + np.arange(rows)[:, None] * items
    return np.bincount(places.ravel(), minlength=rows * items).reshape(rows, items).astype(float)


def mean_intervals(columns: Floats, *, resamples: int, seed: int) -> list[Bounds]:
    """95 % intervals of the means of `columns` (items x columns). Where all values are equal, and resamples cannot vary: Wilson for shares, else the value."""
    if len(columns) < 2:
        return [constant_interval(column) for column in columns.T]
    raw = paired_bootstrap(len(columns), lambda counts: _means(counts, columns), resamples=resamples, seed=seed)
    return [_column_bounds(column, low, high) for column, (low, high) in zip(columns.T, raw, strict=True)]


def _means(counts: Floats, columns: Floats) -> Floats:
    # Whole counts times right/wrong add up exactly, so that a resample ties with the sample where it should: BCa reads the ties.
    return np.asarray(counts @ columns / counts.sum(axis=1, keepdims=True))


def _column_bounds(column: Floats, low: float, high: float) -> Bounds:
    return constant_interval(column) if np.ptp(column) == 0 or np.isnan(low) else bounds_of(float(column.mean()), low, high)


def bounds_of(value: float, low: float, high: float) -> Bounds:
    """A bootstrap interval, widened to hold the value itself (BCa can miss it in very small samples); the bare value where the resamples do not vary."""
    if np.isnan(low) or np.isnan(high):
        return Bounds(value, value, "constant")
    return Bounds(min(low, value), max(high, value), "bootstrap-bca")


def constant_interval(column: Floats) -> Bounds:
    """The interval of a column that the bootstrap cannot resample: Wilson for all right or all wrong, the bare value for other figures."""
    if np.isin(column, (0.0, 1.0)).all():
        return wilson(int(column.sum()), len(column))
    return Bounds(float(column.min()), float(column.max()), "constant")


def wilson(successes: int, n: int) -> Bounds:
    """Wilson's score interval of a share (Wilson 1927, by scipy)."""
    interval = stats.binomtest(successes, n).proportion_ci(CONFIDENCE, method="wilson")
    return Bounds(float(interval.low), float(interval.high), "wilson")


def quantile_interval(values: Floats, share: float) -> Interval:
    """Distribution-free interval of a quantile from order statistics (Conover 1999, by scipy). An end is None where so few values do not bound it."""
    interval = stats.quantile_test(values, p=share, q=0).confidence_interval(CONFIDENCE)
    low, high = (None if np.isnan(end) else float(end) for end in interval)
    return Interval(low, high, "order-statistics")


def tango(better: int, worse: int, n: int) -> Bounds:
    """Tango's score interval of the paired difference (better - worse) / n (Tango 1998, Statistics in Medicine 17:891, equations 24 to 26).

    Used for right/wrong outcomes in place of the bootstrap, whose lower end is too high where few items differ (at the edge of a margin of 0.05, with 30 to 60
    items, it passes in 6 of 100 simulated repeats where 2.5 are allowed; Tango's interval in at most 2.6), and which has no width where none differ.
    """
    z, estimate, edge = z_value(CONFIDENCE), (better - worse) / n, 1 - 1e-12

    def score(difference: float) -> float:
        linear = -better - worse + (2 * n - better + worse) * difference
        share = (np.sqrt(max(linear**2 + 8 * n * worse * difference * (1 - difference), 0.0)) - linear) / (4 * n)
        variance = n * (2 * share + difference * (1 - difference))
        return float((better - worse - n * difference) / np.sqrt(max(variance, 1e-18)))

    low = _root(lambda difference: score(difference) - z, -edge, estimate, otherwise=-1.0)
    high = _root(lambda difference: score(difference) + z, estimate, edge, otherwise=1.0)
    return Bounds(low, high, "tango-score")


def _root(function: Callable[[float], float], low: float, high: float, otherwise: float) -> float:
    if low >= high or function(low) <= 0 or function(high) >= 0:
        return otherwise
    return float(optimize.brentq(function, low, high))


def mcnemar(better: int, worse: int) -> float:
    """Two-sided exact McNemar test (the sign test on the items that differ; by scipy's binomtest): the p-value of no difference."""
    return float(stats.binomtest(better, better + worse).pvalue) if better + worse else 1.0


def sign_flip(differences: Floats, *, resamples: int, seed: int) -> float:
    """Two-sided paired permutation test of a mean difference of zero (by scipy): the p-value."""
    if not differences.any():
        return 1.0
    test = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=resamples, batch=BATCH, vectorized=True, rng=np.random.default_rng(seed)
    )
    return float(test.pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction over `p_values` (Holm 1979), in their order."""
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda index: p_values[index])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted


def macro_f1_statistic(truth: NDArray[np.int64], answer: NDArray[np.int64], classes: Sequence[int]) -> Statistic:
    """Macro-averaged F1 as a statistic of counts: the mean over `classes` of 2 hits / (answered + true), 0 where a class neither occurs nor is answered."""
    hits = np.stack([(truth == label) & (answer == label) for label in classes], axis=1).astype(float)
    totals = np.stack([(truth == label).astype(float) + (answer == label) for label in classes], axis=1)

    def macro_f1(counts: Floats) -> Floats:
        total = counts @ totals
        f1: Floats = np.divide(2 * (counts @ hits), total, out=np.zeros_like(total), where=total > 0)
        return np.asarray(f1.mean(axis=1, keepdims=True))

    return macro_f1
