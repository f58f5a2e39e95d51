"""A report as tables for the terminal."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.runs.report_file import DifferenceResult, Interval, ReportFile, SliceResult
from cli.screen import titled_table
from distillation.costs.spent import Costs
from distillation.evaluation.scores import Metric
from distillation.records import FunnelStep
from distillation.wording import figure, metric_name, points, usd

VERDICT_STYLES = {"promote": "bold green", "hold": "bold yellow", "reject": "bold red", "failed": "bold red"}
_OUTCOMES = {"passed": "[green]within the limit[/]", "open": "[yellow]not settled[/]", "worse": "[red]worse[/]"}
_SHOWN_SLICES = 12
_FUNNEL = (
    ("seeds", ("seedsIn", "seeds", "seedsRejected")),
    ("prompts", ("prompts", "expanded")),
    ("requests", ("requests", "cached", "requestsMissing")),
    ("replies", ("replies", "answers", "answersRejected")),
    ("dataset", ("promptsLearnt", "examples", "examplesRejected")),
    ("split", ("train", "validation", "holdout")),
)


def draw_report(report: ReportFile) -> RenderableType:
    """Verdict, checks, arms x metrics, differences, slices, counts, funnel and cost, as far as the report has them."""
    tables = (
        report.verdict.checks and _checks(report),
        report.arms and _arms(report),
        report.differences and _differences(report.differences),
        report.slices and _slices(report),
        report.counts and _counts(report.counts),
        report.data and report.data.funnel and _funnel(report.data.funnel),
        report.costs and report.costs.lines and _costs(report.costs),
    )
    return Group(*_verdict(report), *(part for table in tables if table for part in ("", table)))


def _verdict(report: ReportFile) -> Iterator[Text]:
    style = VERDICT_STYLES.get(report.verdict.decision, "bold")
    yield Text.assemble(
        "Run ", (report.run_id, "bold"), " of ", (report.dataset, "bold"), ": ", (report.verdict.decision, style)
    )
    yield from (Text(f"  {warning}", "bold red") for warning in report.verdict.warnings)
    yield from (Text(f"  {reason}") for reason in report.verdict.reasons)
    if report.verdict.serve:
        yield Text.assemble("  To serve, of what was measured: ", (report.verdict.serve, "bold"))
    yield from (Text(f"  > {advice}") for advice in report.verdict.what_now)


def _checks(report: ReportFile) -> Table:
    table = titled_table(
        "What the gate checked: points [95 % interval]",
        ("metric", "against", "where"),
        ("items", "difference", "limit", "outcome"),
    )
    for check in (*report.verdict.checks[:1], *report.verdict.rivals, *report.verdict.checks[1:]):
        outcome = (
            _OUTCOMES.get(check.outcome, check.outcome) if check.gated or check.outcome != "open" else "too few items"
        )
        where = Text("all items" if check.slice is None else check.slice)
        difference, limit = points_with_interval(check.difference, check.low, check.high), points(-check.margin)
        name = metric_name(check.metric)
        table.add_row(name, check.minus, where, f"{check.n:,}", difference, limit, outcome)
    return table


def _arms(report: ReportFile) -> Table:
    """Metrics down, arms across: there are more metrics than arms, and a terminal is narrow."""
    table = titled_table(
        "Holdout: value [95 % interval]",
        ("metric",),
        tuple(f"{name} (n {arm.n:,})" for name, arm in report.arms.items()),
    )
    for metric in dict.fromkeys(name for arm in report.arms.values() for name in arm.metrics):
        table.add_row(
            Text(metric_name(metric)), *(with_interval(metric, arm.metrics.get(metric)) for arm in report.arms.values())
        )
    return table


def _differences(differences: tuple[DifferenceResult, ...]) -> Table:
    table = titled_table(
        "Differences on the same items: points [95 % interval]", ("metric", "arms"), ("difference", "p (Holm)")
    )
    for one in differences:
        table.add_row(
            Text(metric_name(one.metric)),
            f"{one.arm} − {one.minus}",
            points_with_interval(one.value, one.low, one.high),
            p_value(one.p_holm),
        )
    return table


def _slices(report: ReportFile) -> Table:
    """The largest categories, in the metric that the verdict looks at."""
    metric = report.gate.metric if report.gate else ""
    table = titled_table(f"{metric_name(metric)} by category", ("category",), ("items", *report.arms))
    for one in report.slices[:_SHOWN_SLICES]:
        table.add_row(Text(one.name), f"{one.n:,}", *(_value(metric, one, arm) for arm in report.arms))
    if len(report.slices) > _SHOWN_SLICES:
        table.caption = f"{len(report.slices) - _SHOWN_SLICES:,} smaller ones are in the report"
    return table


def _value(metric: str, one: SliceResult, arm: str) -> str:
    found = one.arms.get(arm, {}).get(metric)
    return figure(metric, found.value) if found else "–"


def points_with_interval(value: float, low: float | None, high: float | None) -> str:
    """A difference in points with its interval, where it has one."""
    return (
        points(value)
        if low is None or high is None
        else f"{points(value)} [{points(low)},\N{NO-BREAK SPACE}{points(high)}]"
    )


def p_value(value: float | None) -> str:
    """A p-value for a column of them."""
    return "" if value is None else "< 0.001" if value < 0.001 else f"{value:.3f}"


def with_interval(metric: str, one: Interval | Metric | None) -> str:
    """A metric's value with its unit and interval; a dash where there is none."""
    if one is None or one.value is None:
        return "–"
    if (one.low is None and one.high is None) or one.low == one.high:
        return figure(metric, one.value)
    low, high = ("…" if end is None else figure(metric, end).partition(" ")[0] for end in (one.low, one.high))
    return f"{figure(metric, one.value)} [{low}–{high}]"  # no space: rich breaks at each, the unbreakable one too


def _counts(counts: dict[str, int]) -> Table:
    table = titled_table("What became of the records", ())
    table.show_header = False
    for hop, names in _FUNNEL:
        known = [f"{name} {counts[name]:,}" for name in names if name in counts]
        if known:
            table.add_row(hop, " · ".join(known))
    return table


def _funnel(steps: tuple[FunnelStep, ...]) -> Table:
    table = titled_table("Filter by filter", ("step", "of"), ("came", "kept", "set aside"))
    for step in steps:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in step.rejected.items())
        table.add_row(Text(step.step), step.unit, f"{step.came:,}", f"{step.kept:,}", Text(reasons))
    return table


def _bare(value: float) -> str:
    return usd(value).removesuffix(" USD")


def _costs(costs: Costs) -> Table:
    table = titled_table("Tokens, and USD at list prices", ())
    table.show_footer = True
    for name, footer in (("stage", "total"), ("model", ""), ("route", "")):
        table.add_column(name, footer=footer, no_wrap=True)
    for name, footer in (("in", ""), ("out", ""), ("USD", _bare(costs.total_usd))):
        table.add_column(name, justify="right", footer=footer)
    for line in costs.lines:
        cost = "no price" if line.usd is None else _bare(line.usd)
        model, tokens = line.model.removeprefix("amazon."), (line.input_tokens, line.output_tokens)
        table.add_row(line.stage, model, line.route, *(f"{number:,}" for number in tokens), cost)
    return table
