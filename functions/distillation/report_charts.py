"""The report's charts: plotly figures (plotly.py checks them, plotly.js draws them in the page).

Colours are named: a figure holds the light theme's value, and the page puts the current theme's value in its place.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from distillation.figures import figure, metric_name, percent, points, usd
from distillation.palette import FONT, LIGHT
from distillation.scores import ArmScore, Difference
from distillation.scores_to_report import Report
from distillation.task import TaskKind

ROW_PIXELS = 44


def plotly_js() -> str:
    """The library itself, for one inline script."""
    return str(get_plotlyjs())


def charts(report: Report) -> dict[str, dict[str, Any]]:
    """Chart name -> figure as plain JSON data. Charts that the run has no numbers for are left out."""
    found = {
        "differences": _forest(report),
        "costs": _cost_against_quality(report),
        "agreement": _agreement(report),
        "loss": _loss(report),
    }
    return {name: json.loads(chart.to_json()) for name, chart in found.items() if chart is not None}


def forest_rows(report: Report) -> list[tuple[str, Difference]]:
    """What the forest plot and its table show: the gate's difference first, then each pair in the metrics that say something of their own."""
    rows = []
    if report.gate and not any(_same(report.gate.difference, one) for one in report.differences):
        rows.append((f"{metric_name(report.gate.metric)}: student − teacher's own", report.gate.difference))
    hidden = {"tokenF1"} if report.task.kind is TaskKind.LABEL else set()
    return rows + [(f"{metric_name(one.metric)}: {one.arm} − {one.minus}", one) for one in report.differences if one.metric not in hidden]


def _same(left: Difference, right: Difference) -> bool:
    return (left.metric, left.arm, left.minus) == (right.metric, right.arm, right.minus)


def _forest(report: Report) -> go.Figure | None:
    rows = forest_rows(report)
    if not rows:
        return None
    chart = go.Figure([_whisker(name.replace(": ", "<br>"), one) for name, one in rows])
    _dress(chart, height=90 + ROW_PIXELS * len(rows), x_title="percentage points, with 95 % interval")
    chart.update_yaxes(autorange="reversed", showgrid=False, automargin=True, ticks="")
    chart.add_vline(x=0, line={"color": LIGHT["ink"], "width": 1})
    limit = -100 * report.verdict.margin
    chart.add_vline(x=limit, line={"color": LIGHT["bad"], "width": 1.5, "dash": "dash"})
    chart.add_annotation(
        x=limit, y=1, yref="paper", yanchor="bottom", text=f"limit {points(-report.verdict.margin)}", showarrow=False, font={"color": LIGHT["bad"]}
    )
    return chart


def _whisker(name: str, one: Difference) -> go.Scatter:
    value, low, high = 100 * one.value, 100 * one.low, 100 * one.high
    return go.Scatter(
        x=[value],
        y=[name],
        error_x={"type": "data", "symmetric": False, "array": [high - value], "arrayminus": [value - low], "color": _arm_colour(one.arm), "width": 5},
        mode="markers",
        marker={"size": 9, "color": _arm_colour(one.arm), "symbol": "circle"},
        hovertemplate=f"{points(one.value)} ({points(one.low)} to {points(one.high)})<extra></extra>",
    )


def _arm_colour(arm: str) -> str:
    return LIGHT.get(arm, LIGHT["muted"])


def _cost_against_quality(report: Report) -> go.Figure | None:
    metric = report.verdict.metric
    dots = list(_dots(report.arms, metric)) if metric else []
    if len(dots) < 2:
        return None
    chart = go.Figure(dots)
    _dress(chart, height=300, x_title="USD for 1,000 answers, on a logarithmic scale")
    chart.update_xaxes(type="log", dtick="D2", tickformat="~g")
    chart.update_yaxes(title_text=f"{metric_name(metric or '')}, %")
    return chart


