"""A run that ended without success: its error in plain words, and its report."""

from collections.abc import Mapping
from typing import Any

import msgspec

from application.reporting.budget import settle
from application.run_files import write_ledger
from application.services import Services
from application.serving.retirement import dataset_named, other_holder, plain_cause
from distillation.bedrock.submission import RETIRED, set_run_state
from distillation.layout import RunLayout
from distillation.records import CleanUp, Leftover, encode_json
from distillation.report.failure import (
    NEXT,
    FailureReport,
    build_failure_report,
    next_step,
    render_failure_html,
    render_failure_markdown,
)
from distillation.run.input import run_of_execution
from distillation.run.record import RunRecord
from gateways.store import Store

_HEAD = 2000
"""Of the cause, before what still costs money: a message to the topic shows 8,000 characters."""


def report_failure(services: Services, rail: Mapping[str, Any]) -> dict[str, object]:
    """Writes the failure report and the ledger in S3. Gives the error and the cause that the execution ends with; the
    cause names what still costs money. `rail` as in `retirement.retire_pass`.

    An execution that was refused an earlier run's id, or whose run a later one has taken over, leaves that run's report
    alone. A verdict's report stays too, and the failure stands beside it.
    """
    failure, store = rail["failure"], services.store
    run_id = run_of_execution(rail["input"], rail["executionName"])
    done, step = _clean_up(failure, run_id), next_step(run_id, failure["error"])
    told: dict[str, object] = {"error": failure["error"], "cause": _cause(plain_cause(failure["cause"]), done, step)}
    if failure["state"] == "PrepareRun" and store.get_or_none(RunLayout(run_id).run):
        return told
    if later := other_holder(services, run_id, rail["executionName"]):
        step = f"The run goes on in execution {later}, so nothing of it was taken back here: watch that one."
        return told | {"cause": _cause(plain_cause(failure["cause"]), done, step)}
    record, at = store.read_or_none(RunLayout(run_id).run, RunRecord), services.now().isoformat(timespec="seconds")
    failed = failure | msgspec.to_builtins(done) | {"cause": plain_cause(failure["cause"])}
    counts = record.counts if record else {}
    _write(store, build_failure_report(run_id, dataset_named(rail["input"]), at, failed, counts))
    if failure["state"] != "PrepareRun" and "retireError" not in failure:
        set_run_state(services.ledger, run_id, RETIRED, execution=rail["executionName"], now=services.now())
    if record:
        settle(services, record)
    write_ledger(store, run_id, services.ledger.rows(run_id))
    return told


def _clean_up(failure: Mapping[str, Any], run_id: str) -> CleanUp:
    """What the passes of RetireAfterFailure did; where it failed itself, that nobody knows what is left."""
    done = msgspec.convert(failure, CleanUp)
    if "retireError" not in failure:
        return done
    unknown = Leftover(
        what="what the run made and nothing here lists as deleted or stopped",
        why=f"the clean-up failed: {plain_cause(failure['retireError'])}",
        command=f"python -m cli stop {run_id}",
    )
    return msgspec.structs.replace(done, left=(*done.left, unknown))


def _cause(cause: str, done: CleanUp, step: str) -> str:
    head, _, rest = cause.partition("\n")
    told = [rest, f"{NEXT}{step}"]
    # A long list of problems would push the advice out of the message.
    costs = [*map(str, done.left), *(f"Kept: {line}" for line in done.kept)]
    return "\n".join(filter(None, [head[:_HEAD], *costs, *(told if len(rest) < _HEAD else told[::-1])]))


def _write(store: Store, report: FailureReport) -> None:
    layout = RunLayout(report.run_id)
    has_verdict = store.get_or_none(layout.verdict) and store.get_or_none(layout.report("report.json"))
    page, name = ("failure", "failure") if has_verdict else ("index", "report")
    store.put(layout.report(f"{name}.json"), msgspec.json.format(encode_json(report), indent=2))
    store.put(layout.report(f"{name}.md"), render_failure_markdown(report).encode(), "text/markdown; charset=utf-8")
    store.put(layout.report(f"{page}.html"), render_failure_html(report).encode(), "text/html; charset=utf-8")
