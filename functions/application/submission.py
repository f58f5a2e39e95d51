"""Submitting a batch job once: shared by the teacher's shards and the arms' holdout shards."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

from application.entry import Event
from application.run_files import read_run
from application.services import Services
from distillation.bedrock import job_names
from distillation.bedrock.job_status import JobKind, JobOutcome
from distillation.bedrock.submission import NEW, submit_once
from distillation.errors import InvalidInput
from distillation.judging.answers import judging_config
from distillation.layout import RunLayout
from distillation.records import LedgerRow
from distillation.run.record import RunRecord

SETTLING = timedelta(hours=2)
"""Time beyond Bedrock's own timeout of a job, in which it should say Expired."""


def submit_batch(
    event: Event, services: Services, *, name_of: Callable[[int], str], model_id: str, requests: str, replies: str
) -> str:
    """Submits the requests at key `requests` to `model_id`, replies below the prefix `replies`; gives the job's name.

    `name_of` as in `next_attempt`. Past the cut-off of the run's deadline no new job is made, and the name is empty:
    its requests are missing and asked through Converse.
    """
    store, settings, run = services.store, services.settings, event["run"]
    record, now = read_run(store, run["runId"]), services.now()
    hours = record.config.batches.timeout_hours
    job_name = next_attempt(name_of, _has_not_failed(services, run["runId"]))
    limit = timedelta(hours=hours) + SETTLING
    if record.is_cut_off(now) and not _may_exist(services, run["runId"], job_name):
        return ""
    if record.cut_off:
        limit = min(limit, max(timedelta(0), datetime.fromisoformat(record.cut_off) - now))
    submit_once(
        services.ledger,
        LedgerRow(run_id=run["runId"], job_name=job_name, kind=JobKind.BATCH, records=event["records"], state=NEW),
        find=services.batch_jobs.find,
        create=lambda: services.batch_jobs.create(
            job_name,
            model_id=model_id,
            input_uri=store.uri(requests),
            output_uri=store.uri(replies),
            timeout_hours=hours,
            tags={"app": settings.app, "dataset": run["dataset"], "run": run["runId"]},
        ),
        now=now,
        time_limit=limit,
    )
    return job_name


def _may_exist(services: Services, run_id: str, job_name: str) -> bool:
    """Whether an earlier try made the job: then it is adopted, and what it wrote counts."""
    row = services.ledger.row(run_id, job_name)
    return row is not None and (row.job_arn is not None or services.batch_jobs.find(job_name) is not None)


def next_attempt(name_of: Callable[[int], str], usable: Callable[[str], bool]) -> str:
    """The name of the first attempt (counted from 0) that may be used."""
    return next(name for attempt in count() if usable(name := name_of(attempt)))


def _has_not_failed(services: Services, run_id: str) -> Callable[[str], bool]:
    """A job that failed as a whole brought nothing, so a rerun does not adopt it."""

    def usable(job_name: str) -> bool:
        row = services.ledger.row(run_id, job_name)
        return row is None or row.outcome != JobOutcome.FAILED

    return usable


def submit_judging(services: Services, record: RunRecord, *, arm: str, part: int, records: int) -> str:
    """Submits the part's dataset to the judge, and gives the job's name; the next attempt where one failed as a whole.
    Raises InvalidInput where the run's input names no judge of the evaluation.
    """
    settings, run_id, layout, store = services.settings, record.run_id, RunLayout(record.run_id), services.store
    judge = record.config.evaluation.judge
    if judge is None:
        found = "evaluation.judge: found null, expected the metrics to judge by"
        raise InvalidInput(f"run {run_id} judges no answers", [found])
    content = hashlib.sha256(store.get(layout.judge_dataset(arm, part))).hexdigest()
    job_name = next_attempt(
        lambda attempt: job_names.evaluation(settings.app, run_id, arm, part, content, attempt=attempt),
        _has_not_failed(services, run_id),
    )
    submit_once(
        services.ledger,
        LedgerRow(run_id=run_id, job_name=job_name, kind=JobKind.EVALUATION, records=records, state=NEW),
        find=services.evaluation_jobs.find,
        create=lambda: services.evaluation_jobs.create(
            job_name,
            judging=judging_config(job_name, judge, record.models.judge, store.uri(layout.judge_dataset(arm, part))),
            output_uri=store.uri(layout.judge_results_prefix(arm, part)),
            source_id=arm,
            tags={"app": settings.app, "dataset": record.dataset, "run": run_id},
        ),
        now=services.now(),
        time_limit=timedelta(hours=record.config.batches.timeout_hours),
    )
    return job_name
