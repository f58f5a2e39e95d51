"""How sure the teacher is, whether that means that it is right, and how near the arms come to its distribution."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import plotly.graph_objects as go

from distillation.dataset.manifest import Histogram
from distillation.evaluation.scores import ArmScore, Calibration
from distillation.report.charts.palette import LIGHT
from distillation.report.charts.style import colour_of, dress, legend_on_top, whisker

DIVERGENCE, CHANCE = "jensenShannonBits", "jensenShannonByChance"
HEIGHT = 270


def agreement_chart(learnt: Sequence[int], held: Sequence[int]) -> go.Figure | None:
    """Share of the prompts by how far the teacher's samples agree, learnt from beside holdout, in equal bins."""
    bars = [_bars("learnt from", learnt, LIGHT["teacher"]), _bars("holdout", held, LIGHT["base"])]
    found = [bar for bar in bars if bar is not None]
    if not found:
        return None
    chart = go.Figure(found)
    dress(chart, height=HEIGHT, x_title="share of the most frequent answer", y_title="prompts, %")
    chart.update_layout(bargap=0.25, bargroupgap=0.05)
    chart.update_xaxes(range=[0, 100], dtick=20, ticksuffix=" %", showgrid=False)
    legend_on_top(chart)
    return chart


def _bars(name: str, counts: Sequence[int], colour: str) -> go.Bar | None:
    if not sum(counts):
        return None
    width = 100 / len(counts)
    return go.Bar(
        x=[width * (number + 0.5) for number in range(len(counts))],
        y=[100 * count / sum(counts) for count in counts],
        customdata=list(counts),
        name=name,
        marker={"color": colour},
        hovertemplate="about %{x:.0f} %: %{customdata} prompts<extra></extra>",
    )


def entropy_chart(entropy: Histogram) -> go.Figure | None:
    """Prompts by the entropy of the teacher's answers, in bits."""
    if not sum(entropy.counts):
        return None
    used = max(number for number, count in enumerate(entropy.counts) if count) + 1
    edges = list(entropy.edges[: used + 1])
    chart = go.Figure(
        go.Bar(
            x=[(low + high) / 2 for low, high in pairwise(edges)],
            y=list(entropy.counts[:used]),
            width=[0.85 * (high - low) for low, high in pairwise(edges)],
            marker={"color": LIGHT["teacher"]},
            hovertemplate="about %{x:.1f} bits: %{y} prompts<extra></extra>",
        )
    )
    dress(chart, height=HEIGHT, x_title="entropy of the answers to a prompt, bits", y_title="prompts")
    chart.update_xaxes(showgrid=False, rangemode="tozero")
    return chart


def calibration_chart(calibration: Calibration | None) -> go.Figure | None:
    """How often the teacher's top answer is right, by sample agreement; on the diagonal they are the same."""
    if calibration is None:
        return None
    even = go.Scatter(
        x=[0, 100],
        y=[0, 100],
        mode="lines",
        line={"color": LIGHT["muted"], "width": 1, "dash": "4px,3px"},
        hoverinfo="skip",
    )
    most = max(one.n for one in calibration.bins)
    dots = [
        go.Scatter(
            x=[100 * one.agreement],
            y=[100 * one.right.value],
            error_y=whisker(
                100 * one.right.value,
                100 * (one.right.low or 0.0),
                100 * (1.0 if one.right.high is None else one.right.high),
                LIGHT["teacher"],
            ),
            mode="markers",
            marker={"size": 8 + 12 * math.sqrt(one.n / most), "color": LIGHT["teacher"], "opacity": 1},
            hovertemplate=f"agreement %{{x:.0f}} %: right in %{{y:.0f}} % of {one.n:,} prompts<extra></extra>",
        )
        for one in calibration.bins
    ]
    chart = go.Figure([even, *dots])
    dress(chart, height=HEIGHT, x_title="agreement of the samples, %", y_title="right, %")
    chart.update_traces(cliponaxis=False)
    chart.update_xaxes(range=[0, 104], dtick=20)
    chart.update_yaxes(range=[0, 104], dtick=20)
    return chart


def divergence_chart(arms: Mapping[str, ArmScore]) -> go.Figure | None:
    """Each arm's Jensen-Shannon divergence from the teacher; an open diamond marks what chance alone gives."""
    found = {arm: score.metrics for arm, score in arms.items() if DIVERGENCE in score.metrics}
    if not found:
        return None
    names = list(found)
    values = [found[arm][DIVERGENCE] for arm in names]
    dots = [
        go.Scatter(
            x=[one.value],
            y=[arm],
            error_x=whisker(one.value, one.low, one.high, colour_of(arm)),
            mode="markers",
            marker={"size": 10, "color": colour_of(arm)},
            hovertemplate="%{x:.3f} bits<extra></extra>",
        )
        for arm, one in zip(names, values, strict=True)
    ]
    chance = go.Scatter(
        x=[found[arm][CHANCE].value for arm in names if CHANCE in found[arm]],
        y=[arm for arm in names if CHANCE in found[arm]],
        mode="markers",
        marker={"size": 11, "symbol": "diamond-open", "color": LIGHT["muted"], "line": {"width": 2}},
        hovertemplate="by chance %{x:.3f} bits<extra></extra>",
    )
    chart = go.Figure([chance, *dots])
    dress(chart, height=100 + 44 * len(names), x_title="bits; diamond: what chance gives")
    chart.update_xaxes(rangemode="tozero")
    chart.update_yaxes(autorange="reversed", showgrid=False)
    return chart
