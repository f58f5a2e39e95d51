"""PromoteStudent: a student that earned it -> the dataset's stable deployment is on its way to it; AwaitPromotion
waits, VerifyPromotion makes it known.
"""

from application.entry import Event, Invocation, lambda_entry
from application.services import Services
from application.serving.promotion import student_model, submit_promotion


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Submits once: the first promotion of a dataset makes the deployment, later ones move it in place, so that its ARN
    never changes.
    """
    run = event["run"]
    return {"jobName": submit_promotion(services, run["runId"], run["dataset"], student_model(services, run["runId"]))}


handler = lambda_entry(run)
