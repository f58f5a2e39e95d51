"""Waiting: a token is completed once, by a look or by an event, whichever comes first; and every wait ends."""

from datetime import timedelta

import msgspec
import pytest

from distillation.bedrock.job_status import GONE_STATUS, JobKind, JobOutcome
from distillation.bedrock.waiting import GONE_MESSAGE, STOP_GRACE, JobLook, complete_if_ended
from distillation.records import LedgerRow
from tests.fakes import EPOCH, Clock, FakeCallbacks, FakeJobs, MemoryLedger

DEADLINE = EPOCH + timedelta(hours=24)


class Wait:
    """A job that is waited for."""

    def __init__(self, kind: JobKind, look: JobLook, *, token: str | None = "token") -> None:
        self.row = LedgerRow(
            run_id="run",
            job_name="job",
            kind=kind,
            state="SUBMITTED",
            job_arn="arn:job",
            token=token,
            deadline_at=DEADLINE.isoformat(),
        )
        self.ledger, self.callbacks, self.jobs, self.clock = MemoryLedger(), FakeCallbacks(), FakeJobs(), Clock()
        self.ledger.open(self.row)
        self.jobs.looks["arn:job"] = look

    def look(self) -> JobOutcome:
        return complete_if_ended(
            self.row,
            look=self.jobs.look,
            stop=self.jobs.stop,
            ledger=self.ledger,
            callbacks=self.callbacks,
            now=self.clock(),
        )


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("Completed", "succeeded"),
        ("PartiallyCompleted", "partial"),
        ("Stopped", "partial"),
        ("Expired", "partial"),
        ("Failed", "failed"),
    ],
)
def test_every_end_of_a_batch_job_lets_the_run_go_on_and_says_how_it_ended(status: str, outcome: str) -> None:
    wait = Wait(JobKind.BATCH, JobLook(status=status, message="why"))
    assert wait.look() == outcome
    assert wait.callbacks.succeeded["token"] == {
        "jobArn": "arn:job",
        "status": status,
        "outcome": outcome,
        "message": "why",
    }
    assert (wait.ledger.kept["run", "job"].state, wait.ledger.kept["run", "job"].outcome) == ("ENDED", outcome)


@pytest.mark.parametrize(
    ("kind", "status", "error"),
    [
        (JobKind.TUNING, "Failed", "TuningFailed"),
        (JobKind.TUNING, "Stopped", "TuningFailed"),
        (JobKind.DEPLOYMENT, "Failed", "DeploymentFailed"),
    ],
)
def test_without_a_model_or_a_deployment_the_run_fails_with_bedrocks_reason(
    kind: JobKind, status: str, error: str
) -> None:
    wait = Wait(kind, JobLook(status=status, message="line 3 holds a reserved word"))
    wait.look()
    assert wait.callbacks.failed["token"] == (error, f"{kind} job job ended as {status}: line 3 holds a reserved word")


def test_a_model_and_a_deployment_are_handed_on() -> None:
    tuned = Wait(JobKind.TUNING, JobLook(status="Completed", model_arn="arn:model"))
    tuned.look()
    assert tuned.callbacks.succeeded["token"]["modelArn"] == "arn:model"
    deployed = Wait(
        JobKind.DEPLOYMENT, JobLook(status="Active", model_arn="arn:model", deployment_arn="arn:deployment")
    )
    deployed.look()
    assert deployed.callbacks.succeeded["token"]["deploymentArn"] == "arn:deployment"


@pytest.mark.parametrize("kind", [JobKind.BATCH, JobKind.EVALUATION])
@pytest.mark.parametrize(
    ("noted", "outcome"), [({}, "failed"), ({"status": "Completed", "outcome": JobOutcome.SUCCEEDED}, "succeeded")]
)
def test_a_job_that_bedrock_forgot_ended_as_the_ledger_says_and_failed_where_it_says_nothing(
    kind: JobKind, noted: dict[str, str], outcome: str
) -> None:
    wait = Wait(kind, JobLook(status=GONE_STATUS, message=GONE_MESSAGE))
    wait.row = msgspec.structs.replace(wait.row, **noted)
    assert wait.look() == wait.callbacks.succeeded["token"]["outcome"] == outcome


