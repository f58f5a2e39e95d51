"""The log of API calls, so that a test can prove that something was submitted once."""

import threading
from datetime import UTC, datetime
from typing import Any

# The members that name what a call is about, in the order in which they are looked for.
_NAMES = (
    "jobName",
    "modelDeploymentName",
    "jobIdentifier",
    "customModelDeploymentIdentifier",
    "modelIdentifier",
    "inferenceProfileIdentifier",
    "modelId",
    "resourceARN",
)

_KEPT = ("serviceTier", "messages")


def name_of(parameters: dict[str, Any]) -> str | None:
    """What a call is about: a name, an id or an ARN; None where it names nothing."""
    return next((parameters[member] for member in _NAMES if member in parameters), None)


class Calls:
    """Every API call since the start: operation, name, time, outcome (`ok` or an error code), and the service tier and
    the messages where it has them.
    """

    def __init__(self) -> None:
        self._calls: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def add(self, operation: str, parameters: dict[str, Any], outcome: str) -> None:
        """Note one call."""
        entry = {
            "operation": operation,
            "name": name_of(parameters),
            "time": datetime.now(UTC).isoformat(),
            "outcome": outcome,
        }
        more = {member: parameters[member] for member in _KEPT if member in parameters}
        with self._lock:
            self._calls.append(entry | more)

    def listing(self) -> list[dict[str, Any]]:
        """All calls, oldest first."""
        with self._lock:
            return list(self._calls)
