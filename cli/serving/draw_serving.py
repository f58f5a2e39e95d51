"""What serves a dataset, what served before, and a verdict before a promotion, for the terminal."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.runs.draw.report import VERDICT_STYLES
from cli.runs.report_file import VerdictResult
from distillation.training.promotion import Served, ServedStudent


def draw_serving(dataset: str, now: ServedStudent) -> RenderableType:
    """The deployment that applications call, and the runs whose students serve and served."""
    table = Table(box=None, pad_edge=False)
    for name in ("", "run", "promoted at", "by", "model", "report"):
        table.add_column(name, overflow="fold")
    _row(table, "serves", now.now)
    for served in now.history:
        _row(table, "before", served)
    lines: list[RenderableType] = [
        Text.assemble("Dataset ", (dataset, "bold"), " is served by "),
        Text(now.deployment_arn),
        "",
        table,
    ]
    if now.pinned:
        lines.append(Text(f"\nPinned by {now.pinned}. No run promotes its student by itself."))
    if now.rolled_back_from:
        lines.append(Text(f"\nThe last rollback went back from {now.rolled_back_from}."))
    return Group(*lines)


def _row(table: Table, state: str, served: Served) -> None:
    model = served.model_arn.rsplit("/", 1)[-1]
    table.add_row(state, served.run_id, served.promoted_at, served.by or "the run", model, served.report_key)


def draw_verdict(run_id: str, verdict: VerdictResult) -> RenderableType:
    """A run's verdict with its reasons."""
    style = VERDICT_STYLES.get(verdict.decision, "bold")
    head = Text.assemble("Run ", (run_id, "bold"), ". ", (verdict.headline, style))
    return Group(head, *(Text(f"  {reason}") for reason in verdict.reasons))
