"""A run that failed: which run it is, and its error in plain words."""

import json
from contextlib import suppress
from typing import Any

from distillation.errors import InvalidInput
from distillation.run.input import default_run_id, resolve_config


def run_of_execution(execution_input: Any, execution_name: str) -> str:
    """The run id that PrepareRun gave, or would have given, to this execution: the failure rail may not count on PrepareRun's output."""
    try:
        return resolve_config(execution_input, execution_name=execution_name).run_id
    except InvalidInput:
        return default_run_id(execution_name)


def dataset_named(execution_input: Any) -> str:
    """The dataset as the input spells it, empty where it names none."""
    return str(execution_input.get("dataset", "")) if isinstance(execution_input, dict) else ""


def plain_cause(cause: str) -> str:
    """The message of an exception in a Lambda's cause (`{"errorMessage", "errorType", "stackTrace"}`); any other cause as it is."""
    with suppress(ValueError, TypeError, KeyError):
        return str(json.loads(cause)["errorMessage"])
    return cause
