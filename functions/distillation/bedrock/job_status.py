"""What each Bedrock status means: one table a kind of job, with every member of the service model, so no wait is
endless.
"""

from enum import StrEnum


class JobKind(StrEnum):
    """The Bedrock work that a run waits for. PROMOTION: the stable deployment is made or updated in place."""

    BATCH = "batch"
    TUNING = "tuning"
    DEPLOYMENT = "deployment"
    EVALUATION = "evaluation"
    PROMOTION = "promotion"


class JobOutcome(StrEnum):
    """RUNNING: look again. SUCCEEDED: all is there. PARTIAL: what was written is kept. FAILED: nothing came of it."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"


GONE_STATUS = "Gone"
"""Our own word for a job that Bedrock no longer knows."""

_OUTCOMES: dict[JobKind, dict[str, JobOutcome]] = {
    JobKind.BATCH: {
        "Submitted": JobOutcome.RUNNING,
        "Validating": JobOutcome.RUNNING,
        "Scheduled": JobOutcome.RUNNING,
        "InProgress": JobOutcome.RUNNING,
        "Stopping": JobOutcome.RUNNING,
        "Completed": JobOutcome.SUCCEEDED,
        "PartiallyCompleted": JobOutcome.PARTIAL,
        "Stopped": JobOutcome.PARTIAL,
        "Expired": JobOutcome.PARTIAL,
        "Failed": JobOutcome.FAILED,
    },
    JobKind.TUNING: {
        "InProgress": JobOutcome.RUNNING,
        "Stopping": JobOutcome.RUNNING,
        "Completed": JobOutcome.SUCCEEDED,
        "Stopped": JobOutcome.FAILED,
        "Failed": JobOutcome.FAILED,
    },
    JobKind.DEPLOYMENT: {
        "Creating": JobOutcome.RUNNING,
        "Active": JobOutcome.SUCCEEDED,
        "Failed": JobOutcome.FAILED,
    },
    JobKind.EVALUATION: {
        "InProgress": JobOutcome.RUNNING,
        "Stopping": JobOutcome.RUNNING,
        "Completed": JobOutcome.SUCCEEDED,
        # Results are written when a job completes, so one that was stopped or is being deleted has none.
        "Stopped": JobOutcome.FAILED,
        "Deleting": JobOutcome.FAILED,
        "Failed": JobOutcome.FAILED,
    },
    JobKind.PROMOTION: {
        "Creating": JobOutcome.RUNNING,
        "Updating": JobOutcome.RUNNING,
        "Active": JobOutcome.SUCCEEDED,
        "UpdateCompleted": JobOutcome.SUCCEEDED,
        "Failed": JobOutcome.FAILED,
        "UpdateFailed": JobOutcome.FAILED,
    },
}


def outcome_of(kind: JobKind, status: str) -> JobOutcome:
    """What a status means. A job that is gone has FAILED; an unknown status is RUNNING, until the deadline."""
    if status == GONE_STATUS:
        return JobOutcome.FAILED
    return _OUTCOMES[kind].get(status, JobOutcome.RUNNING)


def known_statuses(kind: JobKind) -> frozenset[str]:
    """The statuses in the table, for the test that compares them with botocore's service model."""
    return frozenset(_OUTCOMES[kind])
