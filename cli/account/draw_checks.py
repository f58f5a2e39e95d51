"""The checks of `doctor` as a table."""

from collections.abc import Sequence

from rich.table import Table

from cli.account.checks import Check, Level

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
