"""A whole number in whole parts, in proportion to weights."""

import math
from collections.abc import Mapping
from typing import TypeVar

K = TypeVar("K")


def apportion(total: int, weights: Mapping[K, float]) -> dict[K, int]:
    """`total` in whole parts in proportion to `weights` (0 or more), by largest remainder; ties go to the earlier key.
    They add up to `total` unless all weights are 0.
    """
    whole = sum(weights.values())
    if whole <= 0:
        return dict.fromkeys(weights, 0)
    exact = {key: total * weight / whole for key, weight in weights.items()}
    parts = {key: math.floor(value) for key, value in exact.items()}
    order = sorted(exact, key=lambda key: parts[key] - exact[key])
    for key in order[: total - sum(parts.values())]:
        parts[key] += 1
    return parts
