"""The waits for jobs (AwaitBatch, AwaitTuning ...): a job's name and a task token -> the ledger, and a look at it."""

from application.entry import Event, Invocation, lambda_entry
from application.services import Services
from application.waiting import look_and_complete
from distillation.errors import ThrottledByBedrock


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Notes who waits, then looks. A look that Bedrock throttles is made again after the heartbeat."""
    row = services.ledger.waiting(event["runId"], event["jobName"], event["token"])
    try:
        return look_and_complete(row, services)
    except ThrottledByBedrock as busy:
        return {"outcome": "running", "busy": str(busy)}


handler = lambda_entry(run)
