"""WriteReport: scores and the counts of every hop -> the report as HTML, Markdown and JSON; the ledger in S3."""

import msgspec

from application.entry import Event, Invocation, lambda_entry
from application.reporting.budget import settle
from application.reporting.report_facts import report_of
from application.run_files import read_run, write_ledger
from application.services import Services
from application.serving.promotion import held_back
from distillation.evaluation.scores import GateDecision
from distillation.layout import RunLayout
from distillation.records import encode_json
from distillation.report.pages import render_html, render_markdown


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Gives the report's key, and why a student that earned it waits for a person's word (empty where it need not)."""
    store, run_id = services.store, event["run"]["runId"]
    layout = RunLayout(run_id)
    settle(services, read_run(store, run_id))
    write_ledger(store, run_id, services.ledger.rows(run_id))
    report = report_of(store, services.ledger, run_id, created_at=services.now().isoformat(timespec="seconds"))
    held = ""
    if report.verdict.decision is GateDecision.PROMOTE and event["promotion"] != "never":
        held = held_back(services, run_id, event["run"]["dataset"])
        report = msgspec.structs.replace(report, warnings=(*report.warnings, *filter(None, [held])))
    store.put(layout.report("report.json"), msgspec.json.format(encode_json(report), indent=2))
    store.put(layout.report("report.md"), render_markdown(report).encode(), "text/markdown; charset=utf-8")
    store.put(layout.report("index.html"), render_html(report).encode(), "text/html; charset=utf-8")
    return {"reportKey": layout.report("index.html"), "held": held, "counts": {}}


handler = lambda_entry(run)
