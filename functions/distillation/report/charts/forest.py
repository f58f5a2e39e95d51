"""Differences with their intervals, one below the other, and the limit that each must not fall below."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from distillation.evaluation.scores import Difference
from distillation.report.charts.palette import LIGHT
from distillation.report.charts.style import colour_of, dress, plain, whisker
from distillation.wording import points

ROW_PIXELS = 50
FIGURES = "figures"
"""Name of the annotations that a narrow page leaves out: the table below the chart has the same numbers."""


class ForestRow(NamedTuple):
    """A difference and its name. `margin`: the loss that is accepted, None without a limit. `colour`: a name of the
    palette, else the arm's.
    """

    name: str
    one: Difference
    margin: float | None = None
    outcome: str = ""
    colour: str = ""


def forest(rows: Sequence[ForestRow], x_title: str = "percentage points, with 95 % interval") -> go.Figure:
    """A dot and a whisker a row, its name above them; the limit is a dashed line through the rows that have one."""
    chart = go.Figure([_trace(place, row) for place, row in enumerate(rows)])
    dress(chart, height=64 + ROW_PIXELS * len(rows), x_title=x_title)
    chart.update_yaxes(range=[len(rows) - 0.4, -0.75], showgrid=False, showticklabels=False, ticks="", showline=False)
    chart.update_layout(margin={"l": 4, "r": 4})
    chart.add_vline(x=0, line={"color": LIGHT["muted"], "width": 1})
    for place, row in enumerate(rows):
        _label(chart, place, row)
        if row.margin is not None:
            limit = -100 * row.margin
            line = {"color": LIGHT["bad"], "width": 1.5, "dash": "4px,3px"}
            chart.add_shape(type="line", x0=limit, x1=limit, y0=place - 0.68, y1=place + 0.32, line=line, layer="below")
    _name_limit(chart, rows)
    return chart


def forest_in_words(rows: Iterable[ForestRow]) -> str:
    """The same for those who do not see it."""
    return "; ".join(
        f"{row.name}: {points(row.one.value)} points, {points(row.one.low)} to {points(row.one.high)}" for row in rows
    )


def _trace(place: int, row: ForestRow) -> go.Scatter:
    one, colour = row.one, colour_of(row.colour or row.one.arm)
    return go.Scatter(
        x=[100 * one.value],
        y=[place],
        error_x=whisker(100 * one.value, 100 * one.low, 100 * one.high, colour),
        mode="markers",
        marker={"size": 10, "color": colour, "line": {"width": 0}},
        hovertemplate=f"{points(one.value)} ({points(one.low)} to {points(one.high)})<extra></extra>",
    )


def _label(chart: go.Figure, place: int, row: ForestRow) -> None:
    one, at = (
        row.one,
        {"y": place - 0.42, "xref": "paper", "showarrow": False, "bgcolor": LIGHT["paper"], "borderpad": 1},
    )
    chart.add_annotation(x=0, xanchor="left", text=plain(row.name, 72), font={"color": LIGHT["ink"], "size": 13}, **at)
    numbers = f"{points(one.value)} ({points(one.low)} to {points(one.high)})"
    chart.add_annotation(
        x=1, xanchor="right", text=numbers, font={"color": LIGHT["muted"], "size": 12}, name=FIGURES, **at
    )


def _name_limit(chart: go.Figure, rows: Sequence[ForestRow]) -> None:
    """The limit's own name, where all rows that have one share it."""
    limits = {row.margin for row in rows if row.margin is not None}
    if limits:
        text = f"limit {points(-limits.pop())}" if len(limits) == 1 else "limits, dashed"
        first = next(row for row in rows if row.margin is not None)
        chart.add_annotation(
            x=-100 * (first.margin or 0.0),
            y=1,
            yref="paper",
            yanchor="bottom",
            text=text,
            showarrow=False,
            font={"color": LIGHT["bad"], "size": 12},
        )
        chart.update_layout(margin={"t": 24})
