"""Scores -> promote, hold or reject, in words for a manager and numbers for an engineer.

    verdict = reach_verdict(scores, settings.gate)

The rule is non-inferiority: with d = student - yardstick on the same holdout items and its two-sided 95 % interval,
a metric or slice has passed when the lower end is at or above -margin, is worse when the upper end is below it (also
after Holm), and is open otherwise. Promote when all that is gated has passed and the student is cheaper, reject when
anything is worse, hold otherwise. Each side is so tested at 2.5 %: a student that is worse by exactly the margin is
promoted in about 2 or 3 of 100 runs. Decision 0016 says why.
"""

from collections.abc import Iterator, Mapping, Sequence

from distillation.evaluation.checks import (
    MIN_ITEMS,
    checks_of,
    items_if_equal,
    only_overlap,
    unmeasured,
    widest_loss,
)
from distillation.evaluation.scores import (
    Check,
    CheckOutcome,
    GatedDifference,
    GateDecision,
    Scores,
    Verdict,
    Yardstick,
)
from distillation.records import Arm
from distillation.run.evaluation import Gate
from distillation.wording import margin_points, metric_name, p_value, percent, points, usd

SHOWN_CHECKS = 5

Compared = Mapping[tuple[str, str | None], GatedDifference]
"""Metric and slice -> the student against its yardstick there."""

_YARDSTICKS = {
    Yardstick.TEACHER: "the teacher's {value}",
    Yardstick.TEACHER_SELF: "{value} for the teacher's own repeated answers",
    Yardstick.FULL: "full agreement with the teacher",
}


def reach_verdict(scores: Scores, gate: Gate) -> Verdict:
    """The verdict on the student, by the margins of a run's input."""
    if scores.gate is None or scores.gate.difference.n == 0:
        return Verdict(
            decision=GateDecision.HOLD,
            headline="Hold: there is nothing to decide on.",
            reasons=(_nothing(scores),),
            margin=gate.margin,
        )
    checks, saved = checks_of(scores, gate), cost_saved(scores)
    decision = _decision(checks, saved, unmeasured(scores, gate))
    deciding = _deciding(checks, decision)
    return Verdict(
        decision=decision,
        headline=_headline(decision, _comparisons(scores)[deciding.metric, deciding.slice], deciding, saved),
        reasons=tuple(_reasons(scores, checks, deciding, decision, gate)),
        margin=deciding.margin,
        metric=deciding.metric,
        difference=deciding.difference,
        low=deciding.low,
        high=deciding.high,
        items_needed=deciding.items_needed if decision is GateDecision.HOLD else None,
        slice=deciding.slice,
        cost_saved=saved,
        checks=checks,
    )


def _comparisons(scores: Scores) -> Compared:
    return {(one.metric, one.slice): one for one in scores.comparisons}


def _nothing(scores: Scores) -> str:
    absent = [arm for arm in (Arm.TEACHER, Arm.STUDENT) if arm not in scores.arms]
    if absent and scores.n:
        return f"No predictions of {' and '.join(absent)}: the gate compares the student with the teacher."
    return (
        f"The holdout has {scores.n} items, none of which has anything to compare with. Give more seeds, or a "
        "larger split.holdoutShare."
    )


def cost_saved(scores: Scores) -> float | None:
    """Share of the teacher's cost of an answer that the student saves, at on-demand prices; None where a price or an
    answer is missing.
    """
    costs = [
        scores.arms[arm].metrics["costPer1000Usd"].value
        for arm in (Arm.TEACHER, Arm.STUDENT)
        if "costPer1000Usd" in scores.arms[arm].metrics
    ]
    return 1 - costs[1] / costs[0] if len(costs) == 2 and costs[0] > 0 else None


def _decision(checks: Sequence[Check], saved: float | None, absent: Sequence[str]) -> GateDecision:
    if any(check.outcome is CheckOutcome.WORSE for check in checks):
        return GateDecision.REJECT
    passed = all(check.outcome is CheckOutcome.PASSED for check in checks if check.gated)
    return GateDecision.PROMOTE if passed and not absent and saved is not None and saved > 0 else GateDecision.HOLD


