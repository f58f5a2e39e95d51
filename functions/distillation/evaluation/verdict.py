"""Scores -> promote, hold or reject, and which of the measured models should answer tomorrow.

    verdict = reach_verdict(scores, settings.gate, storage_usd_month)

Non-inferiority: d = student - yardstick on the same holdout items, with its two-sided 95 % interval. A metric or slice
has passed when the lower end is at or above -margin, is worse when the upper end is below it (also after Holm), else is
open. Promote: all that is gated has passed, and the student is better than the untouched base, not worse than few-shot
and direct, not inferior to the champion, and cheaper than the teacher. Reject: shown worse than teacher, base or
champion. Each side is tested at 2.5 %. Decisions 0016 and 0021 say why. `reasons` puts it in words.
"""

import math
from collections.abc import Collection, Iterable, Sequence

from distillation.evaluation.checks import (
    NOT_WORSE,
    below_minimum,
    checks_of,
    cost_of,
    cost_saved,
    difference_between,
    judged_by_references,
    teacher_below_base,
    unmeasured,
    widest_loss,
    within_margin,
)
from distillation.evaluation.explanation.headline import nothing
from distillation.evaluation.explanation.reasons import with_words
from distillation.evaluation.scores import Check, CheckOutcome, DecidedHoldout, GateDecision, Scores, Verdict
from distillation.records import Arm
from distillation.run.evaluation import Gate

SAME_HOLDOUT = 0.1
"""Share of the items from which on an earlier decision on them counts."""


def reach_verdict(scores: Scores, gate: Gate, storage_usd_month: float | None = None) -> Verdict:
    """The verdict on the student, by the gate of a run's input. `storage_usd_month`: what keeping its model costs."""
    if scores.gate is None or scores.gate.difference.n == 0:
        return Verdict(
            decision=GateDecision.HOLD,
            headline="Hold: there is nothing to decide on.",
            reasons=(nothing(scores),),
            margin=gate.margin,
            serve=Arm.CHAMPION if Arm.CHAMPION in scores.arms else Arm.TEACHER,
        )
    checks, rivals = checks_of(scores, gate)
    even = break_even(scores, storage_usd_month)
    decision = _decision(scores, gate, (*checks, *rivals), even)
    deciding = _deciding(checks, rivals, decision)
    found = Verdict(
        decision=decision,
        headline="",
        reasons=(),
        margin=deciding.margin,
        metric=deciding.metric,
        difference=deciding.difference,
        low=deciding.low,
        high=deciding.high,
        items_needed=deciding.items_needed if decision is GateDecision.HOLD else None,
        slice=deciding.slice,
        cost_saved=cost_saved(scores, Arm.STUDENT),
        checks=checks,
        minus=deciding.minus,
        rivals=rivals,
        serve=_serve(scores, gate, decision),
        break_even=even,
    )
    return with_words(scores, gate, found)


def decisions_on(prompt_ids: Collection[str], others: Iterable[DecidedHoldout]) -> tuple[str, ...]:
    """The runs among `others` that have decided on at least a tenth of these items before."""
    own = frozenset(prompt_ids)
    return tuple(
        one.run_id for one in others if len(own.intersection(one.prompt_ids)) >= max(1, SAME_HOLDOUT * len(own))
    )


def break_even(scores: Scores, storage_usd_month: float | None) -> int | None:
    """Answers a month from which the student and its model's storage cost less than the teacher; None if never."""
    teacher, own = cost_of(scores, Arm.TEACHER), cost_of(scores, Arm.STUDENT)
    if teacher is None or own is None or own >= teacher:
        return None
    return math.ceil(1000 * (storage_usd_month or 0.0) / (teacher - own))


def _decision(scores: Scores, gate: Gate, checks: Sequence[Check], even: int | None) -> GateDecision:
    if any(check.outcome is CheckOutcome.WORSE and check.minus not in NOT_WORSE for check in checks):
        return GateDecision.REJECT
    passed = all(check.outcome is CheckOutcome.PASSED for check in checks if check.gated)
    pays = even is not None and (gate.monthly_answers is None or gate.monthly_answers > even)
    reached = not unmeasured(scores, gate) and not below_minimum(scores, gate)
    sound = _base_was_asked(scores, gate, checks) and not teacher_below_base(scores) and judged_by_references(scores)
    return GateDecision.PROMOTE if passed and pays and reached and sound else GateDecision.HOLD


def _base_was_asked(scores: Scores, gate: Gate, checks: Sequence[Check]) -> bool:
    return not gate.over_base or Arm.BASE not in scores.arms or any(check.minus == Arm.BASE for check in checks)


def _deciding(checks: Sequence[Check], rivals: Sequence[Check], decision: GateDecision) -> Check:
    """The first check for promote, the widest loss for reject; for hold a rival that is shown to be better, else the
    open check against the teacher that needs most items, else the first rival that the student does not stand beside.
    """
    if decision is GateDecision.REJECT:
        every = [*checks, *(rival for rival in rivals if rival.minus not in NOT_WORSE)]
        return widest_loss([check for check in every if check.outcome is CheckOutcome.WORSE])
    if decision is GateDecision.PROMOTE:
        return checks[0]
    better = [rival for rival in rivals if rival.outcome is CheckOutcome.WORSE]
    if better:
        return widest_loss(better)
    open_ones = [check for check in checks if check.gated and check.outcome is CheckOutcome.OPEN]
    missed = [rival for rival in rivals if rival.outcome is not CheckOutcome.PASSED]
    return max(open_ones, key=lambda check: check.items_needed or 0, default=(missed or checks)[0])


def _serve(scores: Scores, gate: Gate, decision: GateDecision) -> str:
    """The student where it is promoted; else the base where it is within the margin of the teacher, else the champion,
    else the simplest arm within the margin, unless another of these is shown to be better; else the teacher.
    """
    if decision is GateDecision.PROMOTE:
        return Arm.STUDENT
    fit = [arm for arm in (Arm.BASE, Arm.FEW_SHOT, Arm.DIRECT) if within_margin(scores, gate, arm)]
    if Arm.CHAMPION in scores.arms:
        fit.insert(Arm.BASE in fit, Arm.CHAMPION)
    first = next(iter(fit), Arm.TEACHER)
    gains = {arm: found for arm in fit[1:] if (found := difference_between(scores, arm, first)) and found.low > 0}
    return max(gains, key=lambda arm: gains[arm].value, default=first)
