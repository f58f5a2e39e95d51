"""A failed run in plain words: what happened, line by line, and what to do next. Pure."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from cli.runs.observed import Observed
from distillation.records import Leftover
from distillation.report.failure import NEXT, next_step
from gateways.executions import json_object

_NOTHING_PAID = frozenset({"InvalidInput"})
_STOPPED = "The execution was stopped from outside."
_NOT_YET = "Its jobs and deployments are being taken back; watch it again in some minutes for what is left."


@dataclass(frozen=True, slots=True)
class Failure:
    """`lines` are the cause as it should be read, first the headline; `next_step` names keys of the bucket.

    `command` goes on with the run, "" where nothing is paid for yet.
    """

    error: str
    lines: tuple[str, ...]
    next_step: str
    command: str


def failure_of(observed: Observed, dataset: str) -> Failure | None:
    """None while the run goes on and when it succeeded.

    What the failure report says still costs money is told with the cause: of an execution that was stopped or ran out
    of time no cause could say it, since its clean-up comes later.
    """
    execution, run_id = observed.execution, observed.run_id
    if execution.running or execution.status == "SUCCEEDED":
        return None
    # A function's error also holds a trace; a run out of time has no error but its status.
    of_function = json_object(execution.cause)
    without_error = "States.Timeout" if execution.status == "TIMED_OUT" else execution.status
    error = str(of_function.get("errorType") or execution.error or without_error)
    cause = str(of_function.get("errorMessage") or execution.cause)
    lines = tuple(line for line in cause.splitlines() if line.strip() and not line.startswith(NEXT))
    later = execution.status != "FAILED" or error == "States.Runtime"
    left = [_NOT_YET] if later and observed.ledger and not observed.failure else _left(observed.failure, cause)
    lines = (*lines[:1], *left, *lines[1:])
    advice = _STOPPED if execution.status == "ABORTED" else next_step(run_id, error)
    command = "" if error in _NOTHING_PAID else f"python -m cli start {dataset or 'DATASET'} --run-id {run_id}"
    return Failure(error, lines, advice, command)


def _left(report: Mapping[str, Any], cause: str) -> list[str]:
    with suppress(msgspec.ValidationError):
        left = msgspec.convert(report.get("left", ()), tuple[Leftover, ...])
        return [str(one) for one in left if one.what not in cause]
    return []