@pytest.mark.parametrize(
    ("kind", "noted", "error"),
    [
        (JobKind.TUNING, {}, "TuningFailed"),
        (JobKind.TUNING, {"status": "Completed", "outcome": JobOutcome.SUCCEEDED}, "TuningFailed"),
        (JobKind.TUNING, {"status": "Completed", "outcome": JobOutcome.SUCCEEDED, "model_arn": "arn:model"}, ""),
        (JobKind.DEPLOYMENT, {"status": "Active", "outcome": JobOutcome.SUCCEEDED}, "DeploymentFailed"),
        (JobKind.PROMOTION, {"status": "Active", "outcome": JobOutcome.SUCCEEDED}, "PromotionFailed"),
    ],
)
def test_a_training_that_bedrock_forgot_stands_by_its_model_and_a_deployment_that_is_gone_is_none(
    kind: JobKind, noted: dict[str, str], error: str
) -> None:
    wait = Wait(kind, JobLook(status=GONE_STATUS, message=GONE_MESSAGE))
    wait.row = msgspec.structs.replace(wait.row, **noted)
    wait.look()
    if error:
        assert wait.callbacks.failed["token"] == (error, f"{kind} job job ended as Gone: {GONE_MESSAGE}")
    else:
        assert wait.callbacks.succeeded["token"]["modelArn"] == "arn:model"


def test_an_early_event_completes_nothing_and_the_next_look_does() -> None:
    wait = Wait(JobKind.BATCH, JobLook(status="InProgress"))
    assert wait.look() is JobOutcome.RUNNING
    assert not wait.callbacks.succeeded
    wait.jobs.looks["arn:job"] = JobLook(status="Completed")
    assert wait.look() is JobOutcome.SUCCEEDED


def test_an_event_before_anybody_waits_completes_nothing() -> None:
    wait = Wait(JobKind.BATCH, JobLook(status="Completed"), token=None)
    assert wait.look() is JobOutcome.RUNNING
    assert (wait.callbacks.succeeded, wait.callbacks.failed) == ({}, {})


def test_a_doubled_event_changes_nothing() -> None:
    wait = Wait(JobKind.BATCH, JobLook(status="Completed"))
    wait.look()
    first = dict(wait.callbacks.succeeded)
    wait.jobs.looks["arn:job"] = JobLook(status="Failed")
    wait.look()
    assert wait.callbacks.succeeded == first
    assert not wait.callbacks.failed


def test_at_its_deadline_a_job_is_stopped_and_what_it_wrote_is_kept() -> None:
    wait = Wait(JobKind.BATCH, JobLook(status="InProgress"))
    wait.clock.time = DEADLINE
    wait.look()
    assert wait.jobs.stopped == []
    wait.clock.move(seconds=1)
    wait.look()
    assert wait.jobs.stopped == ["arn:job"]
    wait.jobs.looks["arn:job"] = JobLook(status="Stopping")
    wait.look()
    assert wait.jobs.stopped == ["arn:job"]
    wait.jobs.looks["arn:job"] = JobLook(status="Stopped")
    assert wait.look() is JobOutcome.PARTIAL


def test_a_job_that_does_not_even_stop_ends_the_wait() -> None:
    wait = Wait(JobKind.TUNING, JobLook(status="Stopping"))
    wait.clock.time = DEADLINE + STOP_GRACE + timedelta(seconds=1)
    assert wait.look() is JobOutcome.FAILED
    assert wait.callbacks.failed["token"][0] == "WaitedTooLong"


def test_rows_travel_to_the_ledger_and_back() -> None:
    row = Wait(JobKind.BATCH, JobLook(status="x")).row
    assert msgspec.convert(msgspec.to_builtins(row), LedgerRow) == row
