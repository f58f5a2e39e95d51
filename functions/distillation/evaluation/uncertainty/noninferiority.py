"""Tests and sample sizes of the gate from the counts and moments in the scores. Importing it takes no numerical
library. A difference is arm minus yardstick, where more is better. "Worse" is a true difference under -margin.
"""

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist

from distillation.evaluation.scores import Difference

ALPHA = 0.025
"""One-sided level: the lower end of a two-sided 95 % interval (ICH E9, section 3.3.2, for non-inferiority)."""


POWER = 0.80


def z_value(confidence: float = 1 - 2 * ALPHA) -> float:
    """The normal quantile of a two-sided interval: 1.96 for 0.95."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


def detectable_difference(sd: float, n: int) -> float:
    """Smallest true difference that `n` paired items show (two-sided 5 %) in 80 of 100 repeats: (z_0.975 + z_0.80) sd /
    sqrt(n) (Miller 2024, arXiv 2411.00640, section 5, with one answer an item).
    """
    return _quantiles() * sd / math.sqrt(n)


def items_to_settle(difference: float, margin: float, sd: float) -> int | None:
    """Items that decide in 80 of 100 repeats if `difference` is the true one; None where it lies on the margin.

    ((z_0.975 + z_0.80) sd / (difference + margin))^2: Julious 2004, Statistics in Medicine 23:1921. Where no two
    answers differ (sd 0), the n at which Tango's interval, then z^2 / (n + z^2) on either side, fits into the margin.
    """
    if sd == 0 and difference == 0:
        return math.ceil(z_value() ** 2 * (1 - margin) / margin) if margin > 0 else None
    distance = abs(difference + margin)
    return math.ceil((_quantiles() * sd / distance) ** 2) if distance > 1e-9 else None


def planned_items(differs: float, margin: float, loss: float = 0.0) -> int | None:
    """Items that promote a student which is truly `loss` worse in 80 of 100 runs, where a share `differs` of the items
    is answered differently; None where the loss is no smaller than the margin.
    """
    if loss >= margin:
        return None
    sd = math.sqrt(max(differs - loss**2, 0.0))
    return max(items_to_settle(-loss, margin, sd) or 0, MIN_ITEMS)


def planned_margin(differs: float, items: int) -> float:
    """The smallest margin that so many items can show for an equal student in 80 of 100 runs."""
    return detectable_difference(math.sqrt(differs), items)


def spread(sd: float, n: int) -> float:
    """`sd`; if 0, what `n` items could have missed: the root of Wilson's upper bound z^2 / (n + z^2)."""
    z_squared = z_value() ** 2
    return sd or math.sqrt(z_squared / (n + z_squared))


def _quantiles() -> float:
    return NormalDist().inv_cdf(1 - ALPHA) + NormalDist().inv_cdf(POWER)


TANGO = "tango-score"
TRAININGS = "items-and-trainings"
"""Methods of an interval: of right and wrong items, and of several trainings of the student."""


def tango_score(better: float, worse: float, n: float, difference: float) -> float:
    """Tango's score statistic of (better - worse) / n against the hypothetical `difference`: standard normal where that
    is true (Tango 1998, Statistics in Medicine 17:891, equations 24 to 26).
    """
    linear = -better - worse + (2 * n - better + worse) * difference
    share = (math.sqrt(max(linear**2 + 8 * n * worse * difference * (1 - difference), 0.0)) - linear) / (4 * n)
    variance = n * (2 * share + difference * (1 - difference))
    return (better - worse - n * difference) / math.sqrt(max(variance, 1e-18))


def level_of(decisions: int) -> float:
    """One-sided level of the n-th decision on the same holdout: Bonferroni over the decisions so far. Without it five
    tries pass a student on the margin in 1 of 10 series; with it in at most 2.5 % x (1 + 1/2 + ... + 1/5) = 5.7 % (Dunn
    1961, JASA 56:52; as a sequence Foster, Stine 2008, JRSS B 70:429, "alpha-spending").
    """
    return ALPHA / decisions


def low_at(one: Difference, alpha: float) -> float:
    """The lower end at the one-sided level `alpha`, at most `ALPHA`: that of the parts where there are several
    trainings, Tango's where the scores hold it, else the distance to the 95 % end in proportion to Student's quantiles.
    """
    if alpha >= ALPHA:
        return one.low
    if one.parts:
        return max(-1.0, one.value - half_width(one.parts, alpha))
    if one.method != TANGO or one.groups is not None:
        df = max(units_of(one) - 1, 1)
        return max(-1.0, one.value - (one.value - one.low) * t_quantile(alpha, df) / t_quantile(ALPHA, df))
    z = NormalDist().inv_cdf(1 - alpha)
    low, high = -1 + 1e-12, one.value
    if low >= high or tango_score(one.better, one.worse, one.n, low) <= z:
        return -1.0
    return _halved(low, high, lambda middle: tango_score(one.better, one.worse, one.n, middle) > z)[0]


def _halved(low: float, high: float, is_low: Callable[[float], bool]) -> tuple[float, float]:
    """Two neighbours between which `is_low` turns from true to false: 60 halvings, no numerical library."""
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if is_low(middle) else (low, middle)
    return low, high


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction over `p_values` (Holm 1979), in their order."""
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda index: p_values[index])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted


Parts = tuple[tuple[float, int], ...]
"""Variances and degrees of freedom of independent errors."""


def t_quantile(alpha: float, df: int) -> float:
    """Student's t beyond which a share `alpha` lies."""
    from scipy import special  # noqa: PLC0415 - see above

    return -float(special.stdtrit(df, alpha))


def half_width(parts: Parts, alpha: float) -> float:
    """Half the width of the interval of a sum of independent errors with these variances and degrees of freedom, at the
    one-sided level `alpha`: the root of the summed squares of their own (MOVER: Howe 1974, JASA 69:789; Zou and Donner
    2008, Statistics in Medicine 27:1693).
    """
    return math.hypot(*(math.sqrt(variance) * t_quantile(alpha, df) for variance, df in parts))


def p_beyond(parts: Parts, distance: float) -> float:
    """One-sided p-value of an estimate so far above a limit: the level at which the interval ends there."""
    if distance <= 0:
        return 1 - p_beyond(parts, -distance) if distance else 0.5
    return _halved(0.0, 0.5, lambda alpha: half_width(parts, alpha) > distance)[1]


def p_worse(difference: Difference, margin: float) -> float:
    """One-sided p-value of "not worse than the margin": small where the loss beyond it is shown. Over several trainings
    by their parts; Tango's score test for right and wrong of items that stand alone; else a z test on the mean.
    """
    if difference.parts:
        return p_beyond(difference.parts, -margin - difference.value)
    if difference.method == TANGO and difference.groups is None:
        return NormalDist().cdf(
            tango_score(difference.better, difference.worse, difference.n, max(-margin, -1 + 1e-12))
        )
    return NormalDist().cdf(
        (difference.value + margin) * math.sqrt(difference.n) / spread(difference.sd, units_of(difference))
    )


MIN_ITEMS, MIN_GRADED = 30, 100
"""With fewer items (or groups) no check passes and no slice is tested: the theory needs them. Right and wrong need 30,
graded metrics and macro F1 100.
"""


def units_of(difference: Difference) -> int:
    """How many independent items, or groups of items, a difference rests on."""
    return difference.n if difference.groups is None else difference.groups


def least_units(difference: Difference) -> int:
    """How many units a check needs."""
    return MIN_ITEMS if difference.method == TANGO else MIN_GRADED
