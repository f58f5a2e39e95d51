"""Taking back what a run made in Bedrock, found through the ledger.

What serves a dataset, the stable deployment, is never among it.
"""

import json
from collections.abc import Collection
from contextlib import suppress
from typing import Any

from application.services import Services
from application.waiting import jobs_of
from distillation.bedrock.job_status import JobKind
from distillation.errors import InvalidInput
from distillation.records import LedgerRow
from distillation.run.input import default_run_id, resolve_config


def run_of_execution(execution_input: Any, execution_name: str) -> str:
    """The run id that PrepareRun gave, or would have given, to this execution: the failure rail may not count on
    PrepareRun's output.
    """
    try:
        return resolve_config(execution_input, execution_name=execution_name).run_id
    except InvalidInput:
        return default_run_id(execution_name)


def dataset_named(execution_input: Any) -> str:
    """The dataset as the input spells it, empty where it names none."""
    return str(execution_input.get("dataset", "")) if isinstance(execution_input, dict) else ""


def plain_cause(cause: str) -> str:
    """The message of an exception in a Lambda's cause (`{"errorMessage", "errorType", "stackTrace"}`); any other cause
    as it is.
    """
    with suppress(ValueError, TypeError, KeyError):
        return str(json.loads(cause)["errorMessage"])
    return cause


def retire(services: Services, run_id: str, *, keep_models: Collection[str] | None = ()) -> list[str]:
    """Deletes the run's own deployments, stops jobs that still run, and deletes its models; gives one line for each.
    Doing it twice is no error.

    `keep_models`: ARNs of models that stay, None for all. Deployments go first: a model that is deployed cannot be
    deleted (Bedrock user guide).
    """
    rows = sorted(
        (row for row in services.ledger.rows(run_id) if row.job_arn), key=lambda row: row.kind != JobKind.DEPLOYMENT
    )
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
