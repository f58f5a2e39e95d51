"""What AWS says about a run at one moment: facts only. Made by `observer` (and `aws`), read by `run_view`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from distillation.records import LedgerRow


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution of the state machine.

    `status` as Step Functions says it: RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED.
    """

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


@dataclass(frozen=True, slots=True)
class JobProgress:
    """What Bedrock says about a job.

    `total` and `processed` are records of a batch job; `loss` is the training loss of a finished customization job.
    """

    status: str
    processed: int = 0
    total: int = 0
    failed: int = 0
    message: str = ""
    created: datetime | None = None
    loss: float | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """All that is known about a run now. `keys` are those of the run's files.

    The documents are {} until they exist, the report while the run goes on.
    """

    execution: Execution
    run_id: str
    events: tuple[HistoryEvent, ...] = ()
    ledger: tuple[LedgerRow, ...] = ()
    progress: Mapping[str, JobProgress] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    run: Mapping[str, Any] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    report: Mapping[str, Any] = field(default_factory=dict)


def history_event(raw: Mapping[str, Any]) -> HistoryEvent:
    """From an entry of GetExecutionHistory."""
    details: Mapping[str, Any] = next((value for key, value in raw.items() if key.endswith("EventDetails")), {})
    return HistoryEvent(id=raw["id"], at=raw["timestamp"], kind=raw["type"], details=details)


def json_object(text: str | bytes | None) -> Mapping[str, Any]:
    """The JSON object in `text`; {} where there is none or it is something else, since watching must never fail on a
    document's form.
    """
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
