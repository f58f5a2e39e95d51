"""The report's charts by name, as plain data for plotly.js, and what each of them says in words."""

import json
from collections.abc import Iterator
from typing import Any

import plotly.graph_objects as go

from distillation.report.charts.certainty import (
    DIVERGENCE,
    agreement_chart,
    calibration_chart,
    divergence_chart,
    entropy_chart,
)
from distillation.report.charts.forest import ForestRow, forest, forest_in_words
from distillation.report.charts.style import colour_of, dress, legend_on_top
from distillation.report.charts.trade_off import COST, LATENCY, trade_off
from distillation.report.report import Report
from distillation.report.rows import headline_rows, judging_metric, slice_forest
from distillation.wording import figure, percent

SLICES_DRAWN = 30
"""A forest of more rows is a table: the slices that lose most are drawn, all of them are in the table."""


def charts(report: Report) -> dict[str, dict[str, Any]]:
    """Chart name -> figure as plain JSON data. Charts that the run has no numbers for are left out."""
    metric, data = judging_metric(report), report.data
    rows, slices = headline_rows(report), _drawn_slices(report)
    found = {
        "differences": forest(rows) if rows else None,
        "slices": forest(slices) if slices else None,
        "costs": trade_off(report.arms, metric, COST, "USD for 1,000 answers, logarithmic"),
        "latency": trade_off(report.arms, metric, LATENCY, "median milliseconds of an answer, logarithmic"),
        "agreement": agreement_chart(
            data.agreement.counts if data else (), report.teacher.histogram if report.teacher else ()
        ),
        "entropy": entropy_chart(data.entropy) if data else None,
        "calibration": calibration_chart(report.calibration),
        "divergence": divergence_chart(report.arms),
        "loss": _loss(report),
    }
    return as_data(found)


def _drawn_slices(report: Report) -> list[ForestRow]:
    return sorted(slice_forest(report), key=lambda row: row.one.value)[:SLICES_DRAWN]


def as_data(found: dict[str, go.Figure | None]) -> dict[str, dict[str, Any]]:
    """The figures that are there, as plotly.js takes them."""
    return {name: json.loads(chart.to_json()) for name, chart in found.items() if chart is not None}


def _loss(report: Report) -> go.Figure | None:
    lines = [line for arm, losses in report.losses.items() for line in _loss_lines(arm, report)]
    if not any(len(line.x) > 1 for line in lines):
        return None
    chart = go.Figure(lines)
    dress(chart, height=270, x_title="step", y_title="loss")
    chart.update_yaxes(rangemode="tozero")
    legend_on_top(chart)
    return chart


def _loss_lines(arm: str, report: Report) -> Iterator[go.Scatter]:
    colour = colour_of(arm)
    training, validation = report.losses[arm]["training"], report.losses[arm]["validation"]
    which = f"{arm}, " if len(report.losses) > 1 else ""
    style = {"mode": "lines", "hovertemplate": "step %{x}: %{y:.4f}"}
    if training:
        x, y = [one.step for one in training], [one.loss for one in training]
        yield go.Scatter(x=x, y=y, name=f"{which}training", line={"color": colour, "width": 1.5}, **style)
    if validation:
        x, y = [one.step for one in validation], [one.loss for one in validation]
        dashed = {"color": colour, "width": 2.5, "dash": "2px,4px"}
        yield go.Scatter(
            x=x, y=y, name=f"{which}validation", line=dashed, marker={"size": 7}, **style | {"mode": "lines+markers"}
        )


def descriptions(report: Report) -> dict[str, str]:
    """Chart name -> what it shows, in words, for those who do not see it."""
    texts = {
        "differences": forest_in_words(headline_rows(report)),
        "slices": forest_in_words(_drawn_slices(report)),
        "costs": _trade_off(report, COST),
        "latency": _trade_off(report, LATENCY),
        "divergence": "; ".join(
            f"{arm}: {figure(DIVERGENCE, one.metrics[DIVERGENCE].value)}"
            for arm, one in report.arms.items()
            if DIVERGENCE in one.metrics
        ),
        "entropy": "How many prompts lie at each entropy of their answers.",
        "agreement": "How many prompts lie at each agreement of their samples.",
        "loss": _losses_in_words(report),
    }
    if report.teacher:
        texts["agreement"] = (
            f"Mean agreement of the teacher's samples {percent(report.teacher.mean_agreement)} over "
            f"{report.teacher.prompts:,} holdout prompts."
        )
    if report.data and sum(report.data.entropy.counts):
        low = report.data.entropy.counts[0]
        texts["entropy"] = (
            f"{low:,} of {sum(report.data.entropy.counts):,} prompts lie below an entropy of "
            f"{report.data.entropy.edges[1]:.2f} bits."
        )
    if report.calibration:
        found = report.calibration
        texts["calibration"] = "; ".join(
            f"agreement {percent(one.agreement)}: right in {percent(one.right.value)} of {one.n:,}"
            for one in found.bins
        )
    return texts


def _trade_off(report: Report, price: str) -> str:
    metric = judging_metric(report)
    found = {arm: one.metrics for arm, one in report.arms.items() if {metric, price} <= one.metrics.keys()}
    return "; ".join(
        f"{arm}: {figure(metric, one[metric].value)} at {figure(price, one[price].value)}" for arm, one in found.items()
    )


def _losses_in_words(report: Report) -> str:
    said = []
    for arm, losses in report.losses.items():
        for kind, course in losses.items():
            if course:
                said.append(
                    f"{kind.capitalize()} loss of {arm} from {course[0].loss:.3f} at step {course[0].step} to "
                    f"{course[-1].loss:.3f} at step {course[-1].step}."
                )
    return " ".join(said)
