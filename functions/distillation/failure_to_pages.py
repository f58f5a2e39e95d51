"""The failure report as pages: `index.html` and `report.md` of a run that failed."""

from distillation.failure_report import FailureReport
from distillation.page_environment import pages


def render_failure_html(report: FailureReport) -> str:
    """One HTML file without scripts; a content security policy forbids it any request."""
    return pages().get_template("failure.html").render(report=report, tone="bad")


def render_failure_markdown(report: FailureReport) -> str:
    """The same for a terminal or a mail."""
    return pages().get_template("failure.md").render(report=report)