def _deciding(checks: Sequence[Check], decision: GateDecision) -> Check:
    """The first check for promote, the widest loss for reject; for hold the open one that needs most items, or the
    first where no realistic number settles any.
    """
    if decision is GateDecision.REJECT:
        return widest_loss([check for check in checks if check.outcome is CheckOutcome.WORSE])
    open_ones = _open(checks) if decision is GateDecision.HOLD else []
    return max(open_ones, key=lambda check: check.items_needed or 0, default=checks[0])


def _open(checks: Sequence[Check]) -> list[Check]:
    return [check for check in checks if check.gated and check.outcome is CheckOutcome.OPEN]


def _headline(decision: GateDecision, gate: GatedDifference, deciding: Check, saved: float | None) -> str:
    """`gate` is the comparison of the deciding check."""
    allowed = margin_points(deciding.margin)
    where = f" in {_named_slice(deciding)}" if deciding.slice is not None else ""
    if decision is GateDecision.REJECT:
        than = "the teacher" if gate.yardstick is Yardstick.TEACHER else "the teacher's answers allow"
        lost = f"{points(-deciding.difference, sign=False)} points of {_lower(metric_name(deciding.metric))}"
        return f"Reject: the student is worse than {than}, by {lost}{where}; {allowed} were allowed."
    if decision is GateDecision.HOLD and deciding.outcome is not CheckOutcome.PASSED:
        return f"Hold: these items do not show whether the student is within {allowed} of the teacher{where}."
    matches = f"the student matches the teacher, within the {allowed} that were allowed"
    if decision is GateDecision.PROMOTE:
        return f"Promote: {matches}."
    unsaved = (
        "its costs are unknown"
        if saved is None
        else "it is not cheaper"
        if saved <= 0
        else "not all that is asked for was measured"
    )
    return f"Hold: {matches}, but {unsaved}."


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:] if name[1:2].islower() else name


def _named_slice(check: Check) -> str:
    return f"the slice {check.slice!r}"


def _reasons(
    scores: Scores, checks: Sequence[Check], deciding: Check, decision: GateDecision, gate: Gate
) -> Iterator[str]:
    compared = _comparisons(scores)
    yield _comparison(compared[checks[0].metric, checks[0].slice], checks[0])
    if decision is GateDecision.HOLD:
        yield from _what_would_settle(scores, compared[deciding.metric, deciding.slice], deciding)
        yield from (f"{metric_name(metric)} is gated, but was not measured." for metric in unmeasured(scores, gate))
    yield from _others(checks, compared)
    yield from _lifts(scores, checks[0].metric)
    yield from _savings(scores)
    yield _detectable(checks[0], compared)
    yield from _unguarded(scores, gate)
    yield from _losses(scores)


def _comparison(gate: GatedDifference, check: Check) -> str:
    yardstick = _YARDSTICKS[gate.yardstick].format(value=percent(gate.yardstick_value))
    side = "above" if check.low >= -check.margin else "below" if check.high < -check.margin else "across"
    lies = {
        "above": "all of the interval lies on the good side of it",
        "below": "all of the interval lies beyond it",
        "across": "the interval reaches across it",
    }
    where = f" in {_named_slice(check)}" if check.slice is not None else ""
    return (
        f"{metric_name(gate.metric)} of the student{where} is {percent(gate.student_value)}, against {yardstick}, on "
        f"the same {check.n:,} items: "
        f"{points(check.difference)} points (95 % interval {points(check.low)} to {points(check.high)}). "
        f"The limit is {points(-check.margin)}: {lies[side]}."
    )


def _others(checks: Sequence[Check], compared: Compared) -> Iterator[str]:
    """The other metrics and slices: those that are worse, then those that are open, and how many passed."""
    for outcome in (CheckOutcome.WORSE, CheckOutcome.OPEN):
        found = [
            check for check in checks[1:] if check.outcome is outcome and (check.gated or outcome is CheckOutcome.WORSE)
        ]
        found.sort(key=lambda check: check.difference + check.margin)
        for check in found[:SHOWN_CHECKS]:
            said = _comparison(compared[check.metric, check.slice], check)
            holm = (
                f" {p_value(check.p_worse_holm)[:1].upper()}{p_value(check.p_worse_holm)[1:]} after Holm over "
                f"{len(checks)} comparisons."
            )
            yield said + holm if outcome is CheckOutcome.WORSE else said
        if len(found) > SHOWN_CHECKS:
            yield (
                f"{len(found) - SHOWN_CHECKS:,} more metrics and slices are "
                f"{'worse' if outcome is CheckOutcome.WORSE else 'not settled'}."
            )
    gated = [check for check in checks[1:] if check.gated]
    if gated:
        yield (
            f"{sum(check.outcome is CheckOutcome.PASSED for check in gated):,} of {len(gated):,} further gated metrics "
            "and slices are within their limits."
        )


