"""StartTuning: the dataset in S3 -> the name of the customization job, submitted once or adopted."""

from datetime import timedelta

from application.entry import Event, Invocation, lambda_entry
from application.run_files import read_choice, read_run
from application.services import Services
from application.submission import next_attempt
from distillation.bedrock import job_names
from distillation.bedrock.job_status import JobKind
from distillation.bedrock.submission import NEW, submit_once
from distillation.layout import RunLayout
from distillation.records import Arm, LedgerRow
from distillation.training.choice import hyperparameters
from distillation.training.customization import JobFacts, customization_request, distillation_request

TRAINING_TIME_LIMIT = timedelta(days=3)
"""5,000 records and 2 epochs take about an hour (AWS samples); a queue of other jobs of the account can hold one back
much longer.
"""


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """The customization job of one arm. One that failed, or whose model was deleted, is not adopted."""
    run, arm = event["run"], event["arm"]
    name = next_attempt(
        lambda attempt: job_names.tuning(services.settings.app, run["runId"], arm, attempt),
        lambda name: _usable(run["runId"], name, services),
    )
    submit_once(
        services.ledger,
        LedgerRow(run_id=run["runId"], job_name=name, kind=JobKind.TUNING, state=NEW),
        find=services.tuning_jobs.find,
        create=lambda: services.tuning_jobs.create(_request(event, services, name)),
        now=services.now(),
        time_limit=TRAINING_TIME_LIMIT,
    )
    return {"jobName": name}


def _usable(run_id: str, name: str, services: Services) -> bool:
    arn, row = services.tuning_jobs.find(name), services.ledger.row(run_id, name)
    if arn is not None:
        return not services.tuning_jobs.model_is_gone(arn)
    if row is None or row.job_arn is None:
        return True
    # Bedrock has forgotten the job; its model may be there all the same.
    return row.model_arn is not None and services.tuning_jobs.model_exists(row.model_arn)


def _request(event: Event, services: Services, name: str) -> dict[str, object]:
    store, run, arm = services.store, event["run"], event["arm"]
    record, layout = read_run(store, run["runId"]), RunLayout(run["runId"])
    facts: JobFacts = {
        "role_arn": services.settings.customization_role_arn,
        "base_model": record.models.student,
        "train_uri": store.uri(layout.training_file(arm, "train.jsonl")),
        "output_uri": store.uri(layout.model_prefix(arm)),
        "tags": {"app": services.settings.app, "dataset": run["dataset"], "run": run["runId"], "arm": arm},
    }
    if arm == Arm.STUDENT and record.config.training.managed:
        return distillation_request(
            name, teacher=record.models.teacher_invoke, max_tokens=record.config.sampling.max_tokens, **facts
        )
    validation = layout.training_file(arm, "validation.jsonl")
    validation_uri = store.uri(validation) if store.get(validation) else None
    choice = read_choice(store, run["runId"])
    training = hyperparameters(record.config.training, arm, choice.best if choice else "")
    return customization_request(name, training=training, validation_uri=validation_uri, **facts)


handler = lambda_entry(run)
