"""What would change a verdict, or what follows from it: the advice of the page."""

import math
from collections.abc import Iterator, Mapping

from distillation.evaluation.checks import (
    NOT_WORSE,
    cost_saved,
    difference_between,
    enough,
    items_if_true,
    judged_by_references,
    only_overlap,
)
from distillation.evaluation.scores import (
    Check,
    CheckOutcome,
    Difference,
    GatedDifference,
    GateDecision,
    Scores,
    Verdict,
)
from distillation.evaluation.uncertainty.noninferiority import planned_items
from distillation.records import Arm
from distillation.run.evaluation import Gate
from distillation.wording import margin_points, percent, points, usd

CLEAR_LOSS = 0.02
"""The true loss that the second of the two planned numbers of items is about."""
LABELS_ENOUGH = 200
"""References with which right and wrong can be told at all."""
VOLUME = 100_000
"""Answers a month that a saving is told for, where the input names none."""

SHORT = {Arm.BASE: "the base model", Arm.FEW_SHOT: "few-shot", Arm.DIRECT: "direct training"}


def what_now(scores: Scores, gate: Gate, verdict: Verdict) -> Iterator[str]:
    """What would change the verdict, or what follows from it; the most useful first. Warnings are of the teacher."""
    if verdict.serve in (Arm.BASE, Arm.FEW_SHOT, Arm.DIRECT):
        yield f"Use {SHORT[Arm(verdict.serve)]}: it {within_limit(scores, verdict.serve)}"
    if verdict.decision is GateDecision.PROMOTE:
        yield from _at_a_volume(scores, gate, Arm.STUDENT)
        return
    if not judged_by_references(scores):
        yield (
            f"Give references to at least half of the seeds, so that {_labels_enough(scores, gate):,} or more holdout "
            "items carry one: then right and wrong decide, and not how often the student repeats the teacher."
        )
    check = deciding_check(verdict)
    if verdict.warnings:
        yield "Mend the teacher's prompt, or choose another teacher: more prompts would only teach the same errors."
    elif check.minus == Arm.TEACHER and check.outcome is not CheckOutcome.PASSED:
        yield from _items(scores, check)
        yield from _margin(scores, check)
    elif check.minus == Arm.BASE:
        yield "Give more prompts to train on, or more samples (sampling.sampled): training has gained too little."
    elif check.minus in NOT_WORSE:
        yield "Or give the student more to learn from: more prompts, more samples, references for direct training."
    if verdict.decision is GateDecision.REJECT and check.minus == Arm.TEACHER and not verdict.warnings:
        yield "Give more prompts to train on (seeds, expansion), or more samples (sampling.sampled)."
    if verdict.serve == Arm.CHAMPION:
        yield "The champion goes on serving; nothing has to be done."


def _labels_enough(scores: Scores, gate: Gate) -> int:
    """References that would show an equal student in 80 of 100 runs: where it says what the teacher says, both are
    right or both wrong.
    """
    alike = scores.arms[Arm.STUDENT].metrics.get("teacherAgreement")
    needed = planned_items(1 - alike.value, gate.margin) if alike else None
    return max(LABELS_ENOUGH, needed or 0)


def within_limit(scores: Scores, arm: str) -> str:
    """How near to the teacher an arm is, what it needs and what it saves."""
    found, saved = difference_between(scores, arm, Arm.TEACHER), cost_saved(scores, arm)
    gap = f" ({points(found.value)} points, {points(found.low)} to {points(found.high)})" if found else ""
    spared = f" It saves {percent(saved)} of the teacher's cost of an answer." if saved is not None else ""
    needed = {Arm.BASE: "no training", Arm.FEW_SHOT: "only the examples in its prompt", Arm.DIRECT: "no teacher"}
    beside = "better than the teacher" if found and found.low > 0 else "within the limit of the teacher"
    return f"is {beside}{gap} and needs {needed[Arm(arm)]}.{spared}"


def _items(scores: Scores, check: Check) -> Iterator[str]:
    """What a larger holdout would show, from the design."""
    one = compared_by_metric(scores)[check.metric, check.slice]
    if only_overlap(scores, one):
        return
    equal = items_if_true(scores, one.difference, check.margin)
    worse = items_if_true(scores, one.difference, check.margin, -CLEAR_LOSS)
    if equal is None or equal <= scores.n:
        yield (
            "More items would not help: these already show an equal student in 80 of 100 runs. A better student would "
            "pass: give more prompts to train on."
        )
        return
    unit = "" if check.n == scores.n or check.slice is not None else f", of which {check.n:,} count"
    also = f"; if it is {margin_points(CLEAR_LOSS)} worse, about {worse:,}" if worse else ""
    yield (
        f"Give more seeds for a larger holdout: if the student truly equals the teacher, about {equal:,} holdout items "
        f"show it in 80 of 100 runs{also}. This run has {scores.n:,}{unit}."
    )


def _margin(scores: Scores, check: Check) -> Iterator[str]:
    """The margin that these figures would have passed."""
    if -1 < check.low < 0 and enough(difference_of(scores, check)):
        needed = math.ceil(-check.low * 100) / 100
        yield (
            f"A margin of {margin_points(needed)} would have passed. Choose a margin by what a wrong answer costs, "
            "before a run and not after it."
        )


def _at_a_volume(scores: Scores, gate: Gate, arm: str) -> Iterator[str]:
    volume = gate.monthly_answers or VOLUME
    teacher, own = (usd(scores.arms[one].metrics["costPer1000Usd"].value * volume / 1000) for one in (Arm.TEACHER, arm))
    yield f"At {volume:,} answers a month the student's answers cost {own}, the teacher's {teacher}."


def deciding_check(verdict: Verdict) -> Check:
    """The check that the verdict is about."""
    key = verdict.metric, verdict.slice, verdict.minus
    return next(one for one in (*verdict.checks, *verdict.rivals) if (one.metric, one.slice, one.minus) == key)


def difference_of(scores: Scores, check: Check) -> Difference:
    """What a check is about."""
    every = [(None, one) for one in scores.differences] + [(one.slice, one.difference) for one in scores.comparisons]
    found = {(where, one.metric, one.minus): one for where, one in every if one.arm == Arm.STUDENT}
    return found[check.slice, check.metric, check.minus]


def compared_by_metric(scores: Scores) -> Mapping[tuple[str, str | None], GatedDifference]:
    """The comparisons with the teacher by metric and slice, None for all items."""
    return {(one.metric, one.slice): one for one in scores.comparisons}
