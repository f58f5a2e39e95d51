"""Submitting a batch job once: shared by the teacher's shards and the arms' holdout shards."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count

from application.entry import Event
from application.run_files import read_run
from application.services import Services
from distillation.bedrock.job_status import JobKind, Outcome
from distillation.bedrock.submission import submit_once

SETTLING = timedelta(hours=2)
"""Beyond Bedrock's own timeout of a job, the time in which it should say Expired."""


def submit_batch(event: Event, services: Services, *, name_of: Callable[[int], str], model_id: str, requests: str, replies: str) -> str:
    """Submits the requests at key `requests` to `model_id`, replies below the prefix `replies`; gives the job's name.

    `name_of` gives the name of an attempt, as in `name_of_next_attempt`.
    """
    store, settings, run = services.store, services.settings, event["run"]
    hours = read_run(store, run["runId"]).settings.batches.timeout_hours
    job_name = name_of_next_attempt(services, run["runId"], name_of)
    submit_once(
        services.ledger,
        run_id=run["runId"],
        job_name=job_name,
        kind=JobKind.BATCH,
        find=services.batch_jobs.find,
        create=lambda: services.batch_jobs.create(
            job_name,
            role_arn=settings.batch_role_arn,
            model_id=model_id,
            input_uri=store.uri(requests),
            output_uri=store.uri(replies),
            timeout_hours=hours,
            tags={"app": settings.app, "dataset": run["dataset"], "run": run["runId"]},
        ),
        now=services.now(),
        time_limit=timedelta(hours=hours) + SETTLING,
        records=event["records"],
    )
    return job_name


def name_of_next_attempt(services: Services, run_id: str, name_of: Callable[[int], str]) -> str:
    """The first attempt's name that did not fail: a job that failed as a whole brought nothing, so a rerun does not adopt it."""
    return next(name for attempt in count() if not _has_failed(services, run_id, name := name_of(attempt)))


def _has_failed(services: Services, run_id: str, job_name: str) -> bool:
    row = services.ledger.row(run_id, job_name)
    return row is not None and row.outcome == Outcome.FAILED
