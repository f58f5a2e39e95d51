"""One customization job: its state, and how the API shows it."""

import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.bedrock.clock import now
from local.bedrock.events import JobEvents
from local.bedrock.hyperparameters import Hyperparameters
from local.bedrock.identifiers import foundation_model_arn, last_part
from local.bedrock.job_faults import JobFaults
from local.bedrock.training import Step

_PHASES = ("validationDetails", "dataProcessingDetails", "trainingDetails")


@dataclass
class CustomizationJob:
    """A job. `request` is what CreateModelCustomizationJob was given; `phase` counts the finished phases (0 to 3)."""

    arn: str
    region: str
    base_model_id: str
    request: dict[str, Any]
    hyperparameters: Hyperparameters
    faults: JobFaults
    events: JobEvents
    created: datetime = field(default_factory=now)
    status: str = "InProgress"
    failure: str | None = None
    modified: datetime = field(default_factory=now)
    ended: datetime | None = None
    phase: int = 0
    model_arn: str | None = None
    last_step: Step | None = None
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
        return self.status in ("InProgress", "Stopping")

    def end(self, status: str, failure: str | None = None) -> None:
        """Enter a terminal state and say so on the event bus."""
        with self.lock:
            self.status, self.failure = status, failure
            self.ended = self.modified = now()
        self.events.announce(self.event_detail(), ended=True)

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
        shown = ("roleArn", "trainingDataConfig", "validationDataConfig", "outputDataConfig", "hyperParameters")
        return {
            "jobName": self.name,
            "jobArn": self.arn,
            "outputModelName": self.request["customModelName"],
            "outputModelArn": self.model_arn,
            "baseModelArn": foundation_model_arn(self.region, self.base_model_id),
            "jobStatus": self.status,
            "failureMessage": self.failure,
            "creationTime": self.created,
            "lastModifiedTime": self.modified,
            "endTime": self.ended,
            **{name: self.request[name] for name in shown if name in self.request},
        }

    def description(self) -> dict[str, Any]:
        """The output of GetModelCustomizationJob."""
        shown = ("jobName", "clientRequestToken", "roleArn", "trainingDataConfig", "outputDataConfig", "vpcConfig")
        return {
            **{name: self.request[name] for name in shown if name in self.request},
            "jobArn": self.arn,
            "outputModelName": self.request["customModelName"],
            "outputModelArn": self.model_arn,
            "status": self.status,
            "statusDetails": self._details(),
            "failureMessage": self.failure,
            "creationTime": self.created,
            "lastModifiedTime": self.modified,
            "endTime": self.ended,
            "baseModelArn": foundation_model_arn(self.region, self.base_model_id),
            "hyperParameters": self.request.get("hyperParameters", {}),
            "validationDataConfig": self.request.get("validationDataConfig", {"validators": []}),
            "customizationType": "FINE_TUNING",
            **self.metrics(),
        }

    def summary(self) -> dict[str, Any]:
        """An entry of ListModelCustomizationJobs."""
        return {
            "jobArn": self.arn,
            "baseModelArn": foundation_model_arn(self.region, self.base_model_id),
            "jobName": self.name,
            "status": self.status,
            "statusDetails": self._details(),
            "lastModifiedTime": self.modified,
            "creationTime": self.created,
            "endTime": self.ended,
            "customModelArn": self.model_arn,
            "customModelName": self.request["customModelName"] if self.model_arn else None,
            "customizationType": "FINE_TUNING",
        }

    def metrics(self) -> dict[str, Any]:
        """trainingMetrics and validationMetrics, as far as they are known."""
        step = self.last_step
        training = {"trainingMetrics": {"trainingLoss": step.training_loss}} if step else {}
        validation = {"validationMetrics": [{"validationLoss": step.validation_loss}]} if step and step.validation_loss is not None else {}
        return training | validation

    def _details(self) -> dict[str, Any]:
        def of(position: int) -> str:
            if position < self.phase:
                return "Completed"
            return self.status if position == self.phase else "NotStarted"

        times = {"creationTime": self.created, "lastModifiedTime": self.modified}
        return {name: {"status": of(position), **times} for position, name in enumerate(_PHASES)}
