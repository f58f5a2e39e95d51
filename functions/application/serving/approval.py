"""A run that waits for a person: the task token in the ledger, and the answer that completes it."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from application.services import Services
from application.submission import next_attempt
from distillation.bedrock import job_names
from distillation.bedrock.job_status import JobKind
from distillation.bedrock.submission import KEEP_LEDGER
from distillation.errors import ThrottledByBedrock
from distillation.records import LedgerRow

KIND, SPENDING = "approval", "spending"
"""What is asked: may the student serve, may the run spend what it is estimated at."""
WAITING, ENDED = "WAITING", "ENDED"
_ABOUT_THEN = timedelta(minutes=10)
"""The state's clock starts before the row's."""
APPROVED, DECLINED = "approved", "declined"


def ask_for_approval(services: Services, run_id: str, token: str, hours: int, kind: str = KIND) -> LedgerRow:
    """Notes who waits and until when. A wait that is over is left as it is; the next attempt gets its own row."""
    now = services.now()
    name = next_attempt(
        lambda attempt: job_names.approval(services.settings.app, run_id, attempt, kind),
        lambda name: not _over(services, run_id, name),
    )
    deadline = now + timedelta(hours=hours)
    row = LedgerRow(
        run_id=run_id,
        job_name=name,
        kind=kind,
        state=WAITING,
        submitted_at=now.isoformat(),
        deadline_at=deadline.isoformat(),
        expires_at=int((deadline + KEEP_LEDGER).timestamp()),
    )
    services.ledger.open(row)
    return services.ledger.waiting(run_id, name, token)


def delete_own_deployments(services: Services, run_id: str) -> None:
    """Deletes what only the evaluation asked; a promotion deploys the model anew. What is busy now goes when the run
    ends.
    """
    for row in services.ledger.rows(run_id):
        if row.kind == JobKind.DEPLOYMENT and row.job_arn:
            with suppress(ThrottledByBedrock):
                services.deployments.delete(row.job_arn)


def _over(services: Services, run_id: str, name: str) -> bool:
    row = services.ledger.row(run_id, name)
    return row is not None and (row.state == ENDED or row.deadline_at < services.now().isoformat())


def pending_approval(services: Services, run_id: str) -> LedgerRow | None:
    """The row of the newest wait of a run, answered or not; None where the run never asked."""
    rows = [row for row in services.ledger.rows(run_id) if row.kind in (KIND, SPENDING)]
    return max(rows, key=lambda row: (row.submitted_at, row.job_name), default=None)


def may_spend(services: Services, run_id: str) -> bool:
    """Whether a person allowed the run to spend what it is estimated at."""
    return any(row.kind == SPENDING and row.status == APPROVED for row in services.ledger.rows(run_id))


def answer_on_promotion(rows: Sequence[LedgerRow], now: datetime) -> str:
    """Who said what when and why, or that nobody answered; empty where nobody was asked, or the wait goes on."""
    row = max((row for row in rows if row.kind == KIND), key=lambda row: row.submitted_at, default=None)
    if row is None or (row.state != ENDED and row.deadline_at > (now + _ABOUT_THEN).isoformat()):
        return ""
    if row.state == ENDED:
        return f"{row.status} by {row.message}"
    return f"nobody answered until {row.deadline_at[:16]} UTC"


def answer(services: Services, row: LedgerRow, *, approved: bool, by: str) -> bool:
    """Completes the wait; False where nobody waits any more: out of time, stopped, or answered before."""
    if row.state == ENDED or row.token is None:
        return False
    taken = services.callbacks.answer(row.token, {"approved": approved, "by": by})
    said = APPROVED if approved else DECLINED
    services.ledger.ended(row.run_id, row.job_name, status=said if taken else "over", outcome="succeeded", message=by)
    return taken
