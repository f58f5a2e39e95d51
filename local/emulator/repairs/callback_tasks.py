"""`.waitForTaskToken`: HeartbeatSeconds and TimeoutSeconds count, as numbers and as JSONata, and a Lambda that raises
fails the task.

AWS: a task that is silent for longer than HeartbeatSeconds fails with `States.HeartbeatTimeout`, which a Retry or Catch
of `States.Timeout` also matches; SendTaskHeartbeat starts the count anew; in JSONata both fields may be expressions; an
error of the invocation fails the task at once; each attempt has a token of its own (Amazon States Language, "Timeouts"
and "Errors"; Step Functions developer guide, "Wait for a callback with task token").
MiniStack: ignores HeartbeatSeconds, fails on expressions, swallows the Lambda's error and waits for ever, and gives a
retry the token of the failed attempt.
Changed: all of that.
"""

import json
import threading
import time
from typing import Any

from ministack.services import stepfunctions

from local.emulator.repairs.ended_executions import raise_if_ended

_STEP_SECONDS = 0.05


def apply() -> None:
    """Put the repair on."""
    _evaluate_time_limits()
    _match_heartbeat_timeout()
    _give_each_attempt_a_token()
    stepfunctions._invoke_with_callback = _invoke_and_wait


def _evaluate_time_limits() -> None:
    stock = stepfunctions._execute_task

    def execute(state: dict[str, Any], data: Any, execution: Any, context: Any) -> Any:
        limits: dict[str, Any] = {
            field: _seconds(state, field, data, context)
            for field in ("HeartbeatSeconds", "TimeoutSeconds")
            if field in state
        }
        return stock({**state, **limits}, data, execution, context)

    stepfunctions._execute_task = execute


def _seconds(state: dict[str, Any], field: str, data: Any, context: Any) -> Any:
    if stepfunctions._state_query_language(state, context) != "JSONata":
        return state[field]
    return stepfunctions._jsonata_state_field(state, field, "number", data, context)


def _give_each_attempt_a_token() -> None:
    stock = stepfunctions._apply_jsonata_arguments

    def arguments(state: dict[str, Any], data: Any, context: Any = None) -> Any:
        if context and ".waitForTaskToken" in state.get("Resource", ""):
            context["Task"] = {"Token": stepfunctions.new_uuid()}
        return stock(state, data, context)

    stepfunctions._apply_jsonata_arguments = arguments


def _match_heartbeat_timeout() -> None:
    stock = stepfunctions._error_matches

    def matches(error_equals: list[str], error: str) -> bool:
        if error == "States.HeartbeatTimeout" and "States.Timeout" in error_equals:
            return True
        return bool(stock(error_equals, error))

    stepfunctions._error_matches = matches


def _invoke_and_wait(resource: str, data: Any, token: str, state: dict[str, Any]) -> Any:
    answered = threading.Event()
    task = {"event": answered, "result": None, "error": None, "heartbeat": None}
    stepfunctions._task_tokens[token] = task
    try:
        _invoke(resource, data, answered)
        _wait(task, state.get("TimeoutSeconds"), state.get("HeartbeatSeconds"))
    finally:
        stepfunctions._task_tokens.pop(token, None)
    return _result(task)


def _invoke(resource: str, data: Any, answered: threading.Event) -> None:
    try:
        stepfunctions._invoke_resource(resource.replace(".waitForTaskToken", ""), data)
    except stepfunctions._ExecutionError:
        # A Lambda that completes its own token and fails afterwards has answered.
        if not answered.is_set():
            raise


def _wait(task: dict[str, Any], timeout: float | None, heartbeat: float | None) -> None:
    begun = last_sign = time.monotonic()
    seen = task["heartbeat"]
    while not task["event"].wait(_STEP_SECONDS):
        raise_if_ended()
        now = time.monotonic()
        if task["heartbeat"] != seen:
            seen, last_sign = task["heartbeat"], now
        if timeout and now - begun > timeout:
            raise stepfunctions._ExecutionError("States.Timeout", "")
        if heartbeat and now - last_sign > heartbeat:
            raise stepfunctions._ExecutionError("States.HeartbeatTimeout", "")


def _result(task: dict[str, Any]) -> Any:
    if task["error"]:
        raise stepfunctions._ExecutionError(task["error"].get("Error", "TaskFailed"), task["error"].get("Cause", ""))
    return json.loads(task["result"])
