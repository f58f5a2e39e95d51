"""A failed Lambda reports the class of its exception as errorType, so that Retry and Catch by class name match.

AWS: `errorType` is the exception's class, `stackTrace` its lines; Step Functions takes errorType as the error's name (Lambda developer guide, "Python function errors"; Step Functions
developer guide, "Handling error conditions"). A process that exits is `Runtime.ExitError`.
MiniStack: always `Runtime.HandlerError`, so the execution goes on as if no Retry and no Catch were there. Changed: the class is read from the traceback that the worker sends back.
"""

import re
from typing import Any

from ministack.services import lambda_svc

_HEAD = "Traceback (most recent call last)"
_RAISED = re.compile(r"^([A-Za-z_][\w.]*)(?::|$)")


def apply() -> None:
    """Put the repair on."""
    stock = lambda_svc._execute_function_warm

    def execute(function: Any, event: Any, request_id: str) -> Any:
        result = stock(function, event, request_id)
        body = result.get("body")
        if result.get("error") and isinstance(body, dict) and body.get("errorType") == "Runtime.HandlerError":
            _name_the_error(body, result.get("log") or "")
        return result

    lambda_svc._execute_function_warm = execute


def _name_the_error(body: dict[str, Any], log: str) -> None:
    if _HEAD in log:
        trace = log[log.rindex(_HEAD) :].splitlines()[1:]
        body.update(errorType=_class_of(trace) or body["errorType"], stackTrace=trace)
    elif body.get("errorMessage") == "Worker process died":
        body["errorType"] = "Runtime.ExitError"


def _class_of(trace: list[str]) -> str | None:
    """The first line that is not indented names the exception; its message may go on over more lines."""
    matches = (_RAISED.match(line) for line in trace)
    return next((match.group(1).rsplit(".", 1)[-1] for match in matches if match), None)
