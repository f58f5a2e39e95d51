"""An execution that was stopped or timed out does nothing more.

AWS: StopExecution and the machine's TimeoutSeconds end every state of the execution, Map iterations among them, and its
status is final (Step Functions API reference, StopExecution).
MiniStack: looks at the status only between the top level's states, so a Map goes on calling Lambdas, for ever where a
Catch leads back; and what fails afterwards turns the status into FAILED.
Changed: no Task starts in an ended execution, waits for a token stop, and the status stays.
"""

from contextvars import ContextVar
from typing import Any

from ministack.services import stepfunctions

_CURRENT: ContextVar[dict[str, Any] | None] = ContextVar("execution", default=None)


def apply() -> None:
    """Put the repair on."""
    stock_task, stock_fail = stepfunctions._execute_task, stepfunctions._fail_execution

    def execute_task(state: dict[str, Any], data: Any, execution: dict[str, Any] | None, context: Any) -> Any:
        _CURRENT.set(execution)
        raise_if_ended()
        return stock_task(state, data, execution, context)

    def fail_execution(execution: dict[str, Any], error: str, cause: str) -> None:
        if execution["status"] == "RUNNING":
            stock_fail(execution, error, cause)

    stepfunctions._execute_task = execute_task
    stepfunctions._fail_execution = fail_execution


def raise_if_ended() -> None:
    """Leave the Task that runs in this thread when its execution is over."""
    execution = _CURRENT.get()
    if execution and execution.get("status", "RUNNING") != "RUNNING":
        raise stepfunctions._ExecutionError("States.Runtime", "The execution has ended.")
