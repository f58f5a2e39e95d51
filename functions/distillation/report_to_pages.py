"""The report as pages: `index.html` (one file, no network) and `report.md`."""

from typing import Any

from markupsafe import Markup

from distillation import report_charts
from distillation.figures import METRIC_NAMES
from distillation.page_environment import pages
from distillation.scores_to_report import Report

DECISIONS = {"promote": ("Promote", "good"), "hold": ("Hold", "wait"), "reject": ("Reject", "bad")}


def render_html(report: Report) -> str:
    """One HTML file that holds everything it needs: styles, data, charts and plotly.js (4.8 MB of it). A content security policy forbids it any request."""
    context = _context(report)
    context |= {
        "charts": report_charts.charts(report),
        "descriptions": report_charts.descriptions(report),
        # The library's own source, the one text that goes in unescaped.
        "plotly_js": Markup(report_charts.plotly_js()),  # noqa: S704
    }
    return pages().get_template("index.html").render(context)


def render_markdown(report: Report) -> str:
    """The same report for a terminal, a pull request or a mail."""
    return pages().get_template("report.md").render(_context(report))


def _context(report: Report) -> dict[str, Any]:
    label, tone = DECISIONS[report.verdict.decision]
    found = dict.fromkeys(metric for arm in report.arms.values() for metric in arm.metrics)
    metrics = dict.fromkeys(metric for metric in (*METRIC_NAMES, *found) if metric in found)
    return {
        "report": report,
        "label": label,
        "headline": _sentence(report.verdict.headline),
        "tone": tone,
        "metrics": list(metrics),
        "forest_rows": report_charts.forest_rows(report),
        "funnel": _funnel(report),
        "categories": sorted({item.category for item in report.items if item.category}),
        "settings": list(_flat("", report.settings)),
    }


def _sentence(headline: str) -> str:
    """Without the decision before the colon: it stands above, in large letters."""
    said = headline.split(": ", 1)[-1]
    return said[:1].upper() + said[1:]


def _funnel(report: Report) -> list[dict[str, Any]]:
    c, rejections = report.counts, report.rejections
    missing = {"no reply": c.requests_missing} if c.requests_missing else {}
    used = f"{c.holdout:,} set apart as holdout, {c.train:,} for training, {c.validation:,} for validation"
    return [
        _hop("Seeds", "lines of the seed files", (c.seeds_in, c.seeds, c.seeds_rejected), rejections.get("seeds", {})),
        _hop("Requests", f"{c.prompts:,} prompts, each asked several times", (c.requests, c.replies, c.requests_missing), missing),
        _hop("Replies", "what Bedrock wrote", (c.replies, c.answers, c.answers_rejected), rejections.get("answers", {})),
        _hop("Prompts", used, (c.prompts, c.holdout + c.examples, c.examples_rejected), rejections.get("examples", {})),
    ]


def _hop(name: str, note: str, counts: tuple[int, int, int], reasons: dict[str, int]) -> dict[str, Any]:
    came, kept, aside = counts
    return {"name": name, "note": note, "came": came, "kept": kept, "aside": aside, "reasons": reasons, "share": min(kept / came, 1.0) if came else 0.0}


def _flat(prefix: str, settings: Any) -> list[tuple[str, str]]:
    if not isinstance(settings, dict):
        return [(prefix, "–" if settings is None else str(settings))]
    return [pair for key, value in settings.items() for pair in _flat(f"{prefix}.{key}" if prefix else str(key), value)]
