"""Submitting an evaluation job once."""

import hashlib
from datetime import timedelta

from application.batch_submission import name_of_next_attempt
from application.services import Services
from distillation.bedrock import job_names
from distillation.bedrock.job_status import JobKind
from distillation.bedrock.submission import submit_once
from distillation.errors import InvalidInput
from distillation.layout import RunLayout
from distillation.run.evaluation import JudgeMetric
from distillation.run.record import RunRecord


def submit_judging(services: Services, record: RunRecord, *, arm: str, part: int, records: int) -> str:
    """Submits the part's dataset to the judge, and gives the job's name. The next attempt is made where one failed as a whole.

    Raises:
        InvalidInput: the run's input names no judge of the evaluation.
    """
    settings, run_id, layout, store = services.settings, record.run_id, RunLayout(record.run_id), services.store
    judge = record.settings.evaluation.judge
    if judge is None:
        raise InvalidInput(f"run {run_id} judges no answers", ["evaluation.judge: found null, expected the metrics to judge by"])
    content = hashlib.sha256(store.get(layout.judge_dataset(arm, part))).hexdigest()
    job_name = name_of_next_attempt(services, run_id, lambda attempt: job_names.evaluation(settings.app, run_id, arm, part, content, attempt=attempt))
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
            custom_metrics=[JudgeMetric(own.name, own.instructions, tuple(own.scale.items())) for own in judge.custom],
            source_id=arm,
            tags={"app": settings.app, "dataset": record.dataset, "run": run_id},
        ),
        now=services.now(),
        time_limit=timedelta(hours=record.settings.batches.timeout_hours),
        records=records,
    )
    return job_name
