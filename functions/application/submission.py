"""Submitting a batch job once: shared by the teacher's shards and the arms' holdout shards."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from itertools import count

from application.entry import Event
from application.run_files import read_run
from application.services import Services
from distillation.bedrock import job_names
from distillation.bedrock.job_status import JobKind, Outcome
from distillation.bedrock.submission import submit_once
from distillation.errors import InvalidInput
from distillation.layout import RunLayout
from distillation.run.record import RunRecord

SETTLING = timedelta(hours=2)
"""Beyond Bedrock's own timeout of a job, the time in which it should say Expired."""


def submit_batch(
    event: Event, services: Services, *, name_of: Callable[[int], str], model_id: str, requests: str, replies: str
) -> str:
    """Submits the requests at key `requests` to `model_id`, replies below the prefix `replies`; gives the job's name.

    `name_of` gives the name of an attempt, as in `name_of_next_attempt`.
    """
    store, settings, run = services.store, services.settings, event["run"]
    hours = read_run(store, run["runId"]).config.batches.timeout_hours
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
    """The first attempt's name that did not fail: a job that failed as a whole brought nothing, so a rerun does not
    adopt it.
    """
    return next(name for attempt in count() if not _has_failed(services, run_id, name := name_of(attempt)))


def _has_failed(services: Services, run_id: str, job_name: str) -> bool:
    row = services.ledger.row(run_id, job_name)
    return row is not None and row.outcome == Outcome.FAILED


def submit_judging(services: Services, record: RunRecord, *, arm: str, part: int, records: int) -> str:
    """Submits the part's dataset to the judge, and gives the job's name. The next attempt is made where one failed as a
    whole.

    Raises:
        InvalidInput: the run's input names no judge of the evaluation.
    """
    settings, run_id, layout, store = services.settings, record.run_id, RunLayout(record.run_id), services.store
    judge = record.config.evaluation.judge
    if judge is None:
        raise InvalidInput(
            f"run {run_id} judges no answers", ["evaluation.judge: found null, expected the metrics to judge by"]
        )
    content = hashlib.sha256(store.get(layout.judge_dataset(arm, part))).hexdigest()
    job_name = name_of_next_attempt(
        services,
        run_id,
        lambda attempt: job_names.evaluation(settings.app, run_id, arm, part, content, attempt=attempt),
    )
    submit_once(
        services.ledger,
        run_id=run_id,
        job_name=job_name,
        kind=JobKind.EVALUATION,
        find=services.evaluation_jobs.find,
        create=lambda: services.evaluation_jobs.create(
            job_name,
            role_arn=settings.evaluation_role_arn,
            judge_model=record.models.judge,
            dataset_uri=store.uri(layout.judge_dataset(arm, part)),
            output_uri=store.uri(layout.judge_results_prefix(arm, part)),
            metrics=judge.metrics,
            custom_metrics=judge.custom,
            source_id=arm,
            tags={"app": settings.app, "dataset": record.dataset, "run": run_id},
        ),
        now=services.now(),
        time_limit=timedelta(hours=record.config.batches.timeout_hours),
        records=records,
    )
    return job_name
