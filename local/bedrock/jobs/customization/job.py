"""One customization job: its state, and how the API shows it."""

from dataclasses import dataclass
from typing import Any

from local.bedrock.identifiers import foundation_model_arn
from local.bedrock.jobs.customization.hyperparameters import Hyperparameters
from local.bedrock.jobs.customization.training import Step
from local.bedrock.jobs.job import Job

FINE_TUNING, DISTILLATION = "FINE_TUNING", "DISTILLATION"
_PHASES = ("validationDetails", "dataProcessingDetails", "trainingDetails")


@dataclass(kw_only=True)
class CustomizationJob(Job):
    """A fine-tuning or distillation job. `phase` counts the finished phases (0 to 3)."""

    base_model_id: str
    hyperparameters: Hyperparameters
    phase: int = 0
    model_arn: str | None = None
    last_step: Step | None = None

    @property
    def kind(self) -> str:
        """FINE_TUNING or DISTILLATION."""
        return str(self.request.get("customizationType", FINE_TUNING))

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
            "failureMessage": self.message,
            "creationTime": self.created,
            "lastModifiedTime": self.modified,
            "endTime": self.ended,
            **{name: self.request[name] for name in shown if name in self.request},
        }

    def description(self) -> dict[str, Any]:
        """The output of GetModelCustomizationJob."""
        shown = (
            "jobName",
            "clientRequestToken",
            "roleArn",
            "trainingDataConfig",
            "outputDataConfig",
            "vpcConfig",
            "customizationConfig",
        )
        return {
            **{name: self.request[name] for name in shown if name in self.request},
            "jobArn": self.arn,
            "outputModelName": self.request["customModelName"],
            "outputModelArn": self.model_arn,
            "status": self.status,
            "statusDetails": self._details(),
            "failureMessage": self.message,
            "creationTime": self.created,
            "lastModifiedTime": self.modified,
            "endTime": self.ended,
            "baseModelArn": foundation_model_arn(self.region, self.base_model_id),
            "hyperParameters": self.request.get("hyperParameters", {}),
            "validationDataConfig": self.request.get("validationDataConfig", {"validators": []}),
            "customizationType": self.kind,
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
            "customizationType": self.kind,
        }

    def metrics(self) -> dict[str, Any]:
        """trainingMetrics and validationMetrics, as far as they are known."""
        step = self.last_step
        training = {"trainingMetrics": {"trainingLoss": step.training_loss}} if step else {}
        validation = (
            {"validationMetrics": [{"validationLoss": step.validation_loss}]}
            if step and step.validation_loss is not None
            else {}
        )
        return training | validation

    def _details(self) -> dict[str, Any]:
        def of(position: int) -> str:
            if position < self.phase:
                return "Completed"
            return self.status if position == self.phase else "NotStarted"

        times = {"creationTime": self.created, "lastModifiedTime": self.modified}
        return {name: {"status": of(position), **times} for position, name in enumerate(_PHASES)}
