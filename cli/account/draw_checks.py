"""The checks of `doctor` as a table."""

from collections.abc import Sequence

from rich.table import Table

from cli.account.assumptions import ASSUMPTIONS
from cli.account.checks import Check, Level
from cli.account.proof import Finding

_MARKS = {Level.OK: "[green]✓[/]", Level.WARNING: "[yellow]![/]", Level.FAILURE: "[bold red]✗[/]"}


def draw_checks(found: Sequence[Check]) -> Table:
    """One line a check, with what to do below what was found."""
    table = Table("", "looked at", "found", box=None, pad_edge=False)
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
    table = Table("", "assumption", "found", box=None, pad_edge=False)
    for finding in found:
        mark = _MARKS[Level.OK if finding.holds else Level.FAILURE]
        table.add_row(mark, ASSUMPTIONS[finding.assumption], finding.found)
    known = {finding.assumption for finding in found}
    for name, says in ASSUMPTIONS.items():
        if name not in known:
            table.add_row(_MARKS[Level.WARNING], says, "not proven")
    return table
