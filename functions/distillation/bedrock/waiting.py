"""Waiting for Bedrock work: a look at the job, and the task token completed when it has ended. The token is in the
ledger before the look, so that look or Bedrock's event, whichever comes later, finds the other's work done. The
heartbeat brings the next look; after the deadline the job is stopped, and then the token fails.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from distillation.bedrock.job_status import GONE_STATUS, JobKind, JobOutcome, outcome_of
from distillation.bedrock.submission import Ledger
from distillation.errors import DeploymentFailed, PromotionFailed, TuningFailed, WaitedTooLong
from distillation.records import LedgerRow, Record

STOP_GRACE = timedelta(hours=1)
"""How long a job that was stopped at its deadline may take to say so."""

_FAILS_THE_TASK = {
    JobKind.TUNING: TuningFailed.__name__,
    JobKind.DEPLOYMENT: DeploymentFailed.__name__,
    JobKind.PROMOTION: PromotionFailed.__name__,
}
"""Without a model or a deployment there is no next step. A failed batch job's answers go into the next wave."""


GONE_MESSAGE = "Bedrock no longer knows it"


class JobLook(Record, frozen=True, omit_defaults=True):
    """What Bedrock says of a job: its status, why it failed, what it made. `processed` of `total` records of a batch
    job; `loss` of a customization job that has ended.
    """

    status: str
    message: str = ""
    model_arn: str | None = None
    deployment_arn: str | None = None
    processed: int = 0
    total: int = 0
    loss: float | None = None
    created: datetime | None = None


class Callbacks(Protocol):
    """Completing a waiting task. A token that is already completed is no error."""

    def succeed(self, token: str, output: dict[str, object]) -> None:
        """The task goes on with `output`."""

    def fail(self, token: str, error: str, cause: str) -> None:
        """The task fails with the error class and the cause."""


def complete_if_ended(
    row: LedgerRow,
    *,
    look: Callable[[str], JobLook],
    stop: Callable[[str], None],
    ledger: Ledger,
    callbacks: Callbacks,
    now: datetime,
) -> JobOutcome:
    """Looks at the job of `row` and completes its token where it has ended (else RUNNING). A job that is gone ended as
    the row says, and FAILED where that says nothing.
    """
    kind = JobKind(row.kind)
    if row.job_arn is None or row.token is None:
        return JobOutcome.RUNNING
    seen = look(row.job_arn)
    if seen.status == GONE_STATUS and row.outcome is not None:
        seen = _as_noted(row, kind)
    outcome = outcome_of(kind, seen.status)
    if outcome is JobOutcome.RUNNING:
        return _at_deadline(row, seen, stop, callbacks, now)
    ledger.ended(
        row.run_id,
        row.job_name,
        status=seen.status,
        outcome=outcome,
        message=seen.message,
        model_arn=seen.model_arn if kind is JobKind.TUNING else None,
    )
    _complete(row, kind, seen, outcome, callbacks)
    return outcome


def _as_noted(row: LedgerRow, kind: JobKind) -> JobLook:
    """What the ledger says of a job that Bedrock forgot; failed where a deployment is gone or no model is known."""
    if kind in (JobKind.DEPLOYMENT, JobKind.PROMOTION) or (kind is JobKind.TUNING and row.model_arn is None):
        return JobLook(status=GONE_STATUS, message=GONE_MESSAGE)
    return JobLook(status=row.status or "", message=row.message or "", model_arn=row.model_arn)


def _complete(row: LedgerRow, kind: JobKind, seen: JobLook, outcome: JobOutcome, callbacks: Callbacks) -> None:
    token = row.token or ""
    if outcome is JobOutcome.FAILED and kind in _FAILS_THE_TASK:
        callbacks.fail(
            token,
            _FAILS_THE_TASK[kind],
            f"{kind} job {row.job_name} ended as {seen.status}: {seen.message or 'Bedrock gives no reason'}",
        )
        return
    output: dict[str, object] = {
        "jobArn": row.job_arn,
        "status": seen.status,
        "outcome": str(outcome),
        "message": seen.message,
    }
    made = {"modelArn": seen.model_arn, "deploymentArn": seen.deployment_arn}
    callbacks.succeed(token, output | {key: value for key, value in made.items() if value})


def _at_deadline(
    row: LedgerRow, seen: JobLook, stop: Callable[[str], None], callbacks: Callbacks, now: datetime
) -> JobOutcome:
    deadline = datetime.fromisoformat(row.deadline_at)
    if now > deadline + STOP_GRACE:
        callbacks.fail(
            row.token or "",
            WaitedTooLong.__name__,
            f"{row.job_name} is still {seen.status} an hour after it was stopped at its deadline {row.deadline_at}",
        )
        return JobOutcome.FAILED
    if now > deadline and seen.status != "Stopping":
        stop(row.job_arn or "")
    return JobOutcome.RUNNING
