"""A report as tables for the terminal."""

from collections.abc import Callable, Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.report_file import CostResult, DifferenceResult, Interval, ReportFile

VERDICT_STYLES = {"promote": "bold green", "hold": "bold yellow", "reject": "bold red", "failed": "bold red"}
_SHARES = frozenset({"accuracy", "macroF1", "tokenF1", "teacherAgreement", "formatFailureRate", "missingRate"})
_FUNNEL = (
    ("seeds", ("seedsIn", "seeds", "seedsRejected")),
    ("requests", ("requests", "cached", "requestsMissing")),
    ("replies", ("replies", "answers", "answersRejected")),
    ("dataset", ("prompts", "examples", "examplesRejected")),
    ("split", ("train", "validation", "holdout")),
)


def draw_report(report: ReportFile) -> RenderableType:
    """Verdict, arms x metrics, differences, the funnel of counts, the cost: whatever of it the report has."""
    parts: list[RenderableType] = [*_verdict(report)]
    if report.arms:
        parts += ["", _arms(report)]
    if report.differences:
        parts += ["", _differences(report.differences)]
    if report.counts:
        parts += ["", _counts(report.counts)]
    if report.costs and report.costs.lines:
        parts += ["", _costs(report.costs)]
    return Group(*parts)


def _verdict(report: ReportFile) -> Iterator[Text]:
    style = VERDICT_STYLES.get(report.verdict.decision, "bold")
    yield Text.assemble("Run ", (report.run_id, "bold"), " of ", (report.dataset, "bold"), ": ", (report.verdict.decision, style))
    yield from (Text(f"  {reason}") for reason in report.verdict.reasons)


def _arms(report: ReportFile) -> Table:
    """Metrics down, arms across: there are more metrics than arms, and a terminal is narrow."""
    table = Table(title="Holdout: value [95 % interval]", title_justify="left", title_style="bold")
    table.add_column("metric")
    for name, arm in report.arms.items():
        table.add_column(f"{name} (n {arm.n:,})", justify="right")
    for metric in dict.fromkeys(name for arm in report.arms.values() for name in arm.metrics):
        table.add_row(metric, *(_interval(arm.metrics.get(metric), _form(metric)) for arm in report.arms.values()))
    return table


def _differences(differences: tuple[DifferenceResult, ...]) -> Table:
    table = Table(title="Differences on the same items: value [95 % interval]", title_justify="left", title_style="bold")
    for name in ("metric", "arms"):
        table.add_column(name)
    for name in ("difference", "p (Holm)"):
        table.add_column(name, justify="right")
    for line in differences:
        form = _form(line.metric, sign="+")
        p_value = "" if line.p_holm is None else "< 0.001" if line.p_holm < 0.001 else f"{line.p_holm:.3f}"
        table.add_row(line.metric, f"{line.arm} − {line.minus}", _interval(Interval(value=line.value, low=line.low, high=line.high), form), p_value)
    return table


def _form(metric: str, sign: str = "") -> Callable[[float], str]:
    if metric in _SHARES:
        return lambda value: f"{value:{sign}.3f}"
    if metric.endswith("Usd"):
        return lambda value: f"{value:{sign}.4f}"
    return lambda value: f"{value:{sign},.1f}"


def _interval(metric: Interval | None, form: Callable[[float], str]) -> str:
    if metric is None or metric.value is None:
        return "–"
    if metric.low is None and metric.high is None:
        return form(metric.value)
    low, high = ("…" if bound is None else form(bound) for bound in (metric.low, metric.high))
    return f"{form(metric.value)} [{low},\N{NO-BREAK SPACE}{high}]"


def _counts(counts: dict[str, int]) -> Table:
    table = Table(title="What became of the records", title_justify="left", title_style="bold", show_header=False)
    for hop, names in _FUNNEL:
        known = [f"{name} {counts[name]:,}" for name in names if name in counts]
        if known:
            table.add_row(hop, " · ".join(known))
    return table


def _costs(costs: CostResult) -> Table:
    table = Table(title="Cost at list prices", title_justify="left", title_style="bold", show_footer=True)
    total = "" if costs.total_usd is None else f"{costs.total_usd:,.4f} $"
    table.add_column("stage", footer="total")
    for name in ("model", "route"):
        table.add_column(name, overflow="fold")
    for name, footer in (("tokens in", ""), ("tokens out", ""), ("cost", total)):
        table.add_column(name, justify="right", footer=footer)
    for line in costs.lines:
        cost = "no price" if line.usd is None else f"{line.usd:,.4f} $"
        table.add_row(line.stage, line.model, line.route, f"{line.input_tokens:,}", f"{line.output_tokens:,}", cost)
    return table
