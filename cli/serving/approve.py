"""A person's answer to a run that waits for one."""

from datetime import datetime

from application.approval import ENDED, answer, pending_approval
from application.services import Services
from cli.errors import CommandError
from distillation.records import LedgerRow


def waiting_run(services: Services, run_id: str) -> LedgerRow:
    """The run's wait for an answer. Raises CommandError where it does not wait, or no longer."""
    row = pending_approval(services, run_id)
    if row is None or row.token is None:
        raise CommandError(
            f"The run {run_id} does not wait for an approval.",
            "A run waits after its report where its input says `promotion: approve` and its verdict is promote.",
        )
    if row.state == ENDED:
        raise CommandError(f"The run {run_id} was answered before: {row.status} by {row.message}.", _by_hand(run_id))
    if datetime.fromisoformat(row.deadline_at) < services.now():
        raise CommandError(
            f"The run {run_id} waited until {row.deadline_at} and went on without an answer.", _by_hand(run_id)
        )
    return row


def give_answer(services: Services, row: LedgerRow, *, approved: bool, by: str) -> None:
    """Lets the run go on. Raises CommandError where it has ended meanwhile."""
    if not answer(services, row, approved=approved, by=by):
        raise CommandError(
            f"The run {row.run_id} does not wait any more: it was stopped, or its time ran out.", _by_hand(row.run_id)
        )


def _by_hand(run_id: str) -> str:
    return f"`python -m cli promote DATASET --run {run_id}` promotes its student by hand."