def _dots(arms: Mapping[str, ArmScore], metric: str) -> Iterator[go.Scatter]:
    dearest = max((score.metrics["costPer1000Usd"].value for score in arms.values() if "costPer1000Usd" in score.metrics), default=0.0)
    for arm, score in arms.items():
        cost, quality = score.metrics.get("costPer1000Usd"), score.metrics.get(metric)
        if cost and quality and cost.value > 0 and quality.low is not None and quality.high is not None:
            yield go.Scatter(
                x=[cost.value],
                y=[100 * quality.value],
                error_y={
                    "type": "data",
                    "symmetric": False,
                    "array": [100 * (quality.high - quality.value)],
                    "arrayminus": [100 * (quality.value - quality.low)],
                    "color": _arm_colour(arm),
                    "width": 5,
                },
                mode="markers+text",
                text=[arm],
                textposition="middle left" if cost.value == dearest else "middle right",
                textfont={"color": _arm_colour(arm)},
                marker={"size": 10, "color": _arm_colour(arm)},
                hovertemplate=f"{arm}: {figure(metric, quality.value)} at {usd(cost.value)}<extra></extra>",
            )


def _agreement(report: Report) -> go.Figure | None:
    if report.teacher is None:
        return None
    bins = report.teacher.histogram
    width = 100 / len(bins)
    middles = [width * (number + 0.5) for number in range(len(bins))]
    chart = go.Figure(
        go.Bar(x=middles, y=bins, width=0.75 * width, marker={"color": LIGHT["teacher"]}, hovertemplate="about %{x} %: %{y} prompts<extra></extra>")
    )
    _dress(chart, height=240, x_title="share of a prompt's samples that give its most frequent answer")
    chart.update_yaxes(title_text="prompts")
    chart.update_xaxes(range=[0, 101], dtick=20, ticksuffix=" %", showgrid=False)
    return chart


def _loss(report: Report) -> go.Figure | None:
    if len(report.training_loss) < 2:
        return None
    steps = [point.step for point in report.training_loss]
    losses = [point.training_loss for point in report.training_loss]
    chart = go.Figure(
        go.Scatter(x=steps, y=losses, mode="lines", line={"color": LIGHT["student"], "width": 2}, hovertemplate="step %{x}: %{y:.4f}<extra></extra>")
    )
    _dress(chart, height=240, x_title="step")
    chart.update_yaxes(title_text="training loss", rangemode="tozero")
    return chart


def _dress(chart: go.Figure, *, height: int, x_title: str) -> None:
    axis = {"gridcolor": LIGHT["line"], "linecolor": LIGHT["line"], "zeroline": False, "tickcolor": LIGHT["line"], "fixedrange": True}
    chart.update_layout(
        template="none",
        height=height,
        showlegend=False,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": FONT, "size": 13, "color": LIGHT["muted"]},
        margin={"l": 8, "r": 12, "t": 26, "b": 44},
        hoverlabel={"bgcolor": LIGHT["paper"], "bordercolor": LIGHT["line"], "font": {"color": LIGHT["ink"]}},
    )
    title = {"font": {"size": 13}, "standoff": 8}
    chart.update_xaxes(**axis, title=title | {"text": x_title}, automargin=True)
    chart.update_yaxes(**axis, title=title, automargin=True)


def descriptions(report: Report) -> dict[str, str]:
    """Chart name -> what it shows, in words, for those who do not see it."""
    texts = {"differences": "; ".join(f"{name}: {points(one.value)} points, {points(one.low)} to {points(one.high)}" for name, one in forest_rows(report))}
    metric = report.verdict.metric
    if metric:
        pairs = [(arm, score.metrics[metric], score.metrics.get("costPer1000Usd")) for arm, score in report.arms.items() if metric in score.metrics]
        texts["costs"] = "; ".join(f"{arm}: {figure(metric, quality.value)} at {usd(cost.value)}" for arm, quality, cost in pairs if cost)
    if report.teacher:
        texts["agreement"] = f"Mean agreement of the teacher's samples {percent(report.teacher.mean_agreement)} over {report.teacher.prompts:,} prompts."
    if report.training_loss:
        first, last = report.training_loss[0], report.training_loss[-1]
        texts["loss"] = f"Training loss from {first.training_loss:.3f} at step {first.step} to {last.training_loss:.3f} at step {last.step}."
    return texts
