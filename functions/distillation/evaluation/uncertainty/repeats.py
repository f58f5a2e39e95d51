"""A difference over several trainings of the same data: its interval holds the luck of items and of training."""

import math
from collections.abc import Hashable, Sequence

import numpy as np
from scipy import stats

from distillation.evaluation.scores import CONFIDENCE
from distillation.evaluation.uncertainty.noninferiority import TRAININGS, spread
from distillation.evaluation.uncertainty.statistics import Bounds, Codes, Floats, mean_variance


def difference_over_trainings(
    student: Floats, rival: Floats, *, groups: Sequence[Hashable] | None = None
) -> tuple[float, Bounds]:
    """The mean difference of `student` (trainings x items, scores from 0 to 1) and `rival` (items, or its own trainings
    x the same items), and its interval for another holdout and another training. With one training each the interval
    holds the luck of the items alone.

    Items and trainings are crossed random effects. Their variances are the moments of the two-way analysis of variance
    (Searle, Casella and McCulloch 1992, "Variance Components", section 4.3). The squared half widths of both add up
    (MOVER: Howe 1974, JASA 69:789; Zou and Donner 2008, Statistics in Medicine 27:1693), each by Student's t. With
    three trainings 93 to 97 of 100 intervals hold the truth; with two and a spread of 4 points, 90
    (benchmarks/results.md, part repeats).

    Items of one of the `groups` (one an item) share their luck (Liang and Zeger 1986). A rival of one training counts
    as it is. Raises ValueError where the items are not the same, or fewer than two.
    """
    ours, theirs = np.atleast_2d(student), np.atleast_2d(rival)
    if ours.shape[1] != theirs.shape[1] or ours.shape[1] < 2:
        raise ValueError(f"{ours.shape[1]} and {theirs.shape[1]} items, expected as many, and two at least")
    codes = np.unique([str(one) for one in groups], return_inverse=True)[1] if groups else np.arange(ours.shape[1])
    gaps = ours.mean(axis=0) - theirs.mean(axis=0)
    of_items = mean_variance(gaps, codes) or spread(0.0, len(gaps)) ** 2 / len(gaps)
    parts = [(of_items, int(codes.max()))]
    parts += [(_training_variance(arm, codes), len(arm) - 1) for arm in (ours, theirs) if len(arm) > 1]
    half = math.sqrt(sum(variance * stats.t.ppf((1 + CONFIDENCE) / 2, df) ** 2 for variance, df in parts))
    value = float(gaps.mean())
    return value, Bounds(max(-1.0, value - half), min(1.0, value + half), TRAININGS)


def _training_variance(scores: Floats, codes: Codes) -> float:
    """Of the mean over the trainings: what another draw of them would move it by, beyond what the items explain."""
    trainings, means = len(scores), scores.mean(axis=1)
    left = scores - means[:, None] - scores.mean(axis=0) + scores.mean()
    by_items = sum(mean_variance(row, codes) for row in left) / (trainings - 1) / trainings
    return max(float(means.var(ddof=1)) / trainings - by_items, 0.0)
