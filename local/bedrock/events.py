"""The two EventBridge events of Bedrock, and the ways in which "best effort" can go wrong."""

import json
from datetime import UTC, datetime
from typing import Any

from local.bedrock.aws_clients import EventBus
from local.bedrock.job_faults import JobFaults

BATCH_EVENT = "Batch Inference Job State Change"
CUSTOMIZATION_EVENT = "Model Customization Job State Change"


class JobEvents:
    """Sends the events of one job.

    `status_key` is `status` for batch and `jobStatus` for customization jobs, as documented.
    """

    def __init__(self, bus: EventBus, detail_type: str, arn: str, status_key: str, faults: JobFaults) -> None:
        self._bus, self._detail_type, self._arn, self._status_key, self._faults = (
            bus,
            detail_type,
            arn,
            status_key,
            faults,
        )

    def announce_early(self, detail: dict[str, Any]) -> None:
        """With the fault earlyEvent: say Completed before the job has begun, and nothing when it ends."""
        if self._faults.get("earlyEvent"):
            self._send(detail | {self._status_key: "Completed"})

    def announce(self, detail: dict[str, Any], ended: bool) -> None:
        """Say the job's new state. Faults hit the last event only: it is the one that somebody waits for."""
        if ended and (self._faults.get("lostEvent") or self._faults.get("earlyEvent")):
            return
        self._send(detail)
        if ended and self._faults.get("doubledEvent"):
            self._send(detail)

    def _send(self, detail: dict[str, Any]) -> None:
        body = {"version": "0.0", **{key: _plain(value) for key, value in detail.items() if value is not None}}
        self._bus.put(self._detail_type, self._arn, json.dumps(body))


def _plain(value: Any) -> Any:
    """Times as Bedrock's events write them."""
    return value.astimezone(UTC).strftime("%b %d, %Y, %I:%M:%S %p") if isinstance(value, datetime) else value
