"""Submitting Bedrock work exactly once: the ledger row before the call, the ARN after it; who comes again adopts. Three
guards, each enough alone: the ledger's ARN, the search by name, Bedrock's own client token.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from distillation.bedrock.job_status import JobKind
from distillation.errors import RunIsRetiring
from distillation.records import LedgerRow

NEW = ""
"""State of a row that is not in the ledger yet."""
RUN = "run"
"""Kind and job name of the one row that says how the run itself stands, and which execution holds it."""
OPEN, RETIRING, RETIRED = "OPEN", "RETIRING", "RETIRED"
"""An execution works on the run; its clean-up has begun; its clean-up and its report are done."""
KEEP_LEDGER = timedelta(days=400)
"""Rows outlive the run by a year, then DynamoDB's TTL removes them; 0-run/ledger.jsonl keeps them."""


class Ledger(Protocol):
    """What submission and waiting need of the ledger."""

    def row(self, run_id: str, job_name: str) -> LedgerRow | None:
        """The row of a job, None where there is none."""

    def open(self, row: LedgerRow) -> None:
        """Writes a new row; leaves one that exists as it is."""

    def take(self, row: LedgerRow, *, instead_of: str | None) -> str:
        """Writes a row where none is, or over one whose `execution` is `instead_of`; gives the `execution` there."""

    def note(self, row: LedgerRow) -> None:
        """Writes a row, over one that exists."""

    def submitted(self, run_id: str, job_name: str, job_arn: str) -> None:
        """Notes the ARN."""

    def waiting(self, run_id: str, job_name: str, token: str) -> LedgerRow:
        """Notes who waits, and gives the row."""

    def ended(
        self, run_id: str, job_name: str, *, status: str, outcome: str, message: str, model_arn: str | None = None
    ) -> None:
        """Notes how it ended, and the model that it made."""


def submit_once(
    ledger: Ledger,
    row: LedgerRow,
    *,
    find: Callable[[str], str | None],
    create: Callable[[], str],
    now: datetime,
    time_limit: timedelta,
) -> str:
    """The ARN of the job that `row` names: from the ledger, else `find` (by name), else `create`. Sets the row's state
    and times; waiting ends `time_limit` from now. Raises RunIsRetiring where the run has failed meanwhile, but for a
    promotion: the rail itself moves the stable deployment back with one.
    """
    known = ledger.row(row.run_id, row.job_name)
    if known is not None and known.job_arn:
        return known.job_arn
    ledger.open(
        msgspec.structs.replace(
            row,
            state="SUBMITTING",
            submitted_at=now.isoformat(),
            deadline_at=(now + time_limit).isoformat(),
            expires_at=int((now + KEEP_LEDGER).timestamp()),
        )
    )
    # After the row is written: whoever retires the run marks it first and reads the rows then, so one of the two sees
    # the other.
    if row.kind != JobKind.PROMOTION and is_retiring(ledger, row.run_id):
        raise RunIsRetiring(f"run {row.run_id} has failed and is being taken back, so {row.job_name} is not submitted")
    arn = find(row.job_name) or create()
    ledger.submitted(row.run_id, row.job_name, arn)
    return arn


def set_run_state(ledger: Ledger, run_id: str, state: str, *, execution: str, now: datetime) -> None:
    """Notes how the run stands, and the name of the execution that says so; what was spent stays."""
    expires, before = int((now + KEEP_LEDGER).timestamp()), ledger.row(run_id, RUN)
    row = LedgerRow(run_id=run_id, job_name=RUN, kind=RUN, state=state, execution=execution, expires_at=expires)
    ledger.note(msgspec.structs.replace(row, spent_usd=before.spent_usd if before else 0.0))


def is_retiring(ledger: Ledger, run_id: str) -> bool:
    """Whether the run's failure rail has begun, and no later execution has opened the run again."""
    row = ledger.row(run_id, RUN)
    return row is not None and row.state in (RETIRING, RETIRED)
