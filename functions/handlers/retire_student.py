"""RetireStudent: a student that did not earn it -> its deployments are deleted, so that nothing is left that serves. The models stay: they are paid for."""

from application.entry import Event, Turn, lambda_entry
from application.retirement import retire
from application.services import Services


def run(event: Event, services: Services, turn: Turn) -> dict[str, object]:
    """Gives what was deleted."""
    return {"deleted": retire(services, event["run"]["runId"], keep_models=True)}


handler = lambda_entry(run)
