"""An execution ended without success and without its failure rail (stopped, out of time or history) -> the same end."""

import json
from typing import Any

from application.entry import Event, Invocation, lambda_entry
from application.reporting.failure_report import report_failure
from application.services import Services
from application.serving.retirement import retire_pass
from distillation.bedrock.submission import RETIRED, RUN
from distillation.run.input import run_of_execution

_ENDS = {
    "ABORTED": ("Aborted", "The execution was stopped from outside."),
    "TIMED_OUT": ("States.Timeout", "The run reached the time limit of the state machine (its TimeoutSeconds)."),
}
_OTHER = ("States.Runtime", "Step Functions ended the execution and gave no cause.")
_RESERVE_MS = 120_000
"""For one more pass and the report."""


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Cleans up pass after pass, writes the report, sends the message. An event that comes twice or after the rail, or
    of an execution whose run a later one has taken over, changes nothing.
    """
    detail = event["detail"]
    error, cause = _ENDS.get(detail["status"]) or (detail.get("error") or _OTHER[0], _OTHER[1])
    cause = detail.get("cause") or cause
    failure: dict[str, Any] = {"state": "", "error": error, "cause": cause}
    rail = {"input": json.loads(detail.get("input") or "{}"), "executionName": detail["name"], "failure": failure}
    again = True
    while again:
        if why := _nothing_to_do(services, rail):
            return {"outcome": why}
        failure |= retire_pass(services, rail)
        again = failure["again"] and _time_for_another(services, invocation)
        if again:
            services.pause(services.settings.retire_again_seconds)
    told = report_failure(services, rail)
    services.notices.send(
        f"Nova Distill: run {detail['name']} {detail['status'].lower().replace('_', ' ')}",
        f"{told['error']}\n{told['cause']}\n" + "\n".join(failure["retired"]),
    )
    return {"outcome": "retired", "counts": {"retired": len(failure["retired"]), "left": len(failure["left"])}}


def _nothing_to_do(services: Services, rail: dict[str, Any]) -> str:
    run_id = run_of_execution(rail["input"], rail["executionName"])
    row = services.ledger.row(run_id, RUN)
    if row is None:
        return "the execution ended in PrepareRun and has made nothing"
    if row.execution != rail["executionName"]:
        return f"the run belongs to execution {row.execution}"
    return "its own rail has run" if row.state == RETIRED else ""


def _time_for_another(services: Services, invocation: Invocation) -> bool:
    return invocation.get_remaining_time_in_millis() > services.settings.retire_again_seconds * 1000 + _RESERVE_MS


handler = lambda_entry(run)
