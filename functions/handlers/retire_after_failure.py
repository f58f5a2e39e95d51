"""RetireAfterFailure: what failed -> what was stopped and deleted, so that nothing goes on costing money."""

import msgspec

from application.entry import Event, Turn, lambda_entry
from application.failures import run_of_execution
from application.retirement import retire
from application.services import Services
from distillation.run_layout import RunLayout
from distillation.run_record import RunRecord


def run(event: Event, services: Services, turn: Turn) -> dict[str, object]:
    """Stops running jobs, deletes deployments, and models too unless the input says `keepModelOnFailure`.

    An execution that failed in PrepareRun has made nothing: what its run id owns is an earlier execution's, perhaps a promoted student.
    A run whose student was promoted keeps it, whatever a rerun of it meets.
    """
    run_id = run_of_execution(event["input"], event["executionName"])
    if event["failure"]["state"] == "PrepareRun" or services.store.get_or_none(RunLayout(run_id).promotion):
        return {"retired": []}
    body = services.store.get_or_none(RunLayout(run_id).run)
    keep = body is not None and msgspec.json.decode(body, type=RunRecord).settings.keep_model_on_failure
    return {"retired": retire(services, run_id, keep_models=keep)}


handler = lambda_entry(run)
