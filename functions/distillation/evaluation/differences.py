"""Two arms on the same items -> their difference with its interval and test."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from statistics import NormalDist
from typing import NamedTuple, TypeVar

import msgspec
import numpy as np

from distillation.evaluation.columns import Column
from distillation.evaluation.scores import Difference, Yardstick
from distillation.evaluation.uncertainty.classes import (
    LabelTable,
    class_figures,
    jackknife_interval,
    macro_f1,
    macro_f1_pseudo_values,
)
from distillation.evaluation.uncertainty.noninferiority import TANGO, detectable_difference, holm, spread
from distillation.evaluation.uncertainty.statistics import (
    Bounds,
    Codes,
    Draw,
    Figures,
    Floats,
    bounds_of,
    design_effect,
    graded_interval,
    mcnemar,
    mean_intervals,
    paired_bootstrap,
    sign_flip,
    spread_of,
    tango,
)

K = TypeVar("K")

PERMUTATIONS = 4_999
"""Most of the sign-flip test: p-values down to 0.0002."""
FEW = 10
"""Distinct values of a column that is resampled for itself."""


class Pairing(NamedTuple):
    """Arm `arm` minus arm `minus` in one metric, over the same rows. `yardstick` says what `right` is, where the gate
    looks at it. `lost`: rows on which the service brought no answer of `minus`, which may have been right;
    `own_lost` the same of `arm`.
    """

    metric: str
    arm: str
    minus: str
    left: Column
    right: Column
    yardstick: Yardstick = Yardstick.TEACHER
    lost: frozenset[int] = frozenset()
    own_lost: frozenset[int] = frozenset()

    def within(self, rows: frozenset[int]) -> "Pairing":
        """The same on some of the items."""
        return self._replace(left=self.left.within(rows), right=self.right.within(rows))

    @property
    def gaps(self) -> Column:
        return Column(self.left.rows, self.left.values - self.right.values, self.left.against)

    @property
    def right_or_wrong(self) -> bool:
        """Whether every grade is 0 or 1, so that items can only be won, lost or drawn."""
        return all(bool(((values == 0) | (values == 1)).all()) for values in (self.left.values, self.right.values))


def intervals(columns: Mapping[K, Column], draw: Draw) -> dict[K, Bounds]:
    """The 95 % interval of each column's mean. Columns over the same rows are resampled together."""
    together: dict[tuple[int, ...], list[K]] = defaultdict(list)
    for key, column in columns.items():
        together[column.rows].append(key)
    found: dict[K, Bounds] = {}
    for rows, keys in together.items():
        found |= zip(keys, _together([columns[key].values for key in keys], draw, draw.codes(rows)), strict=True)
    return found


def _together(values: list[Floats], draw: Draw, codes: Codes | None) -> list[Bounds]:
    """Columns of few distinct values alone, as counts, which is quick; the others share their resamples."""
    few = [len(np.unique(column[:100])) < FEW and len(np.unique(column)) < FEW for column in values]
    parts = [[place] for place, is_few in enumerate(few) if is_few] + [
        [place for place, is_few in enumerate(few) if not is_few]
    ]
    found: dict[int, Bounds] = {}
    for places in filter(None, parts):
        table = np.stack([values[place] for place in places], axis=1)
        found |= zip(places, mean_intervals(table, draw, codes), strict=True)
    return [found[place] for place in range(len(values))]


def differences_of(pairings: Sequence[Pairing], draw: Draw) -> list[Difference]:
    """Each pairing's difference, in order. `p_holm` is not corrected yet."""
    boots = intervals({place: pairing.gaps for place, pairing in enumerate(pairings)}, draw)
    return [_difference(pairing, boots[place], draw) for place, pairing in enumerate(pairings)]


def corrected(found: Sequence[Difference]) -> tuple[Difference, ...]:
    """The same with p-values corrected by Holm over the metrics of the same two arms."""
    families: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, one in enumerate(found):
        families[one.arm, one.minus].append(place)
    p_holm: dict[int, float] = {}
    for places in families.values():
        p_holm |= zip(places, holm([found[place].p_value for place in places]), strict=True)
    return tuple(msgspec.structs.replace(one, p_holm=p_holm[place]) for place, one in enumerate(found))


def _difference(pairing: Pairing, boot: Bounds, draw: Draw) -> Difference:
    gaps, codes = pairing.gaps.values, draw.codes(pairing.gaps.rows)
    interval = _interval(pairing, gaps, boot, draw)
    worst, best = (_if_heard(pairing, draw, left=left) for left in (False, True))
    test, p_value = _test(pairing, gaps, draw)
    sd = spread_of(gaps, codes)
    return Difference(
        metric=pairing.metric,
        arm=pairing.arm,
        minus=pairing.minus,
        n=len(gaps),
        value=float(gaps.mean()),
        low=interval.low,
        high=interval.high,
        method=interval.method,
        bootstrap_low=boot.low,
        bootstrap_high=boot.high,
        better=int((gaps > 0).sum()),
        worse=int((gaps < 0).sum()),
        test=test,
        p_value=p_value,
        p_holm=p_value,
        sd=sd,
        detectable=detectable_difference(spread(sd, len(gaps)), len(gaps)),
        worst_low=worst.low if worst else None,
        best_high=best.high if best else None,
        groups=None if codes is None else int(codes.max()) + 1,
    )


