"""A failed run in plain words: what happened, line by line, and what to do next. Pure."""

from dataclasses import dataclass

from distillation.report.failure import NEXT, next_step
from gateways.executions import Execution, json_object

_NOTHING_PAID = frozenset({"InvalidInput"})
_STOPPED = "The execution was stopped from outside."


@dataclass(frozen=True, slots=True)
class Failure:
    """`lines` are the cause as it should be read, first the headline; `next_step` names keys of the bucket.

    `command` goes on with the run, "" where nothing is paid for yet.
    """

    error: str
    lines: tuple[str, ...]
    next_step: str
    command: str


def failure_of(execution: Execution, run_id: str, dataset: str) -> Failure | None:
    """None while the run goes on and when it succeeded."""
    if execution.running or execution.status == "SUCCEEDED":
        return None
    # A function's error also holds a trace; a run out of time has no error but its status.
    of_function = json_object(execution.cause)
    without_error = "States.Timeout" if execution.status == "TIMED_OUT" else execution.status
    error = str(of_function.get("errorType") or execution.error or without_error)
    cause = str(of_function.get("errorMessage") or execution.cause)
    lines = tuple(line for line in cause.splitlines() if line.strip() and not line.startswith(NEXT))
    advice = _STOPPED if execution.status == "ABORTED" else next_step(run_id, error)
    command = "" if error in _NOTHING_PAID else f"python -m cli start {dataset or 'DATASET'} --run-id {run_id}"
    return Failure(error, lines, advice, command)
