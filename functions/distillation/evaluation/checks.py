"""Comparisons -> checks against their margins: what is shown, what is open, and how many items would settle it.

Promotion needs every gated check to pass (an intersection-union test), so each is tested at its own level (Berger 1982,
Technometrics 24:295). One check that is shown worse rejects, so Holm corrects the p-values over all of them.
"""

import math
from collections.abc import Iterator, Sequence

import msgspec

from distillation.evaluation.scores import Check, CheckOutcome, Difference, GatedDifference, Scores, Yardstick
from distillation.evaluation.uncertainty.noninferiority import (
    ALPHA,
    holm,
    items_to_settle,
    least_units,
    level_of,
    low_at,
    p_worse,
    units_of,
)
from distillation.records import Arm
from distillation.run.evaluation import Gate
from distillation.task import TaskKind

ALSO_GATED = {TaskKind.JSON: ("schemaValid",)}
"""What gates a task beside its first metric: an answer that nobody can parse is worth nothing."""
NOT_WORSE = frozenset({Arm.FEW_SHOT, Arm.DIRECT})
"""Arms that the student must not be shown worse than. It need not be better: they learn from the same data."""


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
    own = scores.arms[Arm.STUDENT].metrics if Arm.STUDENT in scores.arms else {}
    floors = [metric for metric in gate.minimum if metric not in own]
    return list(dict.fromkeys([*(one for one in gated_metrics(scores, gate) if one not in measured), *floors]))


def below_minimum(scores: Scores, gate: Gate) -> dict[str, float]:
    """Metric -> the lowest score allowed, where the student is not shown to reach it."""
    own = scores.arms[Arm.STUDENT].metrics
    shown = {name: one.low or 0.0 for name, one in own.items() if one.method != "constant"}
    return {name: least for name, least in gate.minimum.items() if name in own and shown.get(name, 0.0) < least}


def checks_of(scores: Scores, gate: Gate) -> tuple[tuple[Check, ...], tuple[Check, ...]]:
    """Against the teacher: every gated metric over the whole holdout and in each slice with enough items, the gate's
    own first. Against the rivals: the first metric over the whole holdout.
    """
    metrics = gated_metrics(scores, gate)
    tested = [
        one for one in scores.comparisons if one.metric in metrics and (one.slice is None or enough(one.difference))
    ]
    tested.sort(key=lambda one: (one.slice is not None, metrics.index(one.metric)))
    rivals = list(_rivals(scores, gate))
    shown = [1.0 if only_overlap(scores, one) else p_worse(one.difference, margin_of(gate, one)) for one in tested]
    shown += [p_worse(one, margin) for one, margin in rivals]
    corrected = holm(shown)
    checks = zip(tested, shown, corrected, strict=False)
    against = zip(rivals, shown[len(tested) :], corrected[len(tested) :], strict=True)
    return (
        tuple(_check(scores, one, gate, p, p_holm) for one, p, p_holm in checks),
        tuple(_rival(scores, one, margin, p, p_holm) for (one, margin), p, p_holm in against),
    )


def difference_between(scores: Scores, arm: str, minus: str) -> Difference | None:
    """Two arms in the gate's first metric."""
    metric = scores.gate.metric if scores.gate else None
    found = (one for one in scores.differences if (one.metric, one.arm, one.minus) == (metric, arm, minus))
    return next(found, None)


def cost_of(scores: Scores, arm: str) -> float | None:
    """USD of 1,000 answers at the on-demand price; None where a price or an answer is missing."""
    found = scores.arms[arm].metrics.get("costPer1000Usd") if arm in scores.arms else None
    return found.value if found else None


def cost_saved(scores: Scores, arm: str) -> float | None:
    """Share of the teacher's cost of an answer that an arm saves; None where it is unknown."""
    teacher, own = cost_of(scores, Arm.TEACHER), cost_of(scores, arm)
    return 1 - own / teacher if teacher and own is not None else None


def teacher_below_base(scores: Scores) -> bool:
    """Whether the untouched base is shown to be better than its teacher."""
    found = difference_between(scores, Arm.BASE, Arm.TEACHER)
    return found is not None and found.low > 0


def judged_by_references(scores: Scores) -> bool:
    """Whether the first metric says what is right. Agreement with the teacher does not: a noisy teacher is easy to
    agree with, a sure one hard.
    """
    return scores.gate is not None and scores.gate.yardstick is Yardstick.TEACHER


def enough(one: Difference) -> bool:
    """Whether a difference rests on enough items, or groups of items, to decide anything."""
    return units_of(one) >= least_units(one)


