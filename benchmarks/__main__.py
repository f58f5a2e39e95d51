"""`python -m benchmarks [PART ...]`: all parts, or those that are named; prints the tables, writes results.md and
results.json.
"""

import sys
import time
from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from benchmarks import cold_start, convergence, curation, fanout, gate, repeats, scale, soft_hard
from benchmarks.environments import BenchmarkFailed
from benchmarks.results import RESULTS_MD, keep
from benchmarks.tables import TABLES

PARTS: dict[str, Callable[[Console], dict[str, Any]]] = {
    "curation": curation.run,
    "convergence": convergence.run,
    "soft_hard": soft_hard.run,
    "cold_start": cold_start.run,
    "gate": gate.run,
    "repeats": repeats.run,
    "fanout": fanout.run,
    "scale": scale.run,
}


def main(
    parts: Annotated[list[str] | None, typer.Argument(help=f"{', '.join(PARTS)}; all without one.")] = None,
) -> None:
    """Measures, prints, writes."""
    # The tables are wide; where nobody looks at them live they need not wrap.
    console, named = Console(width=None if sys.stdout.isatty() else 150), parts or list(PARTS)
    if unknown := sorted(set(named) - set(PARTS)):
        raise typer.BadParameter(f"no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    for name in named:
        console.print(f"[bold]{name}[/bold]")
        started = time.monotonic()
        _show(console, name, _measured(console, name))
        console.print(f"{name} took {(time.monotonic() - started) / 60:.1f} minutes\n")
    console.print(f"Written: {RESULTS_MD} and results.json")


def _measured(console: Console, name: str) -> dict[str, Any]:
    try:
        return PARTS[name](console)
    except BenchmarkFailed as failure:
        console.print(f"[red]{name} failed:[/red] {escape(str(failure))}")
        raise typer.Exit(1) from failure


def _show(console: Console, name: str, part: dict[str, Any]) -> None:
    keep({name: part})
    for table in TABLES[name](part):
        console.print(table.rich())


if __name__ == "__main__":
    typer.run(main)