def _what_would_settle(scores: Scores, gate: GatedDifference, check: Check) -> Iterator[str]:
    if check.outcome is CheckOutcome.PASSED:
        return
    if check.n < MIN_ITEMS:
        yield f"{check.n} items are too few to promote on: at least {MIN_ITEMS} are asked for."
    if only_overlap(scores, gate):
        yield (
            "There are no references and no second answers of the teacher, and word overlap with a single text does "
            "not tell good from bad. Give references."
        )
        return
    if check.items_needed is None:
        yield (
            "The difference seen lies beside the limit, so no realistic number of items settles it. A wider margin "
            "would, or a better student: more prompts to train on."
        )
    else:
        yield (
            f"About {check.items_needed:,} holdout items would settle it in 80 of 100 runs, if the true difference is "
            f"the one seen. This run has {scores.n:,}."
        )
    equal = items_if_equal(scores, gate, check.margin)
    if equal is not None and equal > scores.n:
        yield (
            f"About {equal:,} holdout items would promote a student that is in truth as good as the teacher, in 80 of "
            "100 runs."
        )


def _lifts(scores: Scores, metric: str) -> Iterator[str]:
    over = {
        Arm.BASE: "Over the untouched base model",
        Arm.FEW_SHOT: "Over the base model with examples in its prompt",
        Arm.DIRECT: "Over direct training",
    }
    for lift in scores.differences:
        if lift.metric == metric and lift.arm == Arm.STUDENT and lift.minus in over:
            gains = "gains" if lift.value >= 0 else "loses"
            yield (
                f"{over[Arm(lift.minus)]} the student {gains} {points(abs(lift.value), sign=False)} points "
                f"(95 % interval {points(lift.low)} to {points(lift.high)}; {p_value(lift.p_holm)} after Holm)."
            )


def _savings(scores: Scores) -> Iterator[str]:
    saved = cost_saved(scores)
    if saved is None:
        yield "What the student saves is not known: a price is missing in prices.json, or an arm has no answer."
        return
    teacher, student = (scores.arms[arm].metrics["costPer1000Usd"].value for arm in (Arm.TEACHER, Arm.STUDENT))
    less = f"{percent(saved)} less" if saved >= 0 else f"{percent(-saved)} more"
    yield (
        f"1,000 answers of the student cost {usd(student)}, of the teacher {usd(teacher)}: {less}, at on-demand prices."
    )


def _detectable(check: Check, compared: Compared) -> str:
    detectable = points(compared[check.metric, check.slice].difference.detectable, sign=False)
    return (
        f"With {check.n:,} items a true difference of {detectable} points shows in 80 of 100 runs. A smaller one is "
        "often missed."
    )


def _unguarded(scores: Scores, gate: Gate) -> Iterator[str]:
    small = [one.name for one in scores.slices if one.n < gate.min_slice_items]
    if small:
        named = f"{', '.join(map(repr, small[:SHOWN_CHECKS]))}{' ...' if len(small) > SHOWN_CHECKS else ''}"
        yield (
            f"{len(small):,} of {len(scores.slices):,} slices have fewer than {gate.min_slice_items:,} items and "
            f"could not hold the student back: {named}."
        )
    if scores.slices_left_out:
        yield f"{scores.slices_left_out:,} smaller categories were not looked at."


def _losses(scores: Scores) -> Iterator[str]:
    for arm, score in scores.arms.items():
        if score.missing or score.format_failures:
            yield (
                f"{arm}: {score.missing:,} of {score.n:,} items without an answer and {score.format_failures:,} "
                "unreadable; they count as wrong."
            )
    if scores.unusable_references:
        yield f"{scores.unusable_references:,} references are not an answer of this task and were left out."
