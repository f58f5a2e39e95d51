"""A state machine's own TimeoutSeconds ends the execution.

AWS: an execution that runs longer fails with `States.Timeout` and the status TIMED_OUT (Amazon States Language,
"Top-level fields").
MiniStack: ignores the field, so a run that waits for ever looks healthy. Changed: a timer marks the execution; its loop
stops at the next state.
"""

import contextvars
import json
import threading
from typing import Any

from ministack.services import stepfunctions


def apply() -> None:
    """Put the repair on."""
    stock = stepfunctions._run_execution

    def run(execution_arn: str) -> None:
        timer = _timer(execution_arn)
        if timer:
            timer.start()
        stock(execution_arn)
        if timer:
            timer.cancel()

    stepfunctions._run_execution = run


def _timer(execution_arn: str) -> threading.Timer | None:
    execution = stepfunctions._executions.get(execution_arn)
    machine = stepfunctions._state_machines.get(execution["stateMachineArn"]) if execution else None
    seconds = json.loads(machine["definition"]).get("TimeoutSeconds") if machine else None
    if not seconds:
        return None
    # The stores are scoped by account and region, which travel in context variables that a new thread does not inherit.
    timer = threading.Timer(seconds, contextvars.copy_context().run, args=(_time_out, execution))
    timer.daemon = True
    return timer


def _time_out(execution: dict[str, Any]) -> None:
    if execution["status"] == "RUNNING":
        execution.update(status="TIMED_OUT", stopDate=stepfunctions.now_iso(), error="States.Timeout")
        stepfunctions._add_event(
            execution, "ExecutionTimedOut", {"executionTimedOutEventDetails": {"error": "States.Timeout"}}
        )
        stepfunctions._emit_execution_status_event(execution)
