"""A person's answer to a run that waits for one."""

import getpass
from collections.abc import Sequence
from datetime import datetime

from rich.table import Table

from application.services import Services
from application.serving.approval import ENDED, SPENDING, answer, pending_approval
from cli.errors import CommandError
from cli.run_lookup import SEARCHED, described, run_id_of
from distillation.costs.estimate import Estimate
from distillation.layout import RunLayout
from distillation.records import LedgerRow


def waiting_run(services: Services, run_id: str) -> LedgerRow:
    """The run's wait for an answer. Raises CommandError where it does not wait, or no longer."""
    row = pending_approval(services, run_id)
    if row is None or row.token is None:
        raise CommandError(
            f"The run {run_id} does not wait for an approval.",
            "A run waits after its report where its input says `promotion: approve` and its verdict is promote, and "
            "before it spends where its estimate is above `approveAboveUsd`.",
        )
    if row.state == ENDED:
        raise CommandError(f"The run {run_id} has its answer already: {row.status} by {row.message}.", _by_hand(run_id))
    if datetime.fromisoformat(row.deadline_at) < services.now():
        raise CommandError(
            f"The run {run_id} waited until {row.deadline_at} and went on without an answer.", _by_hand(run_id)
        )
    return row


def waiting_runs(services: Services) -> list[LedgerRow]:
    """The waits of all runs that are under way and have not been answered, the one that ends first first."""
    running = [execution for execution in services.executions.latest(SEARCHED) if execution.running]
    runs = {run_id_of(described(services, execution.arn)) for execution in running}
    rows = [row for run_id in runs if (row := pending_approval(services, run_id))]
    open_rows = (row for row in rows if row.state != ENDED and row.token)
    return sorted(open_rows, key=lambda row: (row.deadline_at, row.run_id))


def usd_asked_for(services: Services, row: LedgerRow) -> float | None:
    """What a run that waits for its money is estimated at; None where something else is asked."""
    expected = services.store.read_or_none(RunLayout(row.run_id).estimate, Estimate)
    return expected.total_usd if expected and row.kind == SPENDING else None


def draw_waiting(rows: Sequence[LedgerRow], usd: Sequence[float | None]) -> Table:
    """Who waits until when for what; `usd` of each row."""
    table = Table(box=None, pad_edge=False)
    for name in ("run", "for", "waits since (UTC)", "until (UTC)"):
        table.add_column(name, no_wrap=True)
    for row, money in zip(rows, usd, strict=True):
        spending = "spending" if money is None else f"spending {money:.2f} USD"
        table.add_row(
            row.run_id,
            spending if row.kind == SPENDING else "promotion",
            *(f"{datetime.fromisoformat(at):%Y-%m-%d %H:%M}" for at in (row.submitted_at, row.deadline_at)),
        )
    return table


def signed(services: Services, why: str) -> str:
    """Who speaks, when and why, as ledger and parameter keep it."""
    return f"{getpass.getuser()} at {services.now():%Y-%m-%d %H:%M} UTC" + (f": {why}" if why else "")


def give_answer(services: Services, row: LedgerRow, *, approved: bool, why: str = "") -> None:
    """Lets the run go on; the ledger keeps who said what when and why. Raises CommandError where it has ended."""
    if not answer(services, row, approved=approved, by=signed(services, why)):
        raise CommandError(
            f"The run {row.run_id} does not wait any more: it was stopped, or its time ran out.", _by_hand(row.run_id)
        )


def _by_hand(run_id: str) -> str:
    return f"`python -m cli promote DATASET --run {run_id}` promotes its student by hand."
