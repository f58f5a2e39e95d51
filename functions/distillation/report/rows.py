"""The rows that the report's tables and forest plots show."""

from collections.abc import Iterator

from distillation.evaluation.scores import Check, CheckOutcome, Difference, GatedDifference, SliceScore, Yardstick
from distillation.records import Arm
from distillation.report.charts.forest import ForestRow
from distillation.report.report import Report
from distillation.wording import metric_name, points

YARDSTICKS = {
    Yardstick.TEACHER: "teacher",
    Yardstick.TEACHER_SELF: "teacher's repeats",
    Yardstick.FULL: "full agreement",
}
OUTCOMES = {
    CheckOutcome.PASSED: ("within the limit", "good"),
    CheckOutcome.OPEN: ("not settled", "wait"),
    CheckOutcome.WORSE: ("worse", "bad"),
}
SMALL = ("too few items", "none")


def checks_by_place(report: Report) -> dict[tuple[str, str | None], Check]:
    """Metric and slice -> what the gate found there."""
    return {(check.metric, check.slice): check for check in report.verdict.checks}


def headline_rows(report: Report) -> list[ForestRow]:
    """The forest plot: the student against its yardstick in every metric, then other pairs in the deciding one."""
    checks = checks_by_place(report)
    whole = [one for one in report.comparisons if one.slice is None]
    rows = [_row(one, checks.get((one.metric, None))) for one in whole]
    shown = {_pair(one.difference) for one in whole}
    metric = judging_metric(report)
    return rows + [
        ForestRow(pair_name(one), one) for one in report.differences if one.metric == metric and _pair(one) not in shown
    ]


def all_rows(report: Report) -> list[ForestRow]:
    """The table below it: every pair of arms in every metric."""
    checks = checks_by_place(report)
    paired = {_pair(one) for one in report.differences}
    extra = [
        _row(one, checks.get((one.metric, None)))
        for one in report.comparisons
        if one.slice is None and _pair(one.difference) not in paired
    ]
    return extra + [ForestRow(pair_name(one), one) for one in report.differences]


def judged_slices(report: Report) -> list[tuple[SliceScore, GatedDifference | None, Check | None]]:
    """The categories, the largest first, each with the student's difference in the deciding metric and its check."""
    metric, checks = judging_metric(report), checks_by_place(report)
    gates = {one.slice: one for one in report.comparisons if one.metric == metric and one.slice is not None}
    return [(part, gates.get(part.name), checks.get((metric, part.name))) for part in report.slices]


def slice_forest(report: Report) -> list[ForestRow]:
    """The same as a forest plot."""
    return [
        ForestRow(f"{part.name} (n {part.n:,})", gated.difference, _margin(check))
        for part, gated, check in judged_slices(report)
        if gated
    ]


def judging_metric(report: Report) -> str:
    """What the verdict looks at first."""
    return report.gate.metric if report.gate else report.verdict.metric or ""


def outcome_in_words(check: Check | None) -> tuple[str, str]:
    """A check's outcome in words, and the tone that goes with it."""
    if check is None:
        return "not tested", "none"
    if check.minus != Arm.TEACHER and check.outcome is CheckOutcome.PASSED:
        return "as asked", "good"
    return SMALL if check.outcome is CheckOutcome.OPEN and not check.gated else OUTCOMES[check.outcome]


def limit_in_words(check: Check) -> str:
    """What a check asks for: a limit in points, or better, or not worse."""
    asked = {Arm.BASE: "better", Arm.FEW_SHOT: "not worse", Arm.DIRECT: "not worse"}
    return asked.get(Arm(check.minus), points(-check.margin))


def missing_in_words(report: Report) -> Iterator[str]:
    """Arms with answers that are missing or cannot be read."""
    for arm, score in report.arms.items():
        if score.errors:
            yield f"{arm}: " + ", ".join(f"{reason} {count:,}" for reason, count in score.errors.items())


def _row(one: GatedDifference, check: Check | None) -> ForestRow:
    name = f"{metric_name(one.metric)}: {Arm.STUDENT} − {YARDSTICKS[one.yardstick]}"
    return ForestRow(name, one.difference, _margin(check), outcome_in_words(check)[0] if check else "")


def _margin(check: Check | None) -> float | None:
    return check.margin if check else None


def pair_name(one: Difference) -> str:
    """Metric and arms of a difference."""
    return f"{metric_name(one.metric)}: {one.arm} − {one.minus}"


def _pair(one: Difference) -> tuple[str, str, str]:
    return one.metric, one.arm, one.minus
