"""A comparison of runs as one page without a network, and its outcome in a sentence."""

from collections.abc import Iterator

from distillation.evaluation.uncertainty.noninferiority import holm
from distillation.report.charts.charts import as_data
from distillation.report.charts.forest import ForestRow, forest, forest_in_words
from distillation.report.charts.style import plotly_js
from distillation.report.charts.trade_off import COST, LATENCY, trade_off
from distillation.report.comparison import Comparison
from distillation.report.page_environment import pages
from distillation.report.pages import metrics_in_order
from distillation.report.rows import pair_name
from distillation.wording import metric_name

SIGNIFICANCE = 0.05
"""A p-value below it makes a difference between runs significant."""


def render_comparison(comparison: Comparison) -> str:
    """One HTML file that holds everything it needs. A content security policy forbids it any request."""
    colours = {run.run_id: f"run-{place}" for place, run in enumerate(comparison.runs)}
    rows = forest_rows(comparison)
    word, said, tone = finding(comparison)
    charts = {
        "differences": forest(rows) if rows else None,
        "costs": trade_off(comparison.arms, comparison.metric, COST, "USD for 1,000 answers, logarithmic", colours),
        "latency": trade_off(
            comparison.arms, comparison.metric, LATENCY, "median milliseconds of an answer, logarithmic", colours
        ),
    }
    return (
        pages()
        .get_template("comparison.html")
        .render(
            comparison=comparison,
            word=word,
            said=said,
            tone=tone,
            colours=colours,
            rows=rows,
            metrics=metrics_in_order(metric for arm in comparison.arms.values() for metric in arm.metrics),
            charts=as_data(charts),
            description=forest_in_words(rows),
            plotly_js=plotly_js(),
        )
    )


def forest_rows(comparison: Comparison) -> list[ForestRow]:
    """Every pair in every metric, the deciding metric first."""
    places = {run.run_id: place for place, run in enumerate(comparison.runs)}
    return [ForestRow(pair_name(one), one, colour=f"run-{places[one.arm]}") for one in comparison.differences]


def finding(comparison: Comparison) -> tuple[str, str, str]:
    """Whether the best run in the deciding metric is shown to be better: a word, a sentence, a tone."""
    metric = comparison.metric
    scored = {run: arm.metrics[metric].value for run, arm in comparison.arms.items() if metric in arm.metrics}
    if not scored:
        return "Nothing to compare", "The shared items carry neither references nor answers of the teacher.", "wait"
    best = max(scored, key=lambda run: scored[run])
    if any(run != best and value == scored[best] for run, value in scored.items()):
        return (
            "No difference",
            f"The best runs score the same in {metric_name(metric)} on the {comparison.n:,} items that all runs have.",
            "wait",
        )
    open_ones = [other for other, shown in _better(comparison, best) if not shown]
    where = f"in {metric_name(metric)} on the {comparison.n:,} items that all runs have"
    if not open_ones:
        return (
            f"{best} is {'better' if len(scored) == 2 else 'best'}",
            f"It scores higher than every other run {where}, and by more than chance explains.",
            "good",
        )
    return (
        "No clear winner",
        f"{best} scores highest {where}, but is not shown to be better than {' and '.join(open_ones)}.",
        "wait",
    )


def _better(comparison: Comparison, best: str) -> Iterator[tuple[str, bool]]:
    """Each other run, and whether the best is shown to beat it: p under 0.05, by Holm over all pairs of runs."""
    pairs = [one for one in comparison.differences if one.metric == comparison.metric]
    for one, p in zip(pairs, holm([pair.p_value for pair in pairs]), strict=True):
        if best in (one.arm, one.minus):
            yield one.minus if one.arm == best else one.arm, p < SIGNIFICANCE
