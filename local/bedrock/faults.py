"""Faults that a test or a user asks for through the control endpoint.

Each is armed for a number of jobs or calls and says how often it fired.
"""

import re
import threading
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

JOB_FAULTS = (
    "recordErrors",
    "partiallyCompleted",
    "failed",
    "expired",
    "stopped",
    "lostEvent",
    "earlyEvent",
    "doubledEvent",
    "slowJob",
    "brokenLines",
    "oddLines",
)
CALL_FAULTS = ("throttling", "quotaExceeded", "lostReply", "accessDenied", "forgotten")


class Fault(BaseModel):
    """One fault.

    `job_name` is a regular expression over job and deployment names, for `accessDenied` and `forgotten` over what a
    call is about: a name, an id or an ARN; `share` the part of the records that it hits; `times` None means always.
    """

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True)

    fault: str = Field(pattern=f"^({'|'.join(JOB_FAULTS + CALL_FAULTS)})$")
    job_name: str = ".*"
    operation: str = "any"
    share: float = Field(default=0.5, ge=0, le=1)
    error_code: int = 500
    error_message: str = "Internal error while processing the record. Retry it."
    message: str = "The job failed because of an injected fault."
    seconds: float = Field(default=5.0, ge=0)
    times: int | None = Field(default=1, ge=1)
    fired: int = 0

    def _armed(self) -> bool:
        return self.times is None or self.fired < self.times

    def matches_job(self, kind: str, name: str) -> bool:
        """Whether this fault is armed for a job of that name."""
        return self.fault == kind and self._armed() and re.search(self.job_name, name) is not None

    def matches_call(self, kind: str, operation: str) -> bool:
        """Whether this fault is armed for a call of that operation."""
        return self.fault == kind and self._armed() and self.operation in ("any", operation)

    def refuses(self, kind: str, operation: str, about: str) -> bool:
        """Whether this fault refuses a call of that operation on that resource."""
        return self.matches_call(kind, operation) and re.search(self.job_name, about) is not None


class Faults:
    """The armed faults of the server. Safe to use from several threads."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Arm a fault."""
        re.compile(fault.job_name)
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Disarm all."""
        with self._lock:
            self._faults.clear()

    def listing(self) -> list[dict[str, Any]]:
        """Every fault since the last clear, with how often it fired."""
        with self._lock:
            return [fault.model_dump(by_alias=True) for fault in self._faults]

    def take_for_job(self, kind: str, name: str) -> Fault | None:
        """The first armed fault of `kind` for this job, counted as fired; None where there is none."""
        return self._take(lambda fault: fault.matches_job(kind, name))

    def take_for_call(self, kind: str, operation: str) -> Fault | None:
        """The first armed fault of `kind` for this call, counted as fired; None where there is none."""
        return self._take(lambda fault: fault.matches_call(kind, operation))

    def take_refusal(self, kind: str, operation: str, about: str) -> Fault | None:
        """The first armed fault of `kind` that refuses this call, counted as fired; None where it is allowed."""
        return self._take(lambda fault: fault.refuses(kind, operation, about))

    def _take(self, wanted: Any) -> Fault | None:
        with self._lock:
            found = next((fault for fault in self._faults if wanted(fault)), None)
            if found:
                found.fired += 1
            return found
