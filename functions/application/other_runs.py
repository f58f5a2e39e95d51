"""Two runs of a dataset at once: the second waits for the answers that the first pays for, and takes them over."""

import msgspec

from application.rounds import teacher_requests
from application.run_files import ids_in, read_wave
from application.services import Services
from distillation.bedrock.submission import KEEP_LEDGER, OPEN, is_retiring
from distillation.errors import OtherRunAsks
from distillation.inference.accounts import OpenRequests
from distillation.layout import RunLayout
from distillation.records import LedgerRow
from distillation.run.record import RunRecord

ASKING = "asking"
"""Kind and job name of the one row a dataset that says which run asks the teacher; its `execution` is the run's id."""


def wait_for_answers_under_way(services: Services, record: RunRecord) -> None:
    """Notes that this run asks about its dataset. Raises OtherRunAsks, and notes it among the warnings of run.json,
    while another run asks some of the same.

    A run whose clean-up has begun asks no more, and neither does one whose replies are reduced. Where this run is to
    rate what it learns from, the other's ratings must have come too: its dataset is written.
    """
    ledger, place = services.ledger, f"{ASKING}/{record.dataset}"
    row = ledger.row(place, ASKING)
    holder = row.execution if row else None
    if holder not in (None, record.run_id) and _asks(services, record, str(holder)):
        if not _shares(services, record, str(holder)):
            return
        _hold_back(services, record, str(holder))
    mine = LedgerRow(
        run_id=place,
        job_name=ASKING,
        kind=ASKING,
        state=OPEN,
        execution=record.run_id,
        expires_at=int((services.now() + KEEP_LEDGER).timestamp()),
    )
    if (taken := ledger.take(mine, instead_of=holder)) != record.run_id:
        _hold_back(services, record, taken)


def _asks(services: Services, record: RunRecord, run_id: str) -> bool:
    layout, rates = RunLayout(run_id), record.config.filters.judge is not None
    done = services.store.list(layout.dataset("manifest.json") if rates else f"{layout.candidates_prefix}counts-")
    return not done and not is_retiring(services.ledger, run_id)


def _shares(services: Services, record: RunRecord, other: str) -> bool:
    """Whether the other run's plan asks what this one would; so it may where it is not written yet."""
    store, plan = services.store, read_wave(services.store, other, 0)
    if plan is None:
        return True
    groups = teacher_requests(store, record)
    mine = OpenRequests((request.record_id, number) for number, group in groups for request in group)
    keys = (RunLayout(other).requests(0, shard.shard) for shard in plan.shards)
    return any(record_id in mine for key in keys for record_id in ids_in(store, key))


def _hold_back(services: Services, record: RunRecord, other: str) -> None:
    why = f"Run {other} of this dataset was asking the same, so this run waited for its answers and pays for the rest."
    if why not in record.warnings:
        noted = msgspec.structs.replace(record, warnings=(*record.warnings, why))
        services.store.put_json(RunLayout(record.run_id).run, noted)
    raise OtherRunAsks(
        f"run {other} of dataset {record.dataset} is asking the same; this run waits for its answers, so that they are "
        f"paid for once (`python -m cli stop {other}` ends that run)"
    )
