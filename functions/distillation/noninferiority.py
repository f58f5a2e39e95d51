"""The tests of the gate, from the counts and moments that stand in the scores. Standard library only: the verdict needs no numerical library.

A difference is arm minus yardstick in a metric where more is better; the margin is the loss that is accepted, so "worse" means a true difference under -margin.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist

from distillation.scores import Difference

TANGO = "tango-score"


def tango_score(better: int, worse: int, n: int, difference: float) -> float:
    """Tango's score statistic of a paired difference (better - worse) / n against the hypothetical `difference`: standard normal where that is the true one.

    Tango 1998, Statistics in Medicine 17:891, equations 24 to 26: the variance is the one under the hypothesis.
    """
    linear = -better - worse + (2 * n - better + worse) * difference
    share = (math.sqrt(max(linear**2 + 8 * n * worse * difference * (1 - difference), 0.0)) - linear) / (4 * n)
    variance = n * (2 * share + difference * (1 - difference))
    return (better - worse - n * difference) / math.sqrt(max(variance, 1e-18))


def p_worse(difference: Difference, margin: float) -> float:
    """One-sided p-value of "not worse than the margin" (true difference >= -margin): small where the loss beyond it is shown.

    Tango's score test for right and wrong, else the z test on the mean of the item differences (both are normal for the items that the gate asks for).
    """
    if difference.method == TANGO:
        return NormalDist().cdf(tango_score(difference.better, difference.worse, difference.n, max(-margin, -1 + 1e-12)))
    if difference.sd == 0:
        return 0.0 if difference.value < -margin else 1.0
    return NormalDist().cdf((difference.value + margin) * math.sqrt(difference.n) / difference.sd)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction over `p_values` (Holm 1979), in their order."""
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda index: p_values[index])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted
