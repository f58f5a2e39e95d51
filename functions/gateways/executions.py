"""The distillation state machine: starting runs, and what it says of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from gateways.aws_errors import code_of

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient

_NEW_EVENTS_PAGE, _WHOLE_PAGE = 200, 1000


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution of the state machine. `status`: RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED."""

    arn: str
    name: str
    status: str
    started: datetime
    stopped: datetime | None = None
    input: Mapping[str, Any] = field(default_factory=dict)
    output: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    cause: str = ""

    @property
    def running(self) -> bool:
        return self.status == "RUNNING"


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """One event of an execution's history. `details` is the event's only `...EventDetails` object."""

    id: int
    at: datetime
    kind: str
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def entered_state(self) -> str | None:
        return str(self.details.get("name", "")) if self.kind.endswith("StateEntered") else None


class Executions:
    """One state machine. Its ARN is asked of nobody: the settings have it."""

    def __init__(self, client: "SFNClient", state_machine_arn: str) -> None:
        self._client = client
        self._arn = state_machine_arn

    @property
    def on_aws(self) -> bool:
        """False where the client was pointed at another endpoint."""
        return "amazonaws.com" in self._client.meta.endpoint_url

    def arn_of(self, name: str) -> str:
        """The ARN of an execution by its name."""
        return f"{self._arn.replace(':stateMachine:', ':execution:')}:{name}"

    def start(self, name: str, execution_input: Mapping[str, object]) -> bool:
        """Starts a run; False where an execution of that name exists, so that a doubled event starts nothing twice."""
        try:
            self._client.start_execution(stateMachineArn=self._arn, name=name, input=json.dumps(execution_input))
        except ClientError as error:
            if code_of(error) == "ExecutionAlreadyExists":
                return False
            raise
        return True

    def stop(self, arn: str, cause: str) -> None:
        """Stops an execution; one that has ended stays as it is."""
        self._client.stop_execution(executionArn=arn, error="Aborted", cause=cause)

    def latest(self, limit: int) -> list[Execution]:
        """The newest executions, newest first, without their input and output (`describe` has them)."""
        pages = self._client.get_paginator("list_executions").paginate(
            stateMachineArn=self._arn, PaginationConfig={"PageSize": min(limit, 1000)}
        )
        listed = islice((item for page in pages for item in page["executions"]), limit)
        return sorted(map(_execution, listed), key=lambda execution: execution.started, reverse=True)

    def describe(self, arn: str) -> Execution | None:
        """One execution, whole; None where there is none."""
        try:
            return _execution(self._client.describe_execution(executionArn=arn))
        except ClientError as error:
            if code_of(error) in {"ExecutionDoesNotExist", "InvalidArn"}:
                return None
            raise

    def events_after(self, arn: str, last_id: int) -> list[HistoryEvent]:
        """What has happened since event `last_id`, oldest first; read backwards, so that new events cost one call."""
        pages = self._client.get_paginator("get_execution_history").paginate(
            executionArn=arn,
            reverseOrder=True,
            includeExecutionData=True,
            PaginationConfig={"PageSize": _NEW_EVENTS_PAGE if last_id else _WHOLE_PAGE},
        )
        newest_first = (history_event(raw) for page in pages for raw in page["events"])
        return list(takewhile(lambda event: event.id > last_id, newest_first))[::-1]


def _execution(answer: Mapping[str, Any]) -> Execution:
    stopped = answer.get("stopDate")
    return Execution(
        arn=answer["executionArn"],
        name=answer.get("name", answer["executionArn"].rsplit(":", 1)[-1]),
        status=answer["status"],
        started=answer["startDate"],
        stopped=stopped if isinstance(stopped, datetime) else None,
        input=json_object(answer.get("input")),
        output=json_object(answer.get("output")),
        error=answer.get("error", ""),
        cause=answer.get("cause", ""),
    )


def history_event(raw: Mapping[str, Any]) -> HistoryEvent:
    """From an entry of GetExecutionHistory."""
    details: Mapping[str, Any] = next((value for key, value in raw.items() if key.endswith("EventDetails")), {})
    return HistoryEvent(id=raw["id"], at=raw["timestamp"], kind=raw["type"], details=details)


def json_object(text: str | bytes | None) -> Mapping[str, Any]:
    """The JSON object in `text`; {} for all else: watching must never fail on a document's form."""
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
