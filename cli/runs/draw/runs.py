"""The list of runs as a table for the terminal."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from rich.console import RenderableType
from rich.text import Text

from application.services import Services
from application.serving.approval import ENDED, pending_approval
from cli.run_lookup import described, run_id_of
from cli.runs.draw.report import VERDICT_STYLES
from cli.runs.durations import elapsed
from cli.screen import titled_table
from distillation.bedrock.submission import RUN
from distillation.layout import RunLayout
from distillation.records import LedgerRow
from gateways.executions import Execution, json_object

_STATUS_STYLES = {"RUNNING": "cyan", "SUCCEEDED": "green"}


class RunLine(NamedTuple):
    """One execution in the list. `verdict` is "" where there is no report; `serve` names what is to serve in place of
    the student; `answer` says who approved or declined it when and why, or that nobody did, "" where nobody was asked.
    """

    run_id: str
    execution: Execution
    verdict: str
    serve: str = ""
    answer: str = ""
    spent_usd: float = 0.0


def run_line(services: Services, arn: str) -> RunLine:
    """The line of an execution that was listed."""
    execution = described(services, arn)
    run_id = run_id_of(execution)
    row = services.ledger.row(run_id, RUN)
    spent = row.spent_usd if row else 0.0
    if execution.status != "SUCCEEDED":
        return RunLine(run_id, execution, "", spent_usd=spent)
    verdict = json_object(services.store.get_or_none(RunLayout(run_id).report("report.json"))).get("verdict", {})
    decision, serve = str(verdict.get("decision", "")), str(verdict.get("serve") or "")
    asked = pending_approval(services, run_id) if decision == "promote" else None
    return RunLine(run_id, execution, decision, serve, _answer(asked) if asked else "", spent)


def _answer(row: LedgerRow) -> str:
    return f"{row.status} by {row.message}" if row.state == ENDED else "nobody answered"


def as_json(line: RunLine) -> dict[str, object]:
    """A line for programs."""
    execution = line.execution
    return {
        "runId": line.run_id,
        "dataset": execution.input.get("dataset"),
        "status": execution.status,
        "verdict": line.verdict or None,
        "serve": line.serve or None,
        "declined": line.answer.startswith("declined"),
        "answer": line.answer or None,
        "spentUsd": line.spent_usd,
        "startedAt": execution.started,
        "endedAt": execution.stopped,
        "executionArn": execution.arn,
    }


def draw_runs(lines: Sequence[RunLine], now: datetime) -> RenderableType:
    """Newest first. Datasets have a column where the names of the runs do not tell them."""
    told = all(line.run_id.startswith(_dataset(line)) for line in lines)
    table = titled_table("Runs, newest first", ())
    for name in ("run", *(() if told else ("dataset",)), "status", "verdict", "started (UTC)"):
        table.add_column(name, overflow="fold", no_wrap=name not in ("dataset", "verdict"), min_width=8)
    for name in ("took", "USD"):
        table.add_column(name, justify="right", no_wrap=True)
    for line in lines:
        execution = line.execution
        status = Text(execution.status, style=_STATUS_STYLES.get(execution.status, "red"))
        said = line.answer.partition(" by ")[0]
        more = f", serve {line.serve}" if line.serve else f", {said}" if said else ""
        verdict = Text(line.verdict + more, style=VERDICT_STYLES.get(line.verdict, ""))
        began, took = f"{execution.started:%m-%d %H:%M}", elapsed(execution.started, execution.stopped, now)
        spent = f"{line.spent_usd:.4f}" if line.spent_usd else ""
        table.add_row(line.run_id, *(() if told else (_dataset(line),)), status, verdict, began, took, spent)
    return table


def _dataset(line: RunLine) -> str:
    return str(line.execution.input.get("dataset", "?"))
