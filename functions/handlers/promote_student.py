"""PromoteStudent: a student that earned it -> the dataset's stable deployment is on its way to it; AwaitPromotion
waits, VerifyPromotion makes it known.
"""

from application.entry import Event, Invocation, lambda_entry
from application.services import Services
from application.serving.promotion import held_back, student_model, submit_promotion


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Submits once: the first promotion of a dataset makes the deployment, later ones move it in place, so that its ARN
    never changes. `held` says why nothing was submitted for a run that nobody approved: the state may have waited long,
    and others promote meanwhile.
    """
    run_id, dataset = event["run"]["runId"], event["run"]["dataset"]
    if not event["approved"] and (held := held_back(services, run_id, dataset)):
        return {"jobName": "", "held": held}
    return {"jobName": submit_promotion(services, run_id, dataset, student_model(services, run_id)), "held": ""}


handler = lambda_entry(run)
