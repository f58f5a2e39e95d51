"""The one sentence of a verdict: what was found, and what to use."""

from distillation.evaluation.checks import below_minimum, judged_by_references, teacher_below_base, unmeasured
from distillation.evaluation.explanation.what_now import SHORT, compared_by_metric, deciding_check
from distillation.evaluation.scores import Check, CheckOutcome, GateDecision, Scores, Verdict, Yardstick
from distillation.records import Arm
from distillation.run.evaluation import Gate
from distillation.wording import margin_points, metric_name, points

AGREEMENT = frozenset({"teacherAgreement", "teacherTokenF1"})
NAMED = {
    Arm.TEACHER: "the teacher",
    Arm.BASE: "the untouched base model",
    Arm.FEW_SHOT: "few-shot (the base model with examples in its prompt)",
    Arm.STUDENT: "the student",
    Arm.DIRECT: "direct training",
    Arm.CHAMPION: "the champion, which serves today",
}


def nothing(scores: Scores) -> str:
    """Why there is no verdict."""
    absent = [arm for arm in (Arm.TEACHER, Arm.STUDENT) if arm not in scores.arms]
    if absent and scores.n:
        return f"No predictions of {' and '.join(absent)}: the gate compares the student with the teacher."
    return (
        f"The holdout has {scores.n} items, none of which has anything to compare with. Give more seeds, or a "
        "larger split.holdoutShare."
    )


def headline(scores: Scores, gate: Gate, verdict: Verdict) -> str:
    """The decision, what to use instead of the student, and what was found."""
    if verdict.decision is GateDecision.PROMOTE:
        base = next((rival for rival in verdict.rivals if rival.minus == Arm.BASE), None)
        gain = f" and {points(base.difference, sign=False)} points better than the base model" if base else ""
        return f"Promote: {_beside_teacher(verdict.checks[0])}{gain}."
    use = f"use {SHORT[Arm(verdict.serve)]}: " if verdict.serve in SHORT else ""
    return f"{verdict.decision.capitalize()}: {use}{_finding(scores, gate, verdict)}."


def _beside_teacher(check: Check) -> str:
    """What is shown of a student that passed: no more, and no less."""
    if check.metric in AGREEMENT:
        return "the student agrees with the teacher's repeated answers as often as the limit requires"
    if check.high < 0:
        by = f"{points(-check.high, sign=False)} to {points(-check.low, sign=False)} points"
        return f"the student is worse than the teacher, by {by}, within the {margin_points(check.margin)} allowed"
    shown = f"at worst {points(-check.low, sign=False)}" if check.low < 0 else f"at least {points(check.low)}"
    return f"the student is at most {margin_points(check.margin)} worse than the teacher (shown: {shown})"


def _finding(scores: Scores, gate: Gate, verdict: Verdict) -> str:
    deciding = deciding_check(verdict)
    where, allowed = in_slice(deciding), margin_points(deciding.margin)
    if verdict.decision is GateDecision.REJECT:
        limit = "" if deciding.minus == Arm.BASE else f"; {allowed} were allowed"
        return f"the student is worse than {_other(scores, deciding)}, by {_loss(deciding)}{where}{limit}"
    if deciding.outcome is CheckOutcome.PASSED:
        return f"{_beside_teacher(verdict.checks[0])}, but {_but(scores, gate, verdict)}"
    if deciding.minus == Arm.TEACHER:
        return f"these items do not show whether the student is within {allowed} of the teacher{where}"
    if deciding.outcome is CheckOutcome.WORSE:
        name = "it" if deciding.minus == verdict.serve else NAMED[Arm(deciding.minus)]
        return f"{name} is better than the student, by {_loss(deciding)}"
    if deciding.minus == Arm.BASE:
        return f"the student is not shown to be better than the untouched base model ({_interval(deciding)})"
    return f"these items do not show whether the student is within {allowed} of the champion ({_interval(deciding)})"


def _other(scores: Scores, check: Check) -> str:
    if check.minus != Arm.TEACHER:
        return NAMED[Arm(check.minus)]
    yardstick = compared_by_metric(scores)[check.metric, check.slice].yardstick
    return "the teacher" if yardstick is Yardstick.TEACHER else "the teacher's answers allow"


def _loss(check: Check) -> str:
    ends = f"{points(-check.high, sign=False)} to {points(-check.low, sign=False)}"
    name = metric_name(check.metric)
    name = name[:1].lower() + name[1:] if name[1:2].islower() else name
    return f"{points(-check.difference, sign=False)} points of {name} ({ends})"


def _interval(check: Check) -> str:
    return f"{points(check.difference)} points, {points(check.low)} to {points(check.high)}"


def _but(scores: Scores, gate: Gate, verdict: Verdict) -> str:
    low, volume = below_minimum(scores, gate), gate.monthly_answers
    found = {
        "its costs are unknown": verdict.cost_saved is None,
        "it is not cheaper": verdict.cost_saved is not None and verdict.cost_saved <= 0,
        "not every gated metric was measured": bool(unmeasured(scores, gate)),
        "it is not shown to reach the lowest score allowed (gate.minimum)": bool(low),
        f"{volume or 0:,} answers a month save less than keeping its model costs": bool(
            volume and volume <= (verdict.break_even or 0)
        ),
        "the teacher is worse than the untouched base model": teacher_below_base(scores),
        "agreement with the teacher is not correctness": not judged_by_references(scores),
    }
    return next((said for said, holds in found.items() if holds), "the base model has no figures in this metric")


def in_slice(check: Check) -> str:
    """Where a check looked, empty for the whole holdout."""
    return "" if check.slice is None else f" in the slice {check.slice!r}"
