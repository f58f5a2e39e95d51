"""A failed Lambda reports the class of its exception as errorType, so that Retry and Catch by class name match.

AWS: `errorType` is the exception's class, `stackTrace` its lines, a process that exits is `Runtime.ExitError`, a module
that is missing `Runtime.ImportModuleError` (Lambda developer guide, "Python function errors" and "Troubleshooting");
Step Functions takes errorType as the error's name (its developer guide, "Handling error conditions").
MiniStack: mostly `Runtime.HandlerError`, so the execution goes on as if no Retry and no Catch were there.
Changed: the class is read from the traceback that the worker sends back.
"""

import re
from typing import Any

from ministack.services import lambda_svc

_INIT_FAILED = "Worker init failed: No module named"
_HEAD = "Traceback (most recent call last)"
_RAISED = re.compile(r"^([A-Za-z_][\w.]*)(?::|$)")


def apply() -> None:
    """Put the repair on."""
    stock = lambda_svc._execute_function_warm

    def execute(function: Any, event: Any, request_id: str) -> Any:
        result = stock(function, event, request_id)
        if result.get("error") and isinstance(result.get("body"), dict):
            _name_the_error(result["body"], result.get("log") or "")
        return result

    lambda_svc._execute_function_warm = execute


def _name_the_error(body: dict[str, Any], log: str) -> None:
    message = str(body.get("errorMessage"))
    if message.startswith(_INIT_FAILED):
        body["errorType"] = "Runtime.ImportModuleError"
    elif message.startswith("Worker process exited immediately"):
        body["errorType"] = "Runtime.ExitError"
    elif body.get("errorType") != "Runtime.HandlerError":
        return
    elif _HEAD in log:
        trace = log[log.rindex(_HEAD) :].splitlines()[1:]
        body.update(errorType=_class_of(trace) or body["errorType"], stackTrace=trace)
    elif message == "Worker process died":
        body["errorType"] = "Runtime.ExitError"


def _class_of(trace: list[str]) -> str | None:
    """The first line that is not indented names the exception; its message may go on over more lines."""
    matches = (_RAISED.match(line) for line in trace)
    return next((match.group(1).rsplit(".", 1)[-1] for match in matches if match), None)
