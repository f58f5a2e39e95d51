"""The findings of a validation for the terminal."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.files.validate import Findings

SHOWN_SEEDS = 200


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