def lowest(scores: Scores, one: Difference) -> float:
    """The lower end that a promotion rests on: at the level left after earlier decisions on the same items, and with
    lost answers of the other arm counted as right.
    """
    lost = 0.0 if one.worst_low is None else max(0.0, one.low - one.worst_low)
    return low_at(one, level_of(scores.decisions)) - lost


def _highest(one: Difference) -> float:
    """The upper end that a rejection rests on: also with all lost answers of the student as right ones."""
    return one.high if one.best_high is None else max(one.high, one.best_high)


def _rivals(scores: Scores, gate: Gate) -> Iterator[tuple[Difference, float]]:
    """The student minus each rival arm, and the loss that is accepted."""
    asked = {Arm.BASE: gate.over_base, Arm.FEW_SHOT: gate.over_rivals, Arm.DIRECT: gate.over_rivals}
    for arm in (Arm.BASE, Arm.FEW_SHOT, Arm.DIRECT, Arm.CHAMPION):
        found = difference_between(scores, Arm.STUDENT, arm)
        if found and asked.get(arm, True):
            yield found, gate.champion_margin if arm is Arm.CHAMPION else 0.0


def _rival(scores: Scores, one: Difference, margin: float, p: float, p_holm: float) -> Check:
    if one.minus in NOT_WORSE:
        # A promotion is held back by one of them at its own level; it rejects nothing, so no correction is needed.
        passed, worse = one.high >= 0, one.high < 0
    else:
        passed = enough(one) and (
            lowest(scores, one) >= -margin if one.minus == Arm.CHAMPION else lowest(scores, one) > 0
        )
        worse = _highest(one) < -margin and p_holm < ALPHA
    outcome = CheckOutcome.WORSE if worse else CheckOutcome.PASSED if passed else CheckOutcome.OPEN
    return _made(scores, one, margin, outcome, (p, p_holm))


def _check(scores: Scores, one: GatedDifference, gate: Gate, p: float, p_holm: float) -> Check:
    difference, margin = one.difference, margin_of(gate, one)
    worse = _highest(difference) < -margin and p_holm < ALPHA
    passed = lowest(scores, difference) >= -margin and enough(difference)
    outcome = CheckOutcome.WORSE if worse else CheckOutcome.PASSED if passed else CheckOutcome.OPEN
    made = _made(scores, difference, margin, outcome, (p, p_holm))
    return msgspec.structs.replace(
        made,
        slice=one.slice,
        gated=one.slice is None or difference.n >= gate.min_slice_items,
        items_needed=None if only_overlap(scores, one) else made.items_needed,
    )


def _made(scores: Scores, one: Difference, margin: float, outcome: CheckOutcome, p: tuple[float, float]) -> Check:
    """A gated check of the whole holdout. `p`: uncorrected, and corrected."""
    equal = items_if_true(scores, one, margin) if outcome is CheckOutcome.OPEN else None
    return Check(
        metric=one.metric,
        slice=None,
        gated=True,
        n=one.n,
        difference=one.value,
        low=one.low,
        high=one.high,
        margin=margin,
        outcome=outcome,
        p_worse=p[0],
        p_worse_holm=p[1],
        items_needed=equal if equal is not None and equal > scores.n else None,
        minus=one.minus,
    )


def items_if_true(scores: Scores, one: Difference, margin: float, truth: float = 0.0) -> int | None:
    """Items of the whole holdout with which a student whose true difference is `truth` passes in 80 of 100 runs; None
    where `truth` is no better than the limit. It follows from how many items are answered differently, never from the
    difference seen (observed power; Hoenig, Heisey 2001, American Statistician 55:19).
    """
    needed = items_to_settle(truth, margin, one.sd) if truth > -margin else None
    return math.ceil(max(needed, least_units(one)) * scores.n / one.n) if needed else None


def only_overlap(scores: Scores, one: GatedDifference) -> bool:
    """Free text with neither references nor further answers of the teacher: low overlap does not show a worse text."""
    return scores.task.kind is TaskKind.TEXT and one.yardstick is Yardstick.FULL


def widest_loss(checks: Sequence[Check]) -> Check:
    """The check that lies furthest below its margin."""
    return min(checks, key=lambda check: check.difference + check.margin)


def within_margin(scores: Scores, gate: Gate, arm: str) -> bool:
    """Whether an arm is shown to be as good as the teacher within the first metric's margin, and costs no more."""
    found = difference_between(scores, arm, Arm.TEACHER)
    if found is None or scores.gate is None or scores.gate.yardstick is not Yardstick.TEACHER or not enough(found):
        return False
    saved = cost_saved(scores, arm)
    return found.low >= -gate.margins.get(found.metric, gate.margin) and (saved is None or saved > 0)