def _interval(pairing: Pairing, gaps: Floats, boot: Bounds, draw: Draw) -> Bounds:
    codes = draw.codes(pairing.gaps.rows)
    if pairing.right_or_wrong or not gaps.any():
        return tango(int((gaps > 0).sum()), int((gaps < 0).sum()), len(gaps), design_effect(gaps, codes))
    return graded_interval(gaps, boot, draw, codes)


def _if_heard(pairing: Pairing, draw: Draw, *, left: bool) -> Bounds | None:
    """The interval if all lost answers of the left or right arm were right; None where none was lost."""
    column, lost = (pairing.left, pairing.own_lost) if left else (pairing.right, pairing.lost)
    gone = np.isin(column.rows, list(lost))
    if not gone.any():
        return None
    column = column._replace(values=np.where(gone, 1.0, column.values))
    other = pairing._replace(left=column) if left else pairing._replace(right=column)
    gaps, boot = other.gaps.values, Bounds(1.0, 1.0, TANGO)
    if not other.right_or_wrong:
        boot = mean_intervals(gaps[:, None], draw, draw.codes(other.gaps.rows))[0]
    return _interval(other, gaps, boot, draw)


def _test(pairing: Pairing, gaps: Floats, draw: Draw) -> tuple[str, float]:
    codes = draw.codes(pairing.gaps.rows)
    if pairing.right_or_wrong and codes is None:
        return "mcnemar-exact", mcnemar(int((gaps > 0).sum()), int((gaps < 0).sum()))
    # A group flips its sign as one.
    signed = gaps if codes is None else np.bincount(codes, weights=gaps).astype(float)
    return "sign-flip-permutation", sign_flip(signed, Draw(min(PERMUTATIONS, draw.resamples), draw.seed))


def macro_f1_differences(
    table: LabelTable, pairs: Sequence[tuple[str, str]], draw: Draw, lost: Mapping[str, frozenset[int]]
) -> Iterator[Difference]:
    """Macro F1 of `arm` minus that of `minus`: no mean over items, so interval and test come from jackknife
    pseudo-values. `lost`: arm -> rows, as in a pairing.

    The bootstrap stands beside. It counts a label that a resample lacks as F1 0, so it is too narrow where labels are
    many or rare: it covers 56 to 90 of 100.
    """
    n, codes = len(table.truth), draw.codes(table.rows)
    for arm, minus in pairs if n > 1 else ():
        features, figures = np.hstack([table.features(arm), table.features(minus)]), _macro_f1_gap(len(table.classes))
        value = float(figures(features.sum(axis=0, keepdims=True))[0, 0])
        boot = bounds_of(value, *paired_bootstrap(features, figures, draw, codes)[0])
        left, right = table.answers[arm] == table.truth, table.answers[minus] == table.truth
        sd, bounds = _jackknifed(table, arm, minus, draw)
        p_value = 2 * NormalDist().cdf(-abs(value) * math.sqrt(n) / sd) if sd > 0 else float(value == 0)
        ends = dict(_ends_if_heard(table, (arm, minus), draw, lost))
        yield Difference(
            metric="macroF1",
            arm=arm,
            minus=minus,
            n=n,
            value=value,
            low=bounds.low,
            high=bounds.high,
            method=bounds.method,
            bootstrap_low=boot.low,
            bootstrap_high=boot.high,
            better=int((left & ~right).sum()),
            worse=int((right & ~left).sum()),
            test="jackknife-z",
            p_value=p_value,
            p_holm=p_value,
            sd=sd,
            detectable=detectable_difference(spread(sd, n), n),
            worst_low=ends[minus].low if minus in ends else None,
            best_high=ends[arm].high if arm in ends else None,
            groups=None if codes is None else int(codes.max()) + 1,
        )


def _ends_if_heard(
    table: LabelTable, pair: tuple[str, str], draw: Draw, lost: Mapping[str, frozenset[int]]
) -> Iterator[tuple[str, Bounds]]:
    """For each arm of the pair that lost answers: the interval, had all of them been right."""
    for arm in pair:
        gone = np.isin(table.rows, list(lost.get(arm, ())))
        if gone.any():
            heard = table.answers | {arm: np.where(gone, table.truth, table.answers[arm])}
            yield arm, _jackknifed(table._replace(answers=heard), *pair, draw)[1]


def _jackknifed(table: LabelTable, arm: str, minus: str, draw: Draw) -> tuple[float, Bounds]:
    """The standard deviation of an item's part in the difference of macro F1, and the interval that it makes."""
    gaps = macro_f1_pseudo_values(table, arm) - macro_f1_pseudo_values(table, minus)
    value = macro_f1(table, arm) - macro_f1(table, minus)
    return spread_of(gaps, draw.codes(table.rows)), jackknife_interval(value, gaps, draw.codes(table.rows))


def _macro_f1_gap(classes: int) -> Figures:
    figures, width = class_figures(classes), 3 * classes
    return lambda sums: figures(sums[:, :width])[:, :1] - figures(sums[:, width : 2 * width])[:, :1]
