"""Sample sizes of paired comparisons, by the normal approximation. Standard library only, so that verdict and report need no numerical library."""

import math
from statistics import NormalDist

ALPHA = 0.025
"""One-sided level of the gate: the lower end of a two-sided 95 % interval (the convention of ICH E9, section 3.3.2, for non-inferiority)."""

POWER = 0.80


def z_value(confidence: float = 1 - 2 * ALPHA) -> float:
    """The normal quantile of a two-sided interval: 1.96 for 0.95."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


def detectable_difference(sd: float, n: int) -> float:
    """Smallest true difference that `n` paired items show (two-sided 5 %) in 80 of 100 repeats; `sd` of the item differences.

    (z_0.975 + z_0.80) sd / sqrt(n): Miller 2024, "Adding Error Bars to Evals" (arXiv 2411.00640), section 5, with one answer an item.
    """
    return _quantiles() * sd / math.sqrt(n)


def items_to_settle(difference: float, margin: float, sd: float) -> int | None:
    """Items with which the gate would decide in 80 of 100 repeats, if the true difference were the one seen; None where it lies on the margin.

    ((z_0.975 + z_0.80) sd / (difference + margin))^2: Julious 2004, "Sample sizes for clinical trials with normal data", Statistics in Medicine 23:1921.
    Where no two answers differ (sd 0), the n at which Tango's interval, then z^2 / (n + z^2) on either side, fits into the margin.
    """
    if sd == 0 and difference == 0:
        return math.ceil(z_value() ** 2 * (1 - margin) / margin) if margin > 0 else None
    distance = abs(difference + margin)
    return math.ceil((_quantiles() * sd / distance) ** 2) if distance > 1e-9 else None


def spread(sd: float, n: int) -> float:
    """`sd`, or where no two answers differ, what `n` items could have missed: the root of Wilson's upper bound z^2 / (n + z^2) of the differing share."""
    z_squared = z_value() ** 2
    return sd or math.sqrt(z_squared / (n + z_squared))


def _quantiles() -> float:
    return NormalDist().inv_cdf(1 - ALPHA) + NormalDist().inv_cdf(POWER)
