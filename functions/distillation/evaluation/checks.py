"""Comparisons -> checks against their margins: what is shown, what is open, and how many items would settle it.

Promotion needs every gated check to pass, so it is an intersection-union test: each at its own level, no correction
(Berger 1982, Technometrics 24:295). A rejection needs only one check to be shown worse, so the p-values of all of them
are corrected by Holm: one bad slice among many is not a lucky find.
"""

import math
from collections.abc import Sequence

from distillation.evaluation.noninferiority import ALPHA, holm, items_to_settle, p_worse
from distillation.evaluation.scores import Check, CheckOutcome, GatedDifference, Scores, Yardstick
from distillation.run.evaluation import Gate
from distillation.task import TaskKind

MIN_ITEMS = 30
"""Under so many items the normal theory behind interval and power is not worth trusting: no check passes, and no slice
is tested.
"""

REALISTIC = 20
"""More than so many times the items there are is no advice: the difference seen lies beside the limit then."""

ALSO_GATED = {TaskKind.JSON: ("schemaValid",)}
"""What a task is gated by beside its first metric: an answer that its reader cannot parse is worth nothing, however
right its fields.
"""


def margin_of(gate: Gate, comparison: GatedDifference) -> float:
    """The margin of a metric, or of a slice."""
    own = gate.margins.get(comparison.metric, gate.margin)
    return own if comparison.slice is None or gate.slice_margin is None else gate.slice_margin


def gated_metrics(scores: Scores, gate: Gate) -> tuple[str, ...]:
    """The metrics that the verdict asks for, the first one first."""
    first = (scores.gate.metric,) if scores.gate else ()
    measured = {comparison.metric for comparison in scores.comparisons}
    also = [metric for metric in ALSO_GATED.get(scores.task.kind, ()) if metric in measured]
    return tuple(dict.fromkeys((*first, *also, *gate.margins)))


def unmeasured(scores: Scores, gate: Gate) -> list[str]:
    """Metrics that are gated but that this run has no figures for."""
    measured = {comparison.metric for comparison in scores.comparisons if comparison.slice is None}
    return [metric for metric in gated_metrics(scores, gate) if metric not in measured]


def checks_of(scores: Scores, gate: Gate) -> tuple[Check, ...]:
    """Every gated metric over the whole holdout and in every slice of at least 30 items; the first is the gate's
    own.
    """
    metrics = gated_metrics(scores, gate)
    tested = [
        one
        for one in scores.comparisons
        if one.metric in metrics and (one.slice is None or one.difference.n >= MIN_ITEMS)
    ]
    tested.sort(key=lambda one: (one.slice is not None, metrics.index(one.metric)))
    shown = [1.0 if only_overlap(scores, one) else p_worse(one.difference, margin_of(gate, one)) for one in tested]
    return tuple(
        _check(scores, one, gate, p, p_holm) for one, p, p_holm in zip(tested, shown, holm(shown), strict=True)
    )


def _check(scores: Scores, one: GatedDifference, gate: Gate, p: float, p_holm: float) -> Check:
    difference, margin = one.difference, margin_of(gate, one)
    outcome = _outcome(one, margin, p_holm)
    return Check(
        metric=one.metric,
        slice=one.slice,
        gated=one.slice is None or difference.n >= gate.min_slice_items,
        n=difference.n,
        difference=difference.value,
        low=difference.low,
        high=difference.high,
        margin=margin,
        outcome=outcome,
        p_worse=p,
        p_worse_holm=p_holm,
        items_needed=_items_needed(scores, one, margin)
        if outcome is CheckOutcome.OPEN and not only_overlap(scores, one)
        else None,
    )


def _outcome(one: GatedDifference, margin: float, p_holm: float) -> CheckOutcome:
    if one.difference.high < -margin and p_holm < ALPHA:
        return CheckOutcome.WORSE
    return CheckOutcome.PASSED if one.difference.low >= -margin and one.difference.n >= MIN_ITEMS else CheckOutcome.OPEN


def _items_needed(scores: Scores, one: GatedDifference, margin: float) -> int | None:
    """Of the whole holdout: a slice grows with it. None where no realistic number settles it."""
    needed = items_to_settle(one.difference.value, margin, one.difference.sd)
    if needed is None or needed > REALISTIC * max(one.difference.n, MIN_ITEMS):
        return None
    asked = max(needed, MIN_ITEMS, one.difference.n + 1)
    return math.ceil(asked * scores.n / one.difference.n) if one.slice is not None else asked


def items_if_equal(scores: Scores, one: GatedDifference, margin: float) -> int | None:
    """Items of the whole holdout that promote a student in truth equal to its yardstick in 80 of 100 runs: from how
    many items are answered differently, not from the difference seen. None at a margin of 0.
    """
    needed = items_to_settle(0.0, margin, one.difference.sd)
    return math.ceil(max(needed, MIN_ITEMS) * scores.n / one.difference.n) if needed else None


def only_overlap(scores: Scores, one: GatedDifference) -> bool:
    """Free text, no references and no second answer of the teacher: low overlap with one wording does not show that a
    text is worse.
    """
    return scores.task.kind is TaskKind.TEXT and one.yardstick is Yardstick.FULL


def widest_loss(checks: Sequence[Check]) -> Check:
    """The check that is the furthest below its margin."""
    return min(checks, key=lambda check: check.difference + check.margin)
