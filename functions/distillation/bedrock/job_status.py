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


class Outcome(StrEnum):
    """RUNNING: look again. SUCCEEDED: all is there. PARTIAL: what was written is kept. FAILED: nothing came of it."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"


GONE = "Gone"
"""Our own word for a job that Bedrock no longer knows."""

_OUTCOMES: dict[JobKind, dict[str, Outcome]] = {
    JobKind.BATCH: {
        "Submitted": Outcome.RUNNING,
        "Validating": Outcome.RUNNING,
        "Scheduled": Outcome.RUNNING,
        "InProgress": Outcome.RUNNING,
        "Stopping": Outcome.RUNNING,
        "Completed": Outcome.SUCCEEDED,
        "PartiallyCompleted": Outcome.PARTIAL,
        "Stopped": Outcome.PARTIAL,
        "Expired": Outcome.PARTIAL,
        "Failed": Outcome.FAILED,
    },
    JobKind.TUNING: {
        "InProgress": Outcome.RUNNING,
        "Stopping": Outcome.RUNNING,
        "Completed": Outcome.SUCCEEDED,
        "Stopped": Outcome.FAILED,
        "Failed": Outcome.FAILED,
    },
    JobKind.DEPLOYMENT: {
        "Creating": Outcome.RUNNING,
        "Active": Outcome.SUCCEEDED,
        "Failed": Outcome.FAILED,
    },
    JobKind.EVALUATION: {
        "InProgress": Outcome.RUNNING,
        "Stopping": Outcome.RUNNING,
        "Completed": Outcome.SUCCEEDED,
        # Results are written when a job completes, so one that was stopped or is being deleted has none.
        "Stopped": Outcome.FAILED,
        "Deleting": Outcome.FAILED,
        "Failed": Outcome.FAILED,
    },
    JobKind.PROMOTION: {
        "Creating": Outcome.RUNNING,
        "Updating": Outcome.RUNNING,
        "Active": Outcome.SUCCEEDED,
        "UpdateCompleted": Outcome.SUCCEEDED,
        "Failed": Outcome.FAILED,
        "UpdateFailed": Outcome.FAILED,
    },
}


def outcome_of(kind: JobKind, status: str) -> Outcome:
    """What a status means. A job that is gone has FAILED; an unknown status is RUNNING, until the deadline."""
    if status == GONE:
        return Outcome.FAILED
    return _OUTCOMES[kind].get(status, Outcome.RUNNING)


def known_statuses(kind: JobKind) -> frozenset[str]:
    """The statuses in the table, for the test that compares them with botocore's service model."""
    return frozenset(_OUTCOMES[kind])
