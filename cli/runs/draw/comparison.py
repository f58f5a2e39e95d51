"""A comparison of runs as tables for the terminal."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.runs.draw.report import VERDICT_STYLES, p_value, points_with_interval, with_interval
from cli.screen import titled_table
from distillation.report.comparison import Comparison
from distillation.report.comparison_page import finding
from distillation.report.rows import pair_name
from distillation.wording import metric_name, usd

_TONES = {"good": "bold green", "wait": "bold yellow", "bad": "bold red"}


def draw_comparison(comparison: Comparison) -> RenderableType:
    """What it comes to, the runs, their students in numbers, their differences, and what was set otherwise."""
    return Group(*_parts(comparison))


def _parts(comparison: Comparison) -> Iterator[RenderableType]:
    word, said, tone = finding(comparison)
    yield Text.assemble((word, _TONES[tone]), f". {said}")
    yield from ("", _runs(comparison), "", _arms(comparison))
    if comparison.differences:
        yield from ("", _differences(comparison))
    yield from (
        "",
        _settings(comparison) if comparison.different else Text("Settings and models are the same in all runs."),
    )


def _runs(comparison: Comparison) -> Table:
    title = f"Runs; {comparison.n:,} holdout items are in all of them"
    table = titled_table(title, ("run", "dataset", "verdict"), ("holdout", "lacks", "training lines", "cost"))
    for run in comparison.runs:
        lines = "–" if run.training_lines is None else f"{run.training_lines:,}"
        cost = "–" if run.cost_usd is None else usd(run.cost_usd)
        verdict = Text(run.decision, VERDICT_STYLES.get(run.decision, "bold"))
        items, lacks = f"{len(run.holdout):,}", f"{comparison.lacks[run.run_id]:,}"
        table.add_row(Text(run.run_id), Text(run.dataset), verdict, items, lacks, lines, cost)
    return table


def _arms(comparison: Comparison) -> Table:
    arms = {**comparison.arms, "teacher": comparison.teacher}
    table = titled_table("Students on the same items: value [95 % interval]", ("metric",), tuple(arms))
    for metric in dict.fromkeys(name for arm in arms.values() for name in arm.metrics):
        table.add_row(metric_name(metric), *(with_interval(metric, arm.metrics.get(metric)) for arm in arms.values()))
    return table


def _differences(comparison: Comparison) -> Table:
    table = titled_table(
        "Differences in points: value [95 % interval]", ("metric and runs",), ("difference", "p (Holm)")
    )
    for one in comparison.differences:
        table.add_row(Text(pair_name(one)), points_with_interval(one.value, one.low, one.high), p_value(one.p_holm))
    return table


def _settings(comparison: Comparison) -> Table:
    table = titled_table("What was set otherwise", ("setting",))
    for run in comparison.runs:
        table.add_column(run.run_id, overflow="fold")
    for name, values in comparison.different.items():
        table.add_row(Text(name), *map(Text, values))
    return table
