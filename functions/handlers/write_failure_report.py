"""WriteFailureReport: what failed and what was retired -> the error in plain words, the failure report and the ledger
in S3.
"""

import msgspec

from application.entry import Event, Turn, lambda_entry
from application.retirement import dataset_named, plain_cause, run_of_execution
from application.run_files import write_ledger
from application.services import Services
from distillation.layout import RunLayout
from distillation.report.failure import build_failure_report, failure_json, render_failure_html, render_failure_markdown
from distillation.run.record import RunRecord
from gateways.store import Store


def run(event: Event, services: Services, turn: Turn) -> dict[str, object]:
    """Gives the error and the cause that the execution ends with.

    An execution that was refused the run id of an earlier run leaves that run's report alone.
    """
    failure, store = event["failure"], services.store
    run_id = run_of_execution(event["input"], event["executionName"])
    cause = plain_cause(failure["cause"])
    report = build_failure_report(
        run_id,
        dataset_named(event["input"]),
        services.now().isoformat(timespec="seconds"),
        failure | {"cause": cause},
        _counts(store, run_id),
    )
    if failure["state"] == "PrepareRun" and store.get_or_none(RunLayout(run_id).run):
        return {"error": failure["error"], "cause": cause}
    layout = RunLayout(run_id)
    store.put(layout.report("report.json"), msgspec.json.format(failure_json(report), indent=2))
    store.put(layout.report("report.md"), render_failure_markdown(report).encode(), "text/markdown; charset=utf-8")
    store.put(layout.report("index.html"), render_failure_html(report).encode(), "text/html; charset=utf-8")
    write_ledger(store, run_id, services.ledger.rows(run_id))
    return {"error": failure["error"], "cause": cause}


def _counts(store: Store, run_id: str) -> dict[str, int]:
    record = store.read_or_none(RunLayout(run_id).run, RunRecord)
    return record.counts if record else {}


handler = lambda_entry(run)
