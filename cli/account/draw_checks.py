"""The checks of `doctor` as a table."""

from collections.abc import Sequence
from pathlib import Path

from rich.table import Column, Table

from cli.account.assumptions import ASSUMPTIONS
from cli.account.checks import Check, Level
from cli.account.proof import Finding

_MARKS = {Level.OK: "[green]✓[/]", Level.WARNING: "[yellow]![/]", Level.FAILURE: "[bold red]✗[/]"}


def _table(about: str) -> Table:
    """ARNs and keys are longer than a column: they break and are never cut."""
    return Table("", about, Column("found", overflow="fold"), box=None, pad_edge=False)


def draw_checks(found: Sequence[Check]) -> Table:
    """One line a check, with what to do below what was found."""
    table = _table("looked at")
    for check in found:
        said = check.found + (f"\n→ {check.advice}" if check.advice else "")
        table.add_row(_MARKS[check.level], check.about, said)
    return table


def summary(found: Sequence[Check]) -> str:
    """How many failed, in one sentence."""
    failures, warnings = (sum(check.level is level for check in found) for level in (Level.FAILURE, Level.WARNING))
    if failures:
        return f"{failures} of {len(found)} would stop a run; {warnings} to look at."
    return f"Nothing here would stop a run; {warnings} to look at."


def draw_findings(found: Sequence[Finding]) -> Table:
    """One line an assumption, those that were not proven last."""
    table = _table("assumption")
    for finding in found:
        mark = _MARKS[Level.OK if finding.holds else Level.FAILURE]
        table.add_row(mark, ASSUMPTIONS[finding.assumption], finding.found)
    known = {finding.assumption for finding in found}
    for name, says in ASSUMPTIONS.items():
        if name not in known:
            table.add_row(_MARKS[Level.WARNING], says, "not proven")
    return table


def summary_of_findings(found: Sequence[Finding], folder: Path) -> str:
    """How many hold, and where to read what AWS said."""
    holding, known = sum(finding.holds for finding in found), len({finding.assumption for finding in found})
    return (
        f"{holding} hold, {len(found) - holding} do not, {len(ASSUMPTIONS) - known} not proven. What AWS said: {folder}"
    )
