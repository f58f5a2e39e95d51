"""The list of runs and the findings of a validation as tables for the terminal."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.files.validate import Findings
from cli.runs.draw_report import VERDICT_STYLES
from cli.runs.durations import elapsed
from cli.runs.observed import Execution

SHOWN_SEEDS = 200
_STATUS_STYLES = {"RUNNING": "cyan", "SUCCEEDED": "green"}


class RunLine(NamedTuple):
    """One execution in the list; `verdict` is "" where there is no report."""

    run_id: str
    execution: Execution
    verdict: str


def draw_runs(lines: Sequence[RunLine], now: datetime) -> RenderableType:
    """Newest first."""
    table = Table(title="Runs, newest first", title_justify="left", title_style="bold")
    for name in ("run", "dataset", "status", "verdict", "started (UTC)"):
        table.add_column(name, overflow="fold")
    table.add_column("took", justify="right")
    for line in lines:
        execution = line.execution
        status = Text(execution.status, style=_STATUS_STYLES.get(execution.status, "red"))
        verdict = Text(line.verdict, style=VERDICT_STYLES.get(line.verdict, ""))
        took = elapsed(execution.started, execution.stopped, now)
        table.add_row(
            line.run_id,
            str(execution.input.get("dataset", "?")),
            status,
            verdict,
            f"{execution.started:%Y-%m-%d %H:%M}",
            took,
        )
    return table


def draw_findings(findings: Findings) -> RenderableType:
    """Every problem, then what a run would do."""
    parts: list[RenderableType] = []
    if findings.rejected:
        parts += [_rejected_seeds(findings), ""]
    parts += [Text.assemble(("✗ ", "bold red"), line) for line in findings.fatal]
    if findings.task and not findings.fatal:
        counts = findings.counts
        parts.append(
            Text.assemble(
                ("✓ ", "bold green"),
                f"{counts['seedsIn']:,} seeds: {counts['seeds']:,} usable, {counts['seedsRejected']:,} set aside.",
            )
        )
        parts.append(Text(f"  Task: {findings.task.kind}. {findings.task.why}".rstrip()))
    return Group(*parts)


def _rejected_seeds(findings: Findings) -> Table:
    table = Table(
        title=f"Seeds that would be set aside: {len(findings.rejected):,}", title_justify="left", title_style="bold"
    )
    for name in ("place", "reason", "found", "expected"):
        table.add_column(name, overflow="fold")
    for seed in findings.rejected[:SHOWN_SEEDS]:
        table.add_row(
            *(
                Text(cell)
                for cell in (f"{seed.file}:{seed.line}", f"{seed.field}: {seed.reason}", seed.found, seed.expected)
            )
        )
    if len(findings.rejected) > SHOWN_SEEDS:
        table.caption = f"The first {SHOWN_SEEDS} are shown."
    return table
