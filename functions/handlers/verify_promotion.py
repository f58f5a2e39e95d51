"""VerifyPromotion: a stable deployment that has taken over the student -> the SSM parameter, or the way back."""

from application.entry import Event, Invocation, lambda_entry
from application.services import Services
from application.serving.promotion import publish, verify


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """`verified`; where False the `cause`, and the `jobName` of the move back (empty where there is none)."""
    run_id, dataset = event["run"]["runId"], event["run"]["dataset"]
    seen = verify(services, run_id, event["jobName"])
    counts = {"asked": seen.canary.asked, "equal": seen.canary.equal}
    if seen.why:
        after = "the previous model serves again" if seen.back else "it no longer serves this model"
        cause, parameter = f"{seen.why}. Nothing was promoted: {after}.", ""
    else:
        cause, parameter = "", publish(services, run_id, dataset, seen.deployment_arn)
    told = {"jobName": seen.back, "cause": cause, "parameter": parameter, "counts": counts}
    return {"verified": not seen.why, **told}


handler = lambda_entry(run)
