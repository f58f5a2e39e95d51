"""One batch job: its state, and how the API shows it."""

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from local.bedrock.clock import now
from local.bedrock.events import JobEvents
from local.bedrock.identifiers import ACCOUNT, last_part
from local.bedrock.job_faults import JobFaults

RUNNING = ("Submitted", "Validating", "Scheduled", "InProgress", "Stopping")
_DEFAULT_TIMEOUT_HOURS = 24


@dataclass
class BatchJob:
    """A job and its counts. `request` is what CreateModelInvocationJob was given."""

    arn: str
    region: str
    request: dict[str, Any]
    faults: JobFaults
    events: JobEvents
    submitted: datetime = field(default_factory=now)
    status: str = "Submitted"
    message: str | None = None
    modified: datetime = field(default_factory=now)
    ended: datetime | None = None
    total: int | None = None
    succeeded: int = 0
    errors: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    stop: threading.Event = field(default_factory=threading.Event)
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def job_id(self) -> str:
        """The 12 characters at the end of the ARN."""
        return last_part(self.arn)

    @property
    def name(self) -> str:
        """The caller's name for the job."""
        return str(self.request["jobName"])

    @property
    def running(self) -> bool:
        """Whether the job will still change by itself."""
        return self.status in RUNNING

    def move(self, status: str, message: str | None = None) -> None:
        """Enter a state and say so on the event bus."""
        with self.lock:
            if self.status == "Stopping" and status in RUNNING:
                return
            self.status, self.message, self.modified = status, message, now()
            self.ended = None if self.running else self.modified
        self.events.announce(self.event_detail(), ended=not self.running)

    def begin_stopping(self) -> bool:
        """Ask the job to stop and say so; False where it has already ended."""
        with self.lock:
            if not self.running:
                return False
            self.status, self.modified = "Stopping", now()
        self.events.announce(self.event_detail(), ended=False)
        # Last, so that the event of the end cannot overtake that of the stopping.
        self.stop.set()
        return True

    def event_detail(self) -> dict[str, Any]:
        """The detail of this job's events, in its present state."""
        return {
            "accountId": ACCOUNT,
            "batchJobName": self.name,
            "batchJobArn": self.arn,
            "batchModelId": self.request["modelId"],
            "status": self.status,
            "failureMessage": self.message or "",
            "creationTime": self.submitted,
        }

    def description(self) -> dict[str, Any]:
        """The output of GetModelInvocationJob, and a summary of ListModelInvocationJobs."""
        hours = self.request.get("timeoutDurationInHours", _DEFAULT_TIMEOUT_HOURS)
        counts = {} if self.total is None else self._counts(self.total)
        shown = ("jobName", "modelId", "roleArn", "clientRequestToken", "inputDataConfig", "outputDataConfig", "vpcConfig")
        return {
            **{name: self.request[name] for name in shown if name in self.request},
            "jobArn": self.arn,
            "status": self.status,
            "message": self.message,
            "submitTime": self.submitted,
            "lastModifiedTime": self.modified,
            "endTime": self.ended,
            "timeoutDurationInHours": hours,
            "jobExpirationTime": self.submitted + timedelta(hours=hours),
            "modelInvocationType": self.request.get("modelInvocationType", "InvokeModel"),
            **counts,
        }

    def _counts(self, total: int) -> dict[str, int]:
        return {
            "totalRecordCount": total,
            "processedRecordCount": self.succeeded + self.errors,
            "successRecordCount": self.succeeded,
            "errorRecordCount": self.errors,
        }

    def manifest(self) -> dict[str, int]:
        """The content of manifest.json.out."""
        return {**self._counts(self.total or 0), "inputTokenCount": self.input_tokens, "outputTokenCount": self.output_tokens}
