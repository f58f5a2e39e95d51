"""How many holdout items a margin takes, before any money is spent: the design's formula, no AWS."""

import math
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from cli.screen import titled_table
from distillation.evaluation.explanation.what_now import CLEAR_LOSS
from distillation.evaluation.uncertainty.noninferiority import MIN_ITEMS, planned_items, planned_margin
from distillation.records import Record
from distillation.run.evaluation import Gate
from distillation.wording import margin_points, percent

DIFFERS = (0.02, 0.05, 0.1, 0.2, 0.3)
"""Shares of items that student and teacher answer differently, one right and the other wrong."""
MARGINS = (0.02, 0.03, 0.05, 0.1)


class PlanRow(Record, frozen=True):
    """At a share of items that are answered differently: holdout items for each margin, if the student is truly
    equal, and if it is 2 points worse (null: no number is enough). `slice_margin` is the smallest that a slice of
    `gate.minSliceItems` can show.
    """

    differs: float
    equal: list[int]
    worse: list[int | None]
    slice_margin: float


class Plan(Record, frozen=True):
    """Rows for these `margins`. A category needs as many items by itself. `seeds`: for each row and margin how many
    seeds give so many holdout items, at the holdout's share of them.
    """

    margins: list[float]
    min_slice_items: int
    holdout_share: float
    rows: list[PlanRow]
    seeds: list[list[int]]


def plan_for(gate: Gate, holdout_share: float, margins: Sequence[float], differs: Sequence[float]) -> Plan:
    """Without `margins` the usual ones and those of the gate, its slices' too; without `differs` the usual ones."""
    own = {gate.margin, *gate.margins.values(), gate.slice_margin or gate.margin} - {0.0}
    wanted = list(margins) or sorted({*MARGINS, *own})
    rows = [
        PlanRow(
            differs=share,
            equal=[planned_items(share, margin) or MIN_ITEMS for margin in wanted],
            worse=[planned_items(share, margin, CLEAR_LOSS) for margin in wanted],
            slice_margin=planned_margin(share, gate.min_slice_items),
        )
        for share in differs or DIFFERS
    ]
    seeds = [[-int(-items // holdout_share) for items in row.equal] for row in rows]
    return Plan(
        margins=wanted, min_slice_items=gate.min_slice_items, holdout_share=holdout_share, rows=rows, seeds=seeds
    )


def draw_plan(plan: Plan) -> RenderableType:
    """Three tables: equal, 2 points worse, slices."""
    head = tuple(margin_points(margin) for margin in plan.margins)
    equal = titled_table("Holdout items if the student equals the teacher (seeds)", ("answered differently",), head)
    worse = titled_table(f"If it is {margin_points(CLEAR_LOSS)} worse", ("answered differently",), head)
    least = f"margin that {plan.min_slice_items} items show"
    slices = titled_table("A category by itself", ("answered differently",), (least,))
    for row, seeds in zip(plan.rows, plan.seeds, strict=True):
        first = percent(row.differs)
        equal.add_row(first, *(f"{items:,} ({of:,})" for items, of in zip(row.equal, seeds, strict=True)))
        worse.add_row(first, *("never" if items is None else f"{items:,}" for items in row.worse))
        slices.add_row(first, margin_points(math.ceil(row.slice_margin * 1000) / 1000))
    note = (
        "How many items the gate needs to promote in 80 of 100 runs, by margin. The items have references and stand "
        f"alone; where they come in groups, count groups. Seeds are for split.holdoutShare {plan.holdout_share:g}. A "
        "category needs the same numbers by itself. In the demo student and teacher differ on one item in five."
    )
    return Group(equal, Text(), worse, Text(), slices, Text(), Text(note))
