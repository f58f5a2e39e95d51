"""Submission: a job is paid for once, whatever is lost on the way."""

from datetime import timedelta

import pytest

from distillation.bedrock.job_status import JobKind
from distillation.bedrock.submission import NEW, submit_once
from distillation.records import LedgerRow
from tests.fakes import EPOCH, FakeJobs, MemoryLedger


def submit(ledger: MemoryLedger, jobs: FakeJobs, create: object = None) -> str:
    return submit_once(
        ledger,
        LedgerRow(run_id="run", job_name="job", kind=JobKind.BATCH, records=100, state=NEW),
        find=jobs.find,
        create=create or (lambda: jobs.create("job")),  # type: ignore[arg-type]
        now=EPOCH,
        time_limit=timedelta(hours=24),
    )


def test_the_row_stands_before_the_call_and_has_the_arn_after_it() -> None:
    ledger, jobs = MemoryLedger(), FakeJobs()
    seen: list[str] = []

    def create() -> str:
        seen.append(ledger.kept["run", "job"].state)
        return jobs.create("job")

    assert submit(ledger, jobs, create) == "arn:job"
    row = ledger.kept["run", "job"]
    assert (seen, row.state, row.job_arn, row.records) == (["SUBMITTING"], "SUBMITTED", "arn:job", 100)
    assert row.deadline_at == (EPOCH + timedelta(hours=24)).isoformat()


def test_a_retry_submits_nothing_again() -> None:
    ledger, jobs = MemoryLedger(), FakeJobs()
    assert submit(ledger, jobs) == submit(ledger, jobs)
    assert jobs.created == ["job"]


def test_a_job_whose_reply_was_lost_is_found_by_its_name() -> None:
    ledger, jobs = MemoryLedger(), FakeJobs()

    def lost() -> str:
        jobs.create("job")
        raise TimeoutError

    with pytest.raises(TimeoutError):
        submit(ledger, jobs, lost)
    assert ledger.kept["run", "job"].job_arn is None
    assert submit(ledger, jobs) == "arn:job"
    assert jobs.created == ["job"]


def test_a_lost_ledger_still_adopts_the_job() -> None:
    jobs = FakeJobs()
    submit(MemoryLedger(), jobs)
    assert submit(MemoryLedger(), jobs) == "arn:job"
    assert jobs.created == ["job"]
