"""What all charts share: figures that plotly.py checks and plotly.js draws. A figure holds the light theme's colours;
the page puts the current theme's in their place.
"""

import base64
import gzip
import html
from typing import Any

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from distillation.report.charts.palette import FONT, LIGHT

Whisker = dict[str, Any]


def plotly_js() -> str:
    """The library for one inline script: gzip in base64, 1.9 MB in place of 4.8, the same text each time."""
    return base64.b64encode(gzip.compress(str(get_plotlyjs()).encode(), 9, mtime=0)).decode()


def colour_of(arm: str) -> str:
    """An arm's colour; a quiet one for what is no arm."""
    return LIGHT.get(arm, LIGHT["muted"])


def plain(text: str, most: int = 60) -> str:
    """Text for a chart, cut at `most` characters. Plotly reads HTML tags in labels, so none may be in it."""
    shown = " ".join(text.split())
    return html.escape(shown if len(shown) <= most else shown[: most - 1] + "…", quote=False)


def whisker(value: float, low: float | None, high: float | None, colour: str) -> Whisker:
    """The arms of an interval for error_x or error_y; without one where both ends are unknown."""
    if low is None and high is None:
        return {"visible": False}
    up, down = (high if high is not None else value) - value, value - (low if low is not None else value)
    return {
        "type": "data",
        "symmetric": False,
        "array": [up],
        "arrayminus": [down],
        "color": colour,
        "thickness": 2,
        "width": 0,
    }


def dress(chart: go.Figure, *, height: int, x_title: str, y_title: str = "") -> None:
    """Size, type, colours and quiet axes."""
    axis = {
        "gridcolor": LIGHT["line"],
        "linecolor": LIGHT["line"],
        "zeroline": False,
        "tickcolor": LIGHT["line"],
        "fixedrange": True,
    }
    chart.update_layout(
        template="none",
        height=height,
        margin={"l": 12, "r": 16, "t": 12, "b": 44},
        font={"family": FONT, "size": 13, "color": LIGHT["ink"]},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=False,
        hoverlabel={
            "bgcolor": LIGHT["paper"],
            "bordercolor": LIGHT["line"],
            "font": {"color": LIGHT["ink"], "family": FONT},
        },
        dragmode=False,
    )
    # Each to its own side: labels that push both edges of a narrow chart make plotly draw again and again.
    chart.update_xaxes(
        **axis,
        automargin="bottom",
        title={"text": x_title, "font": {"color": LIGHT["muted"], "size": 13}, "standoff": 8},
    )
    chart.update_yaxes(
        **axis,
        automargin="left",
        title={"text": y_title, "font": {"color": LIGHT["muted"], "size": 13}, "standoff": 12},
    )


def legend_on_top(chart: go.Figure) -> None:
    """For charts of several series."""
    chart.update_layout(
        showlegend=True, legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}, margin={"t": 40}
    )
