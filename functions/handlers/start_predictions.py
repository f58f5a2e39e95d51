"""StartPredictions: a holdout shard's requests in S3 -> the name of its batch job, submitted once or adopted."""

from application.entry import Event, Invocation, lambda_entry
from application.services import Services
from application.submission import submit_batch
from distillation.bedrock import job_names
from distillation.layout import RunLayout


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """An arm's batch job for one shard of the holdout."""
    run_id, arm, shard = event["run"]["runId"], event["arm"], event["shard"]
    layout = RunLayout(run_id)
    name = submit_batch(
        event,
        services,
        name_of=lambda attempt: job_names.prediction_batch(services.settings.app, run_id, arm, shard, attempt),
        model_id=event["modelId"],
        requests=layout.prediction_requests(arm, shard),
        replies=layout.prediction_replies_prefix(arm, shard, event["modelId"]),
    )
    return {"jobName": name}


handler = lambda_entry(run)
