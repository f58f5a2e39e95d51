"""Two arms on the same items -> their difference with its interval and test."""

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple, TypeVar

import msgspec
import numpy as np

from distillation.arm_columns import Column
from distillation.paired_statistics import Bounds, Floats, holm, mcnemar, mean_intervals, sign_flip, tango
from distillation.power import detectable_difference, spread
from distillation.scores import Difference

Key = TypeVar("Key")

PERMUTATIONS = 1_999
"""Of the sign-flip test: p-values down to 0.0005, at a fifth of the time of the intervals."""


class Draw(NamedTuple):
    """How often and from which seed items are resampled."""

    resamples: int
    seed: int


class Pairing(NamedTuple):
    """Arm `arm` minus arm `minus` in one metric: their columns over the same rows."""

    metric: str
    arm: str
    minus: str
    left: Column
    right: Column

    @property
    def gaps(self) -> Column:
        return Column(self.left.rows, self.left.values - self.right.values, self.left.against)

    @property
    def right_or_wrong(self) -> bool:
        """Whether every grade is 0 or 1, so that items can only be won, lost or drawn."""
        return bool(np.isin(np.concatenate([self.left.values, self.right.values]), (0.0, 1.0)).all())


def intervals(columns: Mapping[Key, Column], draw: Draw) -> dict[Key, Bounds]:
    """The 95 % interval of each column's mean. Columns over the same rows are resampled together."""
    together: dict[tuple[int, ...], list[Key]] = defaultdict(list)
    for key, column in columns.items():
        together[column.rows].append(key)
    found: dict[Key, Bounds] = {}
    for keys in together.values():
        table = np.stack([columns[key].values for key in keys], axis=1)
        found |= zip(keys, mean_intervals(table, resamples=draw.resamples, seed=draw.seed), strict=True)
    return found


def differences_of(pairings: list[Pairing], draw: Draw) -> list[Difference]:
    """Each pairing's difference, its p-value also corrected by Holm over the metrics of the same two arms."""
    boots = intervals({place: pairing.gaps for place, pairing in enumerate(pairings)}, draw)
    found = [_difference(pairing, boots[place], draw) for place, pairing in enumerate(pairings)]
    families: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, pairing in enumerate(pairings):
        families[pairing.arm, pairing.minus].append(place)
    for places in families.values():
        for place, p_holm in zip(places, holm([found[place].p_value for place in places]), strict=True):
            found[place] = msgspec.structs.replace(found[place], p_holm=p_holm)
    return found


def _difference(pairing: Pairing, boot: Bounds, draw: Draw) -> Difference:
    gaps = pairing.gaps.values
    n, better, worse = len(gaps), int((gaps > 0).sum()), int((gaps < 0).sum())
    interval = tango(better, worse, n) if pairing.right_or_wrong or not gaps.any() else boot
    test, p_value = _test(pairing, gaps, draw)
    sd = float(gaps.std(ddof=1)) if n > 1 else 0.0
    return Difference(
        metric=pairing.metric,
        arm=pairing.arm,
        minus=pairing.minus,
        n=n,
        value=float(gaps.mean()),
        low=interval.low,
        high=interval.high,
        method=interval.method,
        bootstrap_low=boot.low,
        bootstrap_high=boot.high,
        better=better,
        worse=worse,
        test=test,
        p_value=p_value,
        p_holm=p_value,
        sd=sd,
        detectable=detectable_difference(spread(sd, n), n),
    )


def _test(pairing: Pairing, gaps: Floats, draw: Draw) -> tuple[str, float]:
    if pairing.right_or_wrong:
        return "mcnemar-exact", mcnemar(int((gaps > 0).sum()), int((gaps < 0).sum()))
    return "sign-flip-permutation", sign_flip(gaps, resamples=min(PERMUTATIONS, draw.resamples), seed=draw.seed)
