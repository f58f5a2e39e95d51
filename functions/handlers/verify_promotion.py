"""VerifyPromotion: a stable deployment that has taken over the student -> the SSM parameter that names it, or the way
back where it answers differently.
"""

from application.entry import Event, Invocation, lambda_entry
from application.services import Services
from application.serving.promotion import publish, verify


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """`verified`, and where it is False the `cause` and the `jobName` of the move back to wait for (empty where a first
    deployment was deleted).
    """
    run_id, dataset = event["run"]["runId"], event["run"]["dataset"]
    seen = verify(services, run_id, event["jobName"])
    counts = {"asked": seen.canary.asked, "equal": seen.canary.equal}
    if seen.why:
        after = "the model before serves again" if seen.back else "it no longer serves this model"
        return {
            "verified": False,
            "jobName": seen.back,
            "cause": f"{seen.why}. Nothing was promoted: {after}.",
            "parameter": "",
            "counts": counts,
        }
    return {
        "verified": True,
        "jobName": "",
        "cause": "",
        "parameter": publish(services, run_id, dataset, seen.deployment_arn),
        "counts": counts,
    }


handler = lambda_entry(run)
