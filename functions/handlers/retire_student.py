"""RetireStudent: a run with its verdict -> its own deployments are deleted; the stable deployment goes on serving."""

from application.entry import Event, Invocation, lambda_entry
from application.run_files import read_run
from application.services import Services
from application.serving.promotion import student_model, was_promoted
from application.serving.retirement import raise_left, retire


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Gives what was deleted. Raises what `raise_left` does.

    The student's model stays where it serves, where a person may still promote it (`held`), or where
    `serving.keepRejectedModel` wants it; other arms' models have done their work.
    """
    run_id = event["run"]["runId"]
    wanted = read_run(services.store, run_id).config.serving.keep_rejected_model or event.get("held")
    keep = wanted or was_promoted(services, run_id, event["run"]["dataset"])
    done = retire(services, run_id, keep_models=[student_model(services, run_id)] if keep else [])
    raise_left(done)
    return {"deleted": list(done.retired)}


handler = lambda_entry(run)
