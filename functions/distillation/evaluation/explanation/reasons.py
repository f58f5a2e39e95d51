"""A verdict in words: why it is what it is. `headline` says it in one sentence, `what_now` what would change it."""

from collections.abc import Iterator, Mapping

import msgspec

from distillation.evaluation.checks import (
    NOT_WORSE,
    below_minimum,
    difference_between,
    enough,
    lowest,
    only_overlap,
    unmeasured,
    within_margin,
)
from distillation.evaluation.explanation.headline import NAMED, headline, in_slice
from distillation.evaluation.explanation.warnings import alike_items, chance_level, teacher_warnings
from distillation.evaluation.explanation.what_now import (
    SHORT,
    compared_by_metric,
    deciding_check,
    difference_of,
    what_now,
    within_limit,
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
from distillation.evaluation.uncertainty.noninferiority import TANGO, TRAININGS, least_units, level_of, units_of
from distillation.records import Arm
from distillation.run.evaluation import Gate
from distillation.wording import margin_points, metric_name, p_value, percent, points, usd

SHOWN_CHECKS = 5

_YARDSTICKS = {
    Yardstick.TEACHER: "the teacher's {value}",
    Yardstick.TEACHER_SELF: "{value} for the teacher's own first answer, both beside the teacher's repeated answers",
    Yardstick.FULL: "full agreement with the teacher",
}


def with_words(scores: Scores, gate: Gate, verdict: Verdict) -> Verdict:
    """The verdict with its sentences."""
    verdict = msgspec.structs.replace(verdict, warnings=tuple(teacher_warnings(scores)))
    return msgspec.structs.replace(
        verdict,
        headline=headline(scores, gate, verdict),
        reasons=tuple(_reasons(scores, gate, verdict)),
        warnings=(*verdict.warnings, *alike_items(scores)),
        what_now=tuple(what_now(scores, gate, verdict))[:3],
    )


def _reasons(scores: Scores, gate: Gate, verdict: Verdict) -> Iterator[str]:
    checks, compared = verdict.checks, compared_by_metric(scores)
    yield _comparison(compared[checks[0].metric, checks[0].slice], checks[0])
    for arm, name in SHORT.items():
        if arm != verdict.serve and within_margin(scores, gate, arm):
            yield f"{name[:1].upper()}{name[1:]} {within_limit(scores, arm)}"
    if verdict.decision is GateDecision.HOLD:
        yield from _why_open(scores, verdict)
        yield from _lost(scores, verdict)
        yield from _memory(scores, verdict)
        yield from (f"{metric_name(metric)} is gated, but was not measured." for metric in unmeasured(scores, gate))
    yield from _minimum(scores, gate)
    yield from _others(verdict, compared)
    if (level := chance_level(scores)) is not None:
        yield f"Always answering the most frequent label is right in {percent(level)} of the items with a reference."
    yield from _lifts(scores, verdict)
    yield from _errors(scores, verdict)
    yield from _savings(scores, verdict)
    yield _detectable(scores, checks[0])
    yield from _unguarded(scores, gate, verdict)
    yield from _losses(scores)


def _comparison(gate: GatedDifference, check: Check) -> str:
    yardstick = _YARDSTICKS[gate.yardstick].format(value=percent(gate.yardstick_value))
    side = "above" if check.low >= -check.margin else "below" if check.high < -check.margin else "across"
    lies = {
        "above": "the whole interval lies on the good side of it",
        "below": "the whole interval lies beyond it",
        "across": "the interval reaches across it",
    }
    of, groups = " (mean of its trainings)" if gate.difference.method == TRAININGS else "", gate.difference.groups
    among = "" if groups is None else f" in {groups:,} groups"
    return (
        f"{metric_name(gate.metric)} of the student{of}{in_slice(check)} is {percent(gate.student_value)}, against "
        f"{yardstick}, on the same {check.n:,} items{among}: "
        f"{points(check.difference)} points (95 % interval {points(check.low)} to {points(check.high)}). "
        f"The limit is {points(-check.margin)}: {lies[side]}."
    )


def _why_open(scores: Scores, verdict: Verdict) -> Iterator[str]:
    check = deciding_check(verdict)
    found = difference_of(scores, check)
    if not enough(found):
        unit = "items" if found.groups is None else "groups of items"
        why = "" if found.method == TANGO else " for a metric that is graded, not right or wrong"
        yield f"{units_of(found)} {unit} are too few to promote on: at least {least_units(found)} are needed{why}."
    one = compared_by_metric(scores).get((check.metric, check.slice))
    if check.minus == Arm.TEACHER and one and only_overlap(scores, one):
        yield (
            "There are no references and no second answers of the teacher, and word overlap with a single text does "
            "not tell good from bad. Give references."
        )


def _memory(scores: Scores, verdict: Verdict) -> Iterator[str]:
    """Checks that would pass if these items had decided nothing before."""
    for check in (*verdict.checks, *verdict.rivals):
        if check.outcome is CheckOutcome.OPEN and scores.decisions > 1 and check.low >= -check.margin:
            yield (
                f"These holdout items have decided {scores.decisions - 1:,} runs before, so this one asks for more "
                f"than the 95 % interval: 1 error in {round(1 / level_of(scores.decisions)):,} instead of 1 in 40. The "
                f"lower end is then {points(lowest(scores, difference_of(scores, check)))} points. Tune settings on "
                "the validation side; new seeds give a fresh holdout."
            )
            return


def _lost(scores: Scores, verdict: Verdict) -> Iterator[str]:
    """Checks that pass, or are worse, only if what the service lost had been wrong."""
    for check in (*verdict.checks, *verdict.rivals):
        one = difference_of(scores, check)
        worst = one.worst_low
        if check.outcome is CheckOutcome.OPEN and worst is not None and worst < -check.margin <= one.low:
            yield (
                f"The service lost some answers of {NAMED[Arm(check.minus)]}. A lost answer is not a wrong one: had "
                f"these been right, the student would be up to {points(-worst, sign=False)} points worse. Run again "
                "with the same runId, so that they are asked again."
            )
            return
        if check.outcome is CheckOutcome.OPEN and one.best_high is not None and one.high < -check.margin:
            yield (
                "The service lost some answers of the student. A lost answer is not a wrong one, so the student is not "
                "rejected for them. Run again with the same runId, so that they are asked again."
            )
            return


def _minimum(scores: Scores, gate: Gate) -> Iterator[str]:
    own = scores.arms[Arm.STUDENT].metrics
    for metric, least in below_minimum(scores, gate).items():
        yield (
            f"{metric_name(metric)} of the student is {percent(own[metric].value)} (at least "
            f"{percent(own[metric].low or 0.0)} is shown); {percent(least)} is the lowest allowed."
        )


def _others(verdict: Verdict, compared: Mapping[tuple[str, str | None], GatedDifference]) -> Iterator[str]:
    """The other metrics and slices: those that are worse, then those that are open, and how many passed."""
    checks, family = verdict.checks, len(verdict.checks) + len(verdict.rivals)
    for outcome in (CheckOutcome.WORSE, CheckOutcome.OPEN):
        worse = outcome is CheckOutcome.WORSE
        found = [check for check in checks[1:] if check.outcome is outcome and (check.gated or worse)]
        found.sort(key=lambda check: check.difference + check.margin)
        for check in found[:SHOWN_CHECKS]:
            said, p = _comparison(compared[check.metric, check.slice], check), p_value(check.p_worse_holm)
            yield f"{said} {p[:1].upper()}{p[1:]} after Holm over {family} comparisons." if worse else said
        if len(found) > SHOWN_CHECKS:
            yield f"{len(found) - SHOWN_CHECKS:,} more metrics and slices are {'worse' if worse else 'not settled'}."
    gated = [check for check in checks[1:] if check.gated]
    if gated:
        yield (
            f"{sum(check.outcome is CheckOutcome.PASSED for check in gated):,} of {len(gated):,} further gated metrics "
            "and slices are within their limits."
        )


def _lifts(scores: Scores, verdict: Verdict) -> Iterator[str]:
    asked = {rival.minus: rival for rival in verdict.rivals}
    over = {Arm.BASE: "the untouched base model", Arm.FEW_SHOT: "the base model with examples in its prompt"}
    over |= {Arm.DIRECT: "direct training", Arm.CHAMPION: "the champion"}
    for arm, name in over.items():
        lift = difference_between(scores, Arm.STUDENT, arm)
        if lift is None:
            continue
        gains = "gains" if lift.value >= 0 else "loses"
        limit = _rival_limit(asked[arm]) if arm in asked else ""
        if arm == Arm.DIRECT and scores.direct_prompts is not None:
            limit += f" Direct training had {scores.direct_prompts:,} prompts with a reference; it costs no teacher."
        if arm == Arm.FEW_SHOT and scores.few_shot:
            drawn, spread = [percent(value) for value in scores.few_shot.values.values()], scores.few_shot.spread
            limit += (
                f" Few-shot is the mean of {len(drawn)} draws of examples: {', '.join(drawn)}; they lie "
                f"{points(spread, sign=False)} points apart (standard deviation)."
            )
        yield (
            f"Over {name} the student {gains} {points(abs(lift.value), sign=False)} points "
            f"(95 % interval {points(lift.low)} to {points(lift.high)}; {p_value(lift.p_holm)} after Holm over this "
            f"pair's metrics).{limit}"
        )


def _rival_limit(rival: Check) -> str:
    if rival.outcome is CheckOutcome.PASSED:
        return ""
    if rival.minus in NOT_WORSE:
        return " A promotion requires that no such arm is shown to be better."
    if rival.minus == Arm.BASE:
        return " A promotion requires a gain that is shown: the interval must lie above 0."
    lies = "the whole interval lies beyond it" if rival.high < -rival.margin else "the interval reaches across it"
    return f" The limit is {points(-rival.margin)}: {lies}."


def _errors(scores: Scores, verdict: Verdict) -> Iterator[str]:
    """A margin that is wider than all that the teacher gets wrong hides a multiple of its errors."""
    one, check = compared_by_metric(scores)[verdict.checks[0].metric, None], verdict.checks[0]
    teacher, student = 1 - one.yardstick_value, 1 - one.student_value
    if one.yardstick is Yardstick.TEACHER and 0 < teacher < check.margin:
        yield (
            f"The limit of {margin_points(check.margin)} is wider than the teacher's error rate of {percent(teacher)}: "
            f"the student errs {student / teacher:.1f} times as often."
        )


def _savings(scores: Scores, verdict: Verdict) -> Iterator[str]:
    saved = verdict.cost_saved
    if saved is None:
        yield "What the student saves is not known: a price is missing in prices.json, or an arm has no answer."
        return
    teacher, student = (scores.arms[arm].metrics["costPer1000Usd"].value for arm in (Arm.TEACHER, Arm.STUDENT))
    less = f"{percent(saved)} less" if saved >= 0 else f"{percent(-saved)} more"
    even = ""
    if verdict.break_even:
        even = f" Keeping its model costs too: it pays from {verdict.break_even:,} answers a month on."
    yield (
        f"1,000 answers of the student cost {usd(student)}, of the teacher {usd(teacher)}: {less}, at on-demand "
        f"prices.{even}"
    )


def _detectable(scores: Scores, check: Check) -> str:
    detectable = points(compared_by_metric(scores)[check.metric, check.slice].difference.detectable, sign=False)
    return (
        f"With {check.n:,} items a true difference of {detectable} points shows in 80 of 100 runs. A smaller one is "
        "often missed."
    )


def _unguarded(scores: Scores, gate: Gate, verdict: Verdict) -> Iterator[str]:
    """Every slice that could not hold the student back, and why."""
    metric = verdict.checks[0].metric
    guarded = {check.slice for check in verdict.checks if check.metric == metric and check.gated}
    small = [one for one in scores.slices if one.name not in guarded]
    if small:
        compared = compared_by_metric(scores)
        counts = {one.name: compared[metric, one.name].difference.n for one in small if (metric, one.name) in compared}
        named = ", ".join(f"{one.name!r} ({_counted(counts.get(one.name, 0), one.n)})" for one in small)
        yield (
            f"{len(small):,} of {len(scores.slices):,} slices could not hold the student back, because they have fewer "
            f"than {gate.min_slice_items:,} items that count (gate.minSliceItems): {named}."
        )
    if scores.slices_left_out:
        yield f"{scores.slices_left_out:,} smaller categories were not tested."


def _counted(counted: int, n: int) -> str:
    return f"{n:,}" if counted == n else f"{counted:,} of {n:,}"


def _losses(scores: Scores) -> Iterator[str]:
    for arm, score in scores.arms.items():
        if score.missing or score.format_failures:
            yield (
                f"{arm}: {score.missing:,} of {score.n:,} items without an answer and {score.format_failures:,} "
                "unreadable; they count as wrong."
            )
    if scores.unusable_references:
        yield f"{scores.unusable_references:,} references are not valid answers of this task and were left out."
