"""Submitting a batch job once: shared by the teacher's shards and the arms' holdout shards."""

from datetime import timedelta

from application.entry import Event
from application.run_files import read_run
from application.services import Services
from distillation.job_status import JobKind
from distillation.submission import submit_once

SETTLING = timedelta(hours=2)
"""Beyond Bedrock's own timeout of a job, the time in which it should say Expired."""


def submit_batch(event: Event, services: Services, *, job_name: str, model_id: str, requests: str, replies: str) -> str:
    """Submits the requests at key `requests` to `model_id`, replies below the prefix `replies`; gives the job's ARN."""
    store, settings, run = services.store, services.settings, event["run"]
    hours = read_run(store, run["runId"]).settings.batches.timeout_hours
    return submit_once(
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
