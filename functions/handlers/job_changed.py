"""Bedrock's job events -> the waiting task goes on at once. Each event only leads to a look at the job itself."""

from application.entry import Event, Invocation, lambda_entry
from application.services import Services
from application.waiting import look_and_complete
from distillation.bedrock.job_names import run_id_of


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """The event names the job as `batchJobName` (batch) or `jobName` (customization)."""
    job_name = event["detail"].get("batchJobName") or event["detail"].get("jobName", "")
    run_id = run_id_of(services.settings.app, job_name)
    row = services.ledger.row(run_id, job_name) if run_id else None
    return look_and_complete(row, services) if row else {"outcome": "not ours"}


handler = lambda_entry(run)
