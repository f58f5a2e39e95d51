"""PromoteStudent: a student that earned it -> the dataset's stable deployment is on its way to it."""

from application.entry import Event, Invocation, lambda_entry
from application.services import Services
from application.serving.promotion import held_back, student_model, submit_promotion


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Submits once. `held` says why nothing was submitted for a run that nobody approved: others promote meanwhile."""
    run_id, dataset = event["run"]["runId"], event["run"]["dataset"]
    if not event["approved"] and (held := held_back(services, run_id, dataset)):
        return {"jobName": "", "held": held}
    return {"jobName": submit_promotion(services, run_id, dataset, student_model(services, run_id)), "held": ""}


handler = lambda_entry(run)
