"""The findings of a validation for the terminal: lines that fit into 80 columns and say each thing once."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from rich.console import Group, RenderableType
from rich.text import Text

from cli.files.estimate import draw_expected
from cli.files.validate import Findings
from distillation.records import RejectedSeed

SHOWN_PLACES = 8


def draw_findings(findings: Findings) -> RenderableType:
    """The seeds that would be set aside, by reason; every problem; what a run would do."""
    return Group(*_parts(findings))


def _parts(findings: Findings) -> Iterator[RenderableType]:
    for seeds in _by_reason(findings.rejected):
        yield from _reason(seeds)
    yield from (Text.assemble(("✗ ", "bold red"), line) for line in findings.fatal)
    yield from (Text.assemble(("! ", "bold yellow"), line) for line in findings.remarks)
    if findings.task and not findings.fatal:
        counts, sides = findings.counts, findings.sides
        usable = f"{counts['seeds']:,} usable, {counts['seedsRejected']:,} set aside."
        yield Text.assemble(("✓ ", "bold green"), f"{counts['seedsIn']:,} seeds: {usable}")
        yield Text(f"  Task: {findings.task.kind}. {findings.task.why}".rstrip())
        yield Text("  Split: " + ", ".join(f"{number:,} {side}" for side, number in sides.items()) + ".")
    if findings.expected:
        yield Text()
        yield draw_expected(findings.expected)


def _by_reason(rejected: Sequence[RejectedSeed]) -> list[list[RejectedSeed]]:
    """The seeds of each field and reason, the most frequent first."""
    what = attrgetter("field", "reason")
    groups = [list(seeds) for _, seeds in groupby(sorted(rejected, key=what), key=what)]
    return sorted(groups, key=len, reverse=True)


def _reason(seeds: list[RejectedSeed]) -> Iterator[Text]:
    first, seeds = seeds[0], sorted(seeds, key=lambda seed: (seed.file, seed.line))
    number = f"{len(seeds):,} seed{'s' if len(seeds) > 1 else ''}"
    yield Text.assemble((f"{number} set aside: ", "bold"), (f"{first.field}: {first.reason}", "bold yellow"))
    yield Text(f"  found {first.found}, expected {first.expected}")
    more = len(seeds) - SHOWN_PLACES
    shown = [f"{seed.file}:{seed.line}" for seed in seeds[:SHOWN_PLACES]]
    yield Text("  " + " ".join(shown) + (f" … and {more:,} more" if more > 0 else ""), style="dim")
    yield Text()
