"""A difference over several trainings of the same data: its interval holds the luck of items and of training."""

from collections.abc import Hashable, Sequence

import numpy as np

from distillation.evaluation.uncertainty.noninferiority import ALPHA, TRAININGS, Parts, half_width, spread
from distillation.evaluation.uncertainty.statistics import Bounds, Codes, Floats, mean_variance


def difference_over_trainings(
    student: Floats, rival: Floats, *, groups: Sequence[Hashable] | None = None
) -> tuple[float, Bounds]:
    """The mean difference of `student` (trainings x items, scores from 0 to 1) and `rival` (items, or its own trainings
    x the same items), and its interval for another holdout and another training. With one training each the interval
    holds the luck of the items alone.

    Items of one of the `groups` (one an item) share their luck (Liang and Zeger 1986). A rival of one training counts
    as it is. Raises ValueError where the items are not the same, or fewer than two.
    """
    value = float(np.mean(student) - np.mean(rival))
    half = half_width(variance_parts(student, rival, groups=groups), ALPHA)
    return value, Bounds(max(-1.0, value - half), min(1.0, value + half), TRAININGS)


def variance_parts(
    student: Floats, rival: Floats, *, groups: Sequence[Hashable] | None = None, strict: bool = False
) -> Parts:
    """Variance and degrees of freedom of the items' mean gap, and of the mean of each side's trainings.

    Items and trainings are crossed random effects. Their variances are the moments of the two-way analysis of variance
    (Searle, Casella and McCulloch 1992, "Variance Components", section 4.3). With three trainings 93 to 97 of 100
    intervals hold the truth; with two and a spread of 4 points, 90 (benchmarks/results.md, part repeats). `strict`:
    without taking off what the items make of the trainings' variance, for levels below 2.5 %. It is an estimate too and
    often takes off all: at 0.5 % an end would err in 3 of 100 runs of two trainings.
    """
    ours, theirs = np.atleast_2d(student), np.atleast_2d(rival)
    if ours.shape[1] != theirs.shape[1] or ours.shape[1] < 2:
        raise ValueError(f"{ours.shape[1]} and {theirs.shape[1]} items, expected as many, and two at least")
    codes = np.unique([str(one) for one in groups], return_inverse=True)[1] if groups else np.arange(ours.shape[1])
    gaps = ours.mean(axis=0) - theirs.mean(axis=0)
    of_items = mean_variance(gaps, codes) or spread(0.0, len(gaps)) ** 2 / len(gaps)
    several = [arm for arm in (ours, theirs) if len(arm) > 1]
    return (
        (of_items, int(codes.max())),
        *((_training_variance(arm, None if strict else codes), len(arm) - 1) for arm in several),
    )


def _training_variance(scores: Floats, codes: Codes | None) -> float:
    """Of the mean over the trainings: what another draw of them would move it by; with `codes` beyond what the items
    explain.
    """
    trainings, means = len(scores), scores.mean(axis=1)
    found = float(means.var(ddof=1)) / trainings
    if codes is None:
        return found
    left = scores - means[:, None] - scores.mean(axis=0) + scores.mean()
    by_items = sum(mean_variance(row, codes) for row in left) / (trainings - 1) / trainings
    return max(found - by_items, 0.0)
