"""The report as pages: `index.html` (one file, no network) and `report.md`."""

from collections.abc import Iterable, Iterator
from typing import Any

from distillation.evaluation.scores import Confusion, InstructiveItem
from distillation.layout import RunLayout
from distillation.records import Arm
from distillation.report.charts import charts as report_charts
from distillation.report.charts.style import plotly_js
from distillation.report.funnel import funnel_groups
from distillation.report.page_environment import pages
from distillation.report.report import Report
from distillation.report.rows import (
    all_rows,
    headline_rows,
    judged_slices,
    judging_metric,
    limit_in_words,
    missing_in_words,
    outcome_in_words,
)
from distillation.report.settings import flat
from distillation.report.trainings import training_rows
from distillation.report.word_diff import TextPart, word_diff
from distillation.wording import METRIC_NAMES

DECISIONS = {"promote": ("Promote", "good"), "hold": ("Hold", "wait"), "reject": ("Reject", "bad")}
KINDS = {
    "worseThanTeacher": "Worse than the teacher",
    "betterThanTeacher": "Better than the teacher",
    "worseThanBase": "Worse than the base",
    "betterThanBase": "Better than the base",
}
SIDES = ("train", "validation", "holdout", "rejected")
MATRIX_MOST = 12
"""Labels of a table of all pairs that can be read; what was taken for what is told in a list where there are more."""
MISTAKES_SHOWN = 20
_PRICED = (Arm.TEACHER, Arm.STUDENT)


def render_html(report: Report) -> str:
    """One HTML file with styles, data, charts and plotly.js; a content security policy forbids any request."""
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
    arms = sorted(report.arms.items(), key=lambda pair: pair[0] != Arm.STUDENT)
    label, tone = DECISIONS[report.verdict.decision]
    strata = report.data.strata if report.data else {}
    return {
        "report": report,
        "arms": dict(arms),
        "kinds": KINDS,
        "files": list(_files(report)),
        "saving_of": saving_of,
        "label": label,
        "headline": sentence(report.verdict.headline),
        "tone": tone,
        "metrics": metrics_in_order(metric for arm in report.arms.values() for metric in arm.metrics),
        "judging": judging_metric(report),
        "forest_rows": headline_rows(report),
        "difference_rows": all_rows(report),
        "slices": judged_slices(report),
        "outcome_of": outcome_in_words,
        "limit_of": limit_in_words,
        "losses": list(missing_in_words(report)),
        "confusions": {arm: score.confusion for arm, score in arms if score.confusion},
        "mistakes_of": mistakes_of,
        "MATRIX_MOST": MATRIX_MOST,
        "MISTAKES_SHOWN": MISTAKES_SHOWN,
        "classes": {arm: score.classes for arm, score in arms if score.classes},
        "funnel": funnel_groups(report.data.funnel) if report.data else [],
        "sides": [side for side in SIDES if any(side in counts for counts in strata.values())],
        "diff_of": _diff,
        "categories": sorted({item.category for item in report.items if item.category}),
        "training_rows": list(training_rows(report.choice, report.trainings)),
        "settings": list(flat("", report.settings)),
    }


def mistakes_of(confusion: Confusion) -> list[tuple[str, str | None, int]]:
    """What was taken for what (None: for no label), in how many items; the most frequent first."""
    answers = (*confusion.labels, None)
    found = [
        (right, answered, items)
        for right, row in zip(confusion.labels, confusion.counts, strict=True)
        for answered, items in zip(answers, row, strict=True)
        if items and answered != right
    ]
    return sorted(found, key=lambda one: -one[2])


def saving_of(report: Report) -> dict[str, float] | None:
    """What the page needs to say what a volume saves, in USD: 1,000 answers of teacher and student, a month of keeping
    the student's model, what the run cost. None where a price is not known.
    """
    found = [report.arms[arm].metrics.get("costPer1000Usd") for arm in _PRICED if arm in report.arms]
    teacher, student = found if len(found) == len(_PRICED) else (None, None)
    if not teacher or not student or not report.estimate:
        return None
    return {
        "teacher": teacher.value,
        "student": student.value,
        "storage_month": report.estimate.storage_usd_month,
        "run": report.costs.total_usd if report.costs else report.estimate.total_usd,
    }


def _files(report: Report) -> Iterator[tuple[str, str]]:
    """Keys below the run's folder, and what is in them."""
    layout = RunLayout(report.run_id)
    known = {
        layout.run: "input, settings, models, versions",
        layout.dataset("train.jsonl"): "what the student learnt",
        layout.dataset("holdout.jsonl"): "what all of this is measured on",
        layout.dataset("rejected.jsonl"): "prompts that made no line, each with its reason",
        layout.dataset("manifest.json"): "counts and hashes of the dataset",
        **{layout.predictions(arm): f"every answer of {arm}" for arm in report.arms},
        layout.scores: "all scores",
        layout.report("report.json"): "the numbers of this page",
    }
    yield from ((key.removeprefix(layout.root), what) for key, what in known.items())


def metrics_in_order(found: Iterable[str]) -> list[str]:
    """Metrics in the order in which they are always shown; a judge's own come last."""
    every = dict.fromkeys(found)
    return list(dict.fromkeys(metric for metric in (*METRIC_NAMES, *every) if metric in every))


def sentence(headline: str) -> str:
    """Without the decision before the colon: it stands above, in large letters."""
    said = headline.split(": ", 1)[-1]
    return said[:1].upper() + said[1:]


def _diff(item: InstructiveItem) -> list[TextPart]:
    """The student's answer against the teacher's word by word; empty where a diff would say nothing."""
    texts = [item.answers[arm].text if arm in item.answers else None for arm in (Arm.TEACHER, Arm.STUDENT)]
    return word_diff(*(text for text in texts if text is not None)) if all(text is not None for text in texts) else []
