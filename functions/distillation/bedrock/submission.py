"""Submitting Bedrock work exactly once: the ledger row is written before the call, the ARN after it, and whoever comes
again adopts what exists.

Three guards, each enough alone: the ledger's ARN, the search by the deterministic name, Bedrock's own client token.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from distillation.bedrock.job_status import JobKind
from distillation.records import LedgerRow

KEEP_LEDGER = timedelta(days=400)
"""Rows outlive the run by more than a year, then DynamoDB's TTL removes them; 0-run/ledger.jsonl keeps them for good.
"""


class Ledger(Protocol):
    """What submission and waiting need of the ledger."""

    def row(self, run_id: str, job_name: str) -> LedgerRow | None:
        """The row of a job, None where there is none."""

    def open(self, row: LedgerRow) -> None:
        """Writes a new row; leaves one that exists as it is."""

    def submitted(self, run_id: str, job_name: str, job_arn: str) -> None:
        """Notes the ARN."""

    def waiting(self, run_id: str, job_name: str, token: str) -> LedgerRow:
        """Notes who waits, and gives the row."""

    def ended(self, run_id: str, job_name: str, *, status: str, outcome: str, message: str) -> None:
        """Notes how it ended."""


def submit_once(
    ledger: Ledger,
    *,
    run_id: str,
    job_name: str,
    kind: JobKind,
    find: Callable[[str], str | None],
    create: Callable[[], str],
    now: datetime,
    time_limit: timedelta,
    records: int = 0,
    model_arn: str | None = None,
) -> str:
    """The ARN of the job `job_name`: from the ledger, else `find` (by name), else `create`. `time_limit` from now is
    when waiting for it ends.

    `model_arn`: what the stable deployment is to serve (kind promotion).
    """
    known = ledger.row(run_id, job_name)
    if known is not None and known.job_arn:
        return known.job_arn
    ledger.open(
        LedgerRow(
            run_id=run_id,
            job_name=job_name,
            kind=kind,
            state="SUBMITTING",
            records=records,
            model_arn=model_arn,
            submitted_at=now.isoformat(),
            deadline_at=(now + time_limit).isoformat(),
            expires_at=int((now + KEEP_LEDGER).timestamp()),
        )
    )
    arn = find(job_name) or create()
    ledger.submitted(run_id, job_name, arn)
    return arn
