"""What quality costs: the arms by price and by speed."""

from collections.abc import Mapping

import plotly.graph_objects as go

from distillation.evaluation.scores import ArmScore, Metric
from distillation.report.charts.style import colour_of, dress, whisker
from distillation.wording import figure, metric_name

COST, LATENCY = "costPer1000Usd", "latencyMedianMs"


def trade_off(
    arms: Mapping[str, ArmScore], metric: str, price: str, x_title: str, colours: Mapping[str, str] | None = None
) -> go.Figure | None:
    """Quality over `price` (a metric of the arms), with 95 % intervals; None where fewer than two arms have both.
    `colours`: arm -> name in the palette, where it is not the arm's own.
    """
    found = {
        arm: (score.metrics[price], score.metrics[metric])
        for arm, score in arms.items()
        if price in score.metrics and metric in score.metrics
    }
    found = {arm: pair for arm, pair in found.items() if pair[0].value > 0}
    if len(found) < 2:
        return None
    prices = [pair[0].value for pair in found.values()]
    dearest = max(prices)
    # All nine of a decade overlap on a phone.
    places = (1, 2, 3, 5, 7) if dearest / min(prices) < 6 else (1, 2, 5)
    chart = go.Figure(
        [
            _dot(arm, *pair, left=pair[0].value == dearest, colour=colour_of((colours or {}).get(arm, arm)))
            for arm, pair in found.items()
        ]
    )
    for dot, (arm, (cost, quality)) in zip(chart.data, found.items(), strict=True):
        said = f"{arm}: {figure(metric, quality.value)} at {figure(price, cost.value)}"
        dot.hovertemplate = f"{said}<extra></extra>"
    dress(chart, height=300, x_title=x_title, y_title=f"{metric_name(metric)}, %")
    ticks = [place * 10.0**power for power in range(-8, 8) for place in places]
    chart.update_xaxes(type="log", tickvals=ticks, tickformat="~g")
    return chart


def _dot(arm: str, cost: Metric, quality: Metric, *, left: bool, colour: str) -> go.Scatter:
    percents = [None if end is None else 100 * end for end in (quality.low, quality.high)]
    return go.Scatter(
        x=[cost.value],
        y=[100 * quality.value],
        error_x=whisker(cost.value, cost.low, cost.high, colour),
        error_y=whisker(100 * quality.value, percents[0], percents[1], colour),
        mode="markers+text",
        text=[f" {arm} "],
        textposition="top left" if left else "top right",
        textfont={"color": colour, "size": 13},
        marker={"size": 10, "color": colour},
        cliponaxis=False,
    )
