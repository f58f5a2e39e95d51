"""Completing the tasks that wait in Step Functions."""

import json
from typing import TYPE_CHECKING

from gateways.aws_errors import passing_over

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient

ALREADY_OVER = frozenset({"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"})
"""A doubled event, a look beside an event, or a heartbeat that ran out meanwhile: the task has gone on without us."""
CAUSE_MAX = 32_768
"""Longest cause of SendTaskFailure (Step Functions API reference)."""


class StepFunctionsCallbacks:
    """Implements `distillation.waiting.Callbacks`."""

    def __init__(self, client: "SFNClient") -> None:
        self._client = client

    def succeed(self, token: str, output: dict[str, object]) -> None:
        """The task goes on with `output`."""
        self.answer(token, output)

    def answer(self, token: str, output: dict[str, object]) -> bool:
        """As `succeed`; False where the task does not wait any more."""
        with passing_over(ALREADY_OVER):
            self._client.send_task_success(taskToken=token, output=json.dumps(output))
            return True
        return False

    def fail(self, token: str, error: str, cause: str) -> None:
        """The task fails with the error class and the cause."""
        with passing_over(ALREADY_OVER):
            self._client.send_task_failure(taskToken=token, error=error, cause=cause[:CAUSE_MAX])
