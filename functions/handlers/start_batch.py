"""StartBatch: a shard's requests in S3 -> the name of its batch job, submitted once or adopted."""

from application.entry import Event, Invocation, lambda_entry
from application.services import Services
from application.submission import submit_batch
from distillation.bedrock import job_names
from distillation.layout import RunLayout
from distillation.records import Asking


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """The batch job for one shard of a stage's wave."""
    run_id, stage, wave, shard = event["run"]["runId"], Asking(event["stage"]), event["wave"], event["shard"]
    layout, app = RunLayout(run_id), services.settings.app
    name = submit_batch(
        event,
        services,
        name_of=lambda attempt: job_names.batch(app, run_id, wave, shard, attempt=attempt, stage=stage),
        model_id=services.settings.model_asked_in(stage),
        requests=layout.requests(wave, shard, stage),
        replies=layout.replies_prefix(wave, shard, stage),
    )
    return {"jobName": name}


handler = lambda_entry(run)
