"""Taking back what a run made in Bedrock, found through the ledger. What serves a dataset, the stable deployment, is never among it."""

from collections.abc import Collection

from application.look import jobs_of
from application.services import Services
from distillation.bedrock.job_status import JobKind
from distillation.records import LedgerRow


def retire(services: Services, run_id: str, *, keep_models: Collection[str] | None = ()) -> list[str]:
    """Deletes the run's own deployments, stops jobs that still run, and deletes its models; gives one line for each. Doing it twice is no error.

    `keep_models`: ARNs of models that stay, None for all. Deployments go first: a model that is deployed cannot be deleted (Bedrock user guide).
    """
    rows = sorted((row for row in services.ledger.rows(run_id) if row.job_arn), key=lambda row: row.kind != JobKind.DEPLOYMENT)
    return [line for row in rows for line in _retire(row, services, keep_models)]


def _retire(row: LedgerRow, services: Services, keep_models: Collection[str] | None) -> list[str]:
    arn = row.job_arn or ""
    if row.kind == JobKind.DEPLOYMENT:
        services.deployments.delete(arn)
        return [f"deleted deployment {arn}"]
    if row.kind == JobKind.TUNING:
        return _retire_tuning(row, arn, services, keep_models)
    if row.kind in (JobKind.BATCH, JobKind.EVALUATION) and row.outcome is None:
        jobs_of(JobKind(row.kind), services).stop(arn)
        return [f"stopped {row.kind} job {arn}"]
    return []


def _retire_tuning(row: LedgerRow, arn: str, services: Services, keep_models: Collection[str] | None) -> list[str]:
    if row.outcome is None:
        services.tuning_jobs.stop(arn)
        return [f"stopped customization job {arn}"]
    model = services.tuning_jobs.look(arn).model_arn
    if keep_models is None or model is None or model in keep_models:
        return []
    services.tuning_jobs.delete_model(model)
    return [f"deleted custom model {model}"]
