"""Comparisons -> checks against their margins: what is shown, what is open, and how many items would settle it.

Promotion needs every gated check to pass, so it is an intersection-union test: each at its own level, no correction
(Berger 1982, Technometrics 24:295). A rejection needs only one check to be shown worse, so the p-values of all of them
are corrected by Holm: one bad slice among many is not a lucky find.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from distillation.evaluation.noninferiority import ALPHA, holm, items_to_settle, p_worse
from distillation.evaluation.scores import Check, Gate, Outcome, Scores, Yardstick
from distillation.task import TaskKind

MIN_ITEMS = 30
"""Under so many items the normal theory behind interval and power is not worth trusting: no check passes, and no slice
is tested.
"""

MARGIN, MIN_SLICE_ITEMS = 0.05, 200

ALSO_GATED = {TaskKind.JSON: ("schemaValid",)}
"""What a task is gated by beside its first metric: an answer that its reader cannot parse is worth nothing, however
right its fields.
"""


class Rules(NamedTuple):
    """The `gate` section of a run's input.

    `margins` are those of single metrics, which are gated by being named; `slice_margin` None is the metric's own.
    """

    margin: float = MARGIN
    margins: Mapping[str, float] = {}
    slice_margin: float | None = None
    min_slice_items: int = MIN_SLICE_ITEMS

    def margin_of(self, comparison: Gate) -> float:
        """The margin of a metric, or of a slice."""
        own = self.margins.get(comparison.metric, self.margin)
        return own if comparison.slice is None or self.slice_margin is None else self.slice_margin


def gated_metrics(scores: Scores, rules: Rules) -> tuple[str, ...]:
    """The metrics that the verdict asks for, the first one first."""
    first = (scores.gate.metric,) if scores.gate else ()
    measured = {comparison.metric for comparison in scores.comparisons}
    also = [metric for metric in ALSO_GATED.get(scores.task.kind, ()) if metric in measured]
    return tuple(dict.fromkeys((*first, *also, *rules.margins)))


def unmeasured(scores: Scores, rules: Rules) -> list[str]:
    """Metrics that are gated but that this run has no figures for."""
    measured = {comparison.metric for comparison in scores.comparisons if comparison.slice is None}
    return [metric for metric in gated_metrics(scores, rules) if metric not in measured]


def checks_of(scores: Scores, rules: Rules) -> tuple[Check, ...]:
    """Every gated metric over the whole holdout and in every slice of at least 30 items; the first is the gate's
    own.
    """
    metrics = gated_metrics(scores, rules)
    tested = [
        one
        for one in scores.comparisons
        if one.metric in metrics and (one.slice is None or one.difference.n >= MIN_ITEMS)
    ]
    tested.sort(key=lambda one: (one.slice is not None, metrics.index(one.metric)))
    shown = [1.0 if only_overlap(scores, one) else p_worse(one.difference, rules.margin_of(one)) for one in tested]
    return tuple(
        _check(scores, one, rules, p, p_holm) for one, p, p_holm in zip(tested, shown, holm(shown), strict=True)
    )


def _check(scores: Scores, one: Gate, rules: Rules, p: float, p_holm: float) -> Check:
    difference, margin = one.difference, rules.margin_of(one)
    outcome = _outcome(one, margin, p_holm)
    return Check(
        metric=one.metric,
        slice=one.slice,
        gated=one.slice is None or difference.n >= rules.min_slice_items,
        n=difference.n,
        difference=difference.value,
        low=difference.low,
        high=difference.high,
        margin=margin,
        outcome=outcome,
        p_worse=p,
        p_worse_holm=p_holm,
        items_needed=_items_needed(scores, one, margin)
        if outcome is Outcome.OPEN and not only_overlap(scores, one)
        else None,
    )


def _outcome(one: Gate, margin: float, p_holm: float) -> Outcome:
    if one.difference.high < -margin and p_holm < ALPHA:
        return Outcome.WORSE
    return Outcome.PASSED if one.difference.low >= -margin and one.difference.n >= MIN_ITEMS else Outcome.OPEN


def _items_needed(scores: Scores, one: Gate, margin: float) -> int | None:
    """Of the whole holdout: a slice grows with it."""
    needed = items_to_settle(one.difference.value, margin, one.difference.sd)
    if needed is None:
        return None
    asked = max(needed, MIN_ITEMS, one.difference.n + 1)
    return math.ceil(asked * scores.n / one.difference.n) if one.slice is not None else asked


def only_overlap(scores: Scores, one: Gate) -> bool:
    """Free text, no references and no second answer of the teacher: low overlap with one wording does not show that a
    text is worse.
    """
    return scores.task.kind is TaskKind.TEXT and one.yardstick is Yardstick.FULL


def widest_loss(checks: Sequence[Check]) -> Check:
    """The check that is the furthest below its margin."""
    return min(checks, key=lambda check: check.difference + check.margin)
