"""Scores -> promote, hold or reject, in words for a manager and numbers for an engineer.

    verdict = decide(scores, margin=0.05)

The rule is non-inferiority: with d = student - yardstick on the same holdout items and its two-sided 95 % interval,
promote when the lower end is at or above -margin, reject when the upper end is below -margin, hold otherwise (not shown either way).
Each side is so tested at 2.5 %: a student that is worse by exactly the margin is promoted in about 2 or 3 of 100 runs.
Under 30 items the normal theory behind interval and power is not worth trusting, and the decision is at best hold.
"""

from collections.abc import Iterator

from distillation.figures import margin_points, metric_name, p_value, percent, points, usd
from distillation.power import items_to_settle
from distillation.records import Arm
from distillation.scores import Decision, Difference, Gate, Scores, Verdict, Yardstick
from distillation.task import TaskKind

__all__ = ["Verdict", "decide"]

MIN_ITEMS = 30

_YARDSTICKS = {
    Yardstick.TEACHER: "the teacher's {value}",
    Yardstick.TEACHER_SELF: "{value} for the teacher's own repeated answers",
    Yardstick.FULL: "full agreement with the teacher",
}


def decide(scores: Scores, *, margin: float) -> Verdict:
    """The verdict on the student. `margin` is the loss in the gate's metric that is accepted, as a share (0.05 = 5 points)."""
    gate = scores.gate
    if gate is None or gate.difference.n == 0:
        return Verdict(decision=Decision.HOLD, headline="Hold: there is nothing to decide on.", reasons=(_nothing(scores),), margin=margin)
    decision, needed = _decision(scores, gate, margin), _items_needed(gate.difference, margin)
    return Verdict(
        decision=decision,
        headline=_headline(decision, gate, margin),
        reasons=tuple(_reasons(scores, gate, decision, margin, needed)),
        margin=margin,
        metric=gate.metric,
        difference=gate.difference.value,
        low=gate.difference.low,
        high=gate.difference.high,
        items_needed=needed if decision is Decision.HOLD else None,
    )


def _nothing(scores: Scores) -> str:
    absent = [arm for arm in (Arm.TEACHER, Arm.STUDENT) if arm not in scores.arms]
    if absent and scores.n:
        return f"No predictions of {' and '.join(absent)}: the gate compares the student with the teacher."
    return f"The holdout has {scores.n} items, none of which has anything to compare with. Give more seeds, or a larger split.holdoutShare."


def _decision(scores: Scores, gate: Gate, margin: float) -> Decision:
    difference = gate.difference
    if difference.high < -margin and not _only_overlap(scores, gate):
        return Decision.REJECT
    return Decision.PROMOTE if difference.low >= -margin and difference.n >= MIN_ITEMS else Decision.HOLD


def _only_overlap(scores: Scores, gate: Gate) -> bool:
    """Free text, no references and no second answer of the teacher: low overlap with one wording does not show that a text is worse."""
    return scores.task.kind is TaskKind.TEXT and gate.yardstick is Yardstick.FULL


def _items_needed(difference: Difference, margin: float) -> int | None:
    needed = items_to_settle(difference.value, margin, difference.sd)
    return None if needed is None else max(needed, MIN_ITEMS, difference.n + 1)


def _headline(decision: Decision, gate: Gate, margin: float) -> str:
    allowed, than = margin_points(margin), "the teacher" if gate.yardstick is Yardstick.TEACHER else "the teacher's answers allow"
    return {
        Decision.PROMOTE: f"Promote: the student matches the teacher, within the {allowed} that were allowed.",
        Decision.HOLD: f"Hold: these items do not show whether the student is within {allowed} of the teacher.",
        Decision.REJECT: f"Reject: the student is worse than {than}, by more than the {allowed} that were allowed.",
    }[decision]


def _reasons(scores: Scores, gate: Gate, decision: Decision, margin: float, needed: int | None) -> Iterator[str]:
    yield _comparison(gate, margin)
    if decision is Decision.HOLD:
        yield from _what_would_settle(scores, gate, needed)
    yield from _lift(scores, gate)
    yield from _savings(scores)
    yield _detectable(gate)
    yield from _losses(scores)


def _comparison(gate: Gate, margin: float) -> str:
    difference = gate.difference
    yardstick = _YARDSTICKS[gate.yardstick].format(value=percent(gate.yardstick_value))
    side = "above" if difference.low >= -margin else "below" if difference.high < -margin else "across"
    lies = {
        "above": "all of the interval lies on the good side of it",
        "below": "all of the interval lies beyond it",
        "across": "the interval reaches across it",
    }
    return (
        f"{metric_name(gate.metric)} of the student is {percent(gate.student_value)}, against {yardstick}, on the same {difference.n:,} items: "
        f"{points(difference.value)} points (95 % interval {points(difference.low)} to {points(difference.high)}). "
        f"The limit is {points(-margin)}: {lies[side]}."
    )


def _what_would_settle(scores: Scores, gate: Gate, needed: int | None) -> Iterator[str]:
    n = gate.difference.n
    if n < MIN_ITEMS:
        yield f"{n} items are too few to promote on: at least {MIN_ITEMS} are asked for."
    if _only_overlap(scores, gate):
        yield "There are no references and no second answers of the teacher, and word overlap with a single text does not tell good from bad. Give references."
    elif needed is None:
        yield "The difference seen lies on the limit itself, so no number of items can be named that would settle it."
    else:
        yield f"About {needed:,} holdout items would settle it in 80 of 100 repeats, if the true difference is the one seen; there are {n:,}."


def _lift(scores: Scores, gate: Gate) -> Iterator[str]:
    for lift in scores.differences:
        if (lift.metric, lift.arm, lift.minus) == (gate.metric, Arm.STUDENT, Arm.BASE):
            gains = "gains" if lift.value >= 0 else "loses"
            yield (
                f"Over the untouched base model the student {gains} {points(abs(lift.value), sign=False)} points "
                f"(95 % interval {points(lift.low)} to {points(lift.high)}; {p_value(lift.p_holm)} after Holm)."
            )


def _savings(scores: Scores) -> Iterator[str]:
    costs = [scores.arms[arm].metrics["costPer1000Usd"].value for arm in (Arm.TEACHER, Arm.STUDENT) if "costPer1000Usd" in scores.arms[arm].metrics]
    if len(costs) == 2 and costs[0] > 0:
        teacher, student = costs
        saved = f"{percent(1 - student / teacher)} less" if student <= teacher else f"{percent(student / teacher - 1)} more"
        yield f"1,000 answers of the student cost {usd(student)}, of the teacher {usd(teacher)}: {saved}, at on-demand prices."


def _detectable(gate: Gate) -> str:
    difference = gate.difference
    detectable = points(difference.detectable, sign=False)
    return f"{difference.n:,} items show a difference of {detectable} points or more in 80 of 100 repeats; a smaller one may go unseen."


def _losses(scores: Scores) -> Iterator[str]:
    for arm, score in scores.arms.items():
        if score.missing or score.format_failures:
            yield f"{arm}: {score.missing:,} of {score.n:,} items without an answer and {score.format_failures:,} unreadable; they count as wrong."
    if scores.unusable_references:
        yield f"{scores.unusable_references:,} references are not an answer of this task and were left out."
