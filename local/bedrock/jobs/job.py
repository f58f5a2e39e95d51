"""What every kind of job shares: its state and how it moves on, stopping, and the thread that brings it to its end."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.bedrock.aws_clients import StorageError
from local.bedrock.clock import now
from local.bedrock.events import JobEvents
from local.bedrock.identifiers import last_part
from local.bedrock.job_faults import JobFaults

_log = logging.getLogger(__name__)
# The states of all kinds in which a job still changes by itself.
RUNNING = frozenset({"Submitted", "Validating", "Scheduled", "InProgress", "Stopping"})


class JobFailed(Exception):
    """The job cannot be run; the message becomes the job's."""


class JobStopped(Exception):
    """The job was asked to stop."""


@dataclass(kw_only=True)
class Job:
    """A job in its present state.

    `request` is what the create call was given; `message` is why it failed or stopped; kinds without events have none.
    """

    arn: str
    region: str
    request: dict[str, Any]
    faults: JobFaults
    events: JobEvents | None = None
    status: str = "InProgress"
    message: str | None = None
    created: datetime = field(default_factory=now)
    modified: datetime = field(default_factory=now)
    ended: datetime | None = None
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

    def announce_creation(self) -> None:
        """Say that the job is there."""
        if self.events:
            self.events.announce_early(self.event_detail())
        self._announce()

    def move(self, status: str, message: str | None = None) -> None:
        """Enter a state and say so on the event bus. A job that is stopping enters no other running state."""
        with self.lock:
            if self.status == "Stopping" and status in RUNNING:
                return
            self.status, self.message, self.modified = status, message, now()
            self.ended = None if self.running else self.modified
        self._announce()

    def begin_stopping(self) -> bool:
        """Ask the job to stop and say so; False where it has already ended."""
        with self.lock:
            if not self.running:
                return False
            self.status, self.modified = "Stopping", now()
        self._announce()
        # Last, so that the event of the end cannot overtake that of the stopping.
        self.stop.set()
        return True

    def check_stop(self) -> None:
        """Raise JobStopped where the job was asked to stop."""
        if self.stop.is_set():
            raise JobStopped

    def stay(self, seconds: float) -> None:
        """Let a state last. Raises JobStopped as soon as the job is asked to stop."""
        self.stop.wait(seconds)
        self.check_stop()

    def meet_faults(self) -> None:
        """Take the time, and the end, that the faults slowJob, failed and stopped give the job.

        Raises JobFailed or JobStopped.
        """
        self.stay(self.faults.delay)
        failed = self.faults.get("failed")
        if failed:
            raise JobFailed(failed.message)
        if self.faults.get("stopped"):
            raise JobStopped

    def event_detail(self) -> dict[str, Any]:
        """The detail of this job's events, in its present state. Only for kinds with events."""
        return {}

    def _announce(self) -> None:
        if self.events:
            self.events.announce(self.event_detail(), ended=not self.running)


def run_to_its_end(job: Job, work: Callable[[], None], stopped: str | None = None) -> None:
    """Do a job's work, which completes it, and give it another end where that fails; never raises.

    `stopped` is a stopped job's message.
    """
    try:
        work()
    except JobStopped:
        job.move("Stopped", stopped)
    except (JobFailed, StorageError) as error:
        job.move("Failed", str(error))
    except Exception:
        _log.exception("The job %s failed.", job.name)
        job.move("Failed", "Internal error. See the local Bedrock's log.")
