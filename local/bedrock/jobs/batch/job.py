"""One batch job: its state, and how the API shows it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from local.bedrock.identifiers import ACCOUNT
from local.bedrock.jobs.job import Job

_DEFAULT_TIMEOUT_HOURS = 24


@dataclass(kw_only=True)
class BatchJob(Job):
    """A batch job and its counts."""

    status: str = "Submitted"
    total: int | None = None
    succeeded: int = 0
    errors: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    def event_detail(self) -> dict[str, Any]:
        """The detail of this job's events, in its present state."""
        return {
            "accountId": ACCOUNT,
            "batchJobName": self.name,
            "batchJobArn": self.arn,
            "batchModelId": self.request["modelId"],
            "status": self.status,
            "failureMessage": self.message or "",
            "creationTime": self.created,
        }

    def description(self) -> dict[str, Any]:
        """The output of GetModelInvocationJob, and a summary of ListModelInvocationJobs."""
        hours = self.request.get("timeoutDurationInHours", _DEFAULT_TIMEOUT_HOURS)
        counts = {} if self.total is None else self._counts(self.total)
        shown = (
            "jobName",
            "modelId",
            "roleArn",
            "clientRequestToken",
            "inputDataConfig",
            "outputDataConfig",
            "vpcConfig",
        )
        return {
            **{name: self.request[name] for name in shown if name in self.request},
            "jobArn": self.arn,
            "status": self.status,
            "message": self.message,
            "submitTime": self.created,
            "lastModifiedTime": self.modified,
            "endTime": self.ended,
            "timeoutDurationInHours": hours,
            "jobExpirationTime": self.created + timedelta(hours=hours),
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
        return {
            **self._counts(self.total or 0),
            "inputTokenCount": self.input_tokens,
            "outputTokenCount": self.output_tokens,
        }
