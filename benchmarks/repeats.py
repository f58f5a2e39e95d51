"""How often the interval of `evaluation.repeats` holds the truth, in worlds whose luck of training is known; and how
often a later decision on the same items, whose level is smaller, believes more than is true.

A student is trained anew for every repeat of a world, and a holdout is drawn anew. What an item asks for is the same
for all; beside it every answer has its own luck, and every training moves all its answers together.
"""

import math
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from scipy import stats

from distillation.evaluation.uncertainty.noninferiority import ALPHA, half_width, level_of
from distillation.evaluation.uncertainty.repeats import difference_over_trainings, variance_parts

RIGHT, TEACHER = 0.85, 0.90
"""How often a student of the mean training, and the teacher, are right."""
ITEM_SD = 1.5
"""Of an item's difficulty, where the luck of an answer has 1: two trainings then differ on 12 of 100 items."""
REPEATS = 10_000
WORLDS = tuple((trainings, items, spread) for trainings in (2, 3, 5) for items in (154, 400) for spread in (0, 1, 2, 4))
"""Trainings, items, and the standard deviation of a training's share of right answers, in points."""
LATER = 5
"""The decision on the same items that is looked at: its lower end may lie above the truth in 2.5 % / 5 = 0.5 %."""
_ROOT = math.sqrt(1 + ITEM_SD**2)


class Held(NamedTuple):
    """Whether the interval holds the truth, whether that over the items of all trainings alone does, its width, and
    whether the lower end of a later decision lies above the truth: as it is, and as it was when the 95 % interval was
    widened by the ratio of normal quantiles.
    """

    both: bool
    alone: bool
    width: float
    later: bool
    by_normal: bool


def run(console: Console, share: float = 1.0) -> dict[str, Any]:
    """Coverage in every world with its exact 95 % interval, beside that of the interval over items alone."""
    rows, repeats = [], max(2, round(REPEATS * share))
    for trainings, items, spread in WORLDS:
        with ProcessPoolExecutor(os.cpu_count()) as pool:
            found = np.array(list(pool.map(partial(held, trainings, items, spread), range(repeats), chunksize=100)))
        exact = stats.binomtest(int(found[:, 0].sum()), repeats).proportion_ci(0.95)
        later = stats.binomtest(int(found[:, 3].sum()), repeats).proportion_ci(0.95)
        rows.append(
            {
                "trainings": trainings,
                "items": items,
                "spread": spread,
                "coverage": [float(found[:, 0].mean()), exact.low, exact.high],
                "itemsAlone": float(found[:, 1].mean()),
                "medianWidth": float(np.median(found[:, 2])),
                "later": [float(found[:, 3].mean()), later.low, later.high],
                "laterByNormal": float(found[:, 4].mean()),
            }
        )
        console.print(f"{trainings} trainings, {items} items, spread {spread}: {rows[-1]['coverage'][0]:.1%}")
    return {"worlds": rows, "repeats": repeats, "later": LATER}


def held(trainings: int, items: int, spread: float, seed: int) -> Held:
    """One repeat of a world."""
    student, teacher, truth = world(trainings, items, spread, np.random.default_rng([trainings, items, seed]))
    value, both = difference_over_trainings(student, teacher)
    _, alone = difference_over_trainings(student.mean(axis=0), teacher)
    widened = (value - both.low) * stats.norm.isf(level_of(LATER)) / stats.norm.isf(ALPHA)
    return Held(
        both=both.low <= truth <= both.high,
        alone=alone.low <= truth <= alone.high,
        width=both.high - both.low,
        later=value - half_width(variance_parts(student, teacher, strict=True), level_of(LATER)) > truth,
        by_normal=value - widened > truth,
    )


def world(
    trainings: int, items: int, spread: float, rng: np.random.Generator
) -> tuple[np.typing.NDArray[np.float64], np.typing.NDArray[np.float64], float]:
    """Right and wrong of the student (trainings x items) and of the teacher, and the true difference over all items and
    trainings: a probit model with a random item, a random training, and a luck of the answer.
    """
    ours, theirs = (_ROOT * stats.norm.ppf(share) for share in (RIGHT, TEACHER))
    training_sd = spread / 100 / stats.norm.pdf(ours / _ROOT) * _ROOT
    difficulty = ITEM_SD * rng.standard_normal(items)
    luck = training_sd * rng.standard_normal((trainings, 1)) + rng.standard_normal((trainings, items))
    truth = float(stats.norm.cdf(ours / math.hypot(_ROOT, training_sd))) - TEACHER
    return (
        (ours + difficulty + luck > 0).astype(float),
        (theirs + difficulty + rng.standard_normal(items) > 0).astype(float),
        truth,
    )
