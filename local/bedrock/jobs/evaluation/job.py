"""One evaluation job: its state, and how the API shows it."""

from dataclasses import dataclass
from typing import Any

from local.bedrock.jobs.evaluation.request import TASK_TYPE, EvaluationPlan
from local.bedrock.jobs.job import Job


@dataclass(kw_only=True)
class EvaluationJob(Job):
    """An evaluation job. There are no events of this kind."""

    plan: EvaluationPlan

    def description(self) -> dict[str, Any]:
        """The output of GetEvaluationJob."""
        shown = (
            "jobName",
            "jobDescription",
            "roleArn",
            "customerEncryptionKeyId",
            "evaluationConfig",
            "inferenceConfig",
            "outputDataConfig",
        )
        return {
            **{name: self.request[name] for name in shown if name in self.request},
            "jobArn": self.arn,
            "status": self.status,
            "jobType": "Automated",
            "applicationType": "ModelEvaluation",
            "creationTime": self.created,
            "lastModifiedTime": self.modified,
            "failureMessages": [self.message] if self.message else None,
        }

    def summary(self) -> dict[str, Any]:
        """An entry of ListEvaluationJobs."""
        return {
            "jobArn": self.arn,
            "jobName": self.name,
            "status": self.status,
            "creationTime": self.created,
            "jobType": "Automated",
            "evaluationTaskTypes": [TASK_TYPE],
            "evaluatorModelIdentifiers": [self.plan.judge] if self.plan.judge else [],
            "customMetricsEvaluatorModelIdentifiers": [self.plan.custom_judge] if self.plan.custom_judge else [],
            "inferenceConfigSummary": {
                "modelConfigSummary": {"precomputedInferenceSourceIdentifiers": [self.plan.source]}
            },
            "applicationType": "ModelEvaluation",
        }
