"""The report as pages: `index.html` (one file, no network) and `report.md`."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from distillation.evaluation.scores import Confusion, InstructiveItem
from distillation.records import Arm
from distillation.report.charts import charts as report_charts
from distillation.report.charts.style import plotly_js
from distillation.report.funnel import funnel_groups
from distillation.report.page_environment import pages
from distillation.report.report import Report
from distillation.report.rows import all_rows, headline_rows, judging_metric, missing_in_words, outcome_of, slice_rows
from distillation.report.settings import flat
from distillation.report.word_diff import Part, word_diff
from distillation.wording import METRIC_NAMES

DECISIONS = {"promote": ("Promote", "good"), "hold": ("Hold", "wait"), "reject": ("Reject", "bad")}
SIDES = ("train", "validation", "holdout", "rejected")


class ShownItem(NamedTuple):
    """An instructive item, and the student's answer against the teacher's word by word (empty where a diff would say
    nothing).
    """

    item: InstructiveItem
    diff: list[Part]


class ConfusionRow(NamedTuple):
    """One label that was right: how often each label was answered, as count and share of the row."""

    label: str
    cells: list[tuple[int, float]]
    diagonal: int


def render_html(report: Report) -> str:
    """One HTML file that holds everything it needs: styles, data, charts and plotly.js.

    A content security policy forbids it any request.
    """
    context = _context(report)
    context |= {
        "charts": report_charts.charts(report),
        "descriptions": report_charts.descriptions(report),
        "plotly_js": plotly_js(),
    }
    return pages().get_template("index.html").render(context)


def render_markdown(report: Report) -> str:
    """The same report for a terminal, a pull request or a mail."""
    return pages().get_template("report.md").render(_context(report))


def _context(report: Report) -> dict[str, Any]:
    label, tone = DECISIONS[report.verdict.decision]
    strata = report.data.strata if report.data else {}
    return {
        "report": report,
        "label": label,
        "headline": sentence(report.verdict.headline),
        "tone": tone,
        "metrics": in_order(metric for arm in report.arms.values() for metric in arm.metrics),
        "judging": judging_metric(report),
        "forest_rows": headline_rows(report),
        "difference_rows": all_rows(report),
        "slices": slice_rows(report),
        "outcome_of": outcome_of,
        "losses": list(missing_in_words(report)),
        "confusions": {
            arm: _confusion_rows(score.confusion) for arm, score in _student_first(report).items() if score.confusion
        },
        "classes": {arm: score.classes for arm, score in _student_first(report).items() if score.classes},
        "funnel": funnel_groups(report.data.funnel) if report.data else [],
        "sides": [side for side in SIDES if any(side in counts for counts in strata.values())],
        "items": [ShownItem(item, _diff(item)) for item in report.items],
        "categories": sorted({item.category for item in report.items if item.category}),
        "settings": list(flat("", report.settings)),
    }


def _student_first(report: Report) -> dict[str, Any]:
    return dict(sorted(report.arms.items(), key=lambda pair: pair[0] != Arm.STUDENT))


def in_order(found: Iterable[str]) -> list[str]:
    """Metrics in the order in which they are always shown; a judge's own come last."""
    every = dict.fromkeys(found)
    return list(dict.fromkeys(metric for metric in (*METRIC_NAMES, *every) if metric in every))


def sentence(headline: str) -> str:
    """Without the decision before the colon: it stands above, in large letters."""
    said = headline.split(": ", 1)[-1]
    return said[:1].upper() + said[1:]


def _diff(item: InstructiveItem) -> list[Part]:
    texts = [item.answers[arm].text if arm in item.answers else None for arm in (Arm.TEACHER, Arm.STUDENT)]
    return word_diff(*(text for text in texts if text is not None)) if all(text is not None for text in texts) else []


def _confusion_rows(confusion: Confusion) -> list[ConfusionRow]:
    return [
        ConfusionRow(label, [(count, count / total if (total := sum(counts)) else 0.0) for count in counts], place)
        for place, (label, counts) in enumerate(zip(confusion.labels, confusion.counts, strict=True))
    ]
