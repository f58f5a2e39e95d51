"""RetireAfterFailure: what failed -> what was stopped and deleted, so that nothing goes on costing money."""

from collections.abc import Collection

from application.entry import Event, Turn, lambda_entry
from application.promotion import student_model, undo_unverified, was_promoted
from application.retirement import dataset_named, retire, run_of_execution
from application.services import Services
from distillation.layout import RunLayout
from distillation.run.record import RunRecord

_EARNED = frozenset({"PromoteStudent", "AwaitPromotion", "VerifyPromotion", "AwaitWayBack", "RetireStudent"})
"""States that come after a verdict: a student that has one is kept as a held one is, and can be promoted by hand."""


def run(event: Event, services: Services, turn: Turn) -> dict[str, object]:
    """Stops running jobs, deletes the run's deployments, and its models too unless the input says `keepModelOnFailure`.

    An execution that failed in PrepareRun has made nothing: what its run id owns is an earlier execution's.
    A run whose student was promoted keeps model and stable deployment, whatever a rerun of it meets; one that was not
    verified is taken back first.
    """
    run_id = run_of_execution(event["input"], event["executionName"])
    if event["failure"]["state"] == "PrepareRun":
        return {"retired": []}
    if was_promoted(services, run_id, dataset_named(event["input"])):
        return {"retired": retire(services, run_id, keep_models=None)}
    undone = undo_unverified(services, run_id)
    # A model that the stable deployment is just leaving cannot be deleted yet.
    kept = None if undone else _kept(services, run_id, event["failure"]["state"])
    return {"retired": undone + retire(services, run_id, keep_models=kept)}


def _kept(services: Services, run_id: str, state: str) -> Collection[str] | None:
    record = services.store.read_or_none(RunLayout(run_id).run, RunRecord)
    if record is None:
        return ()
    settings = record.config
    if settings.keep_model_on_failure:
        return None
    return [student_model(services, run_id)] if state in _EARNED and settings.serving.keep_rejected_model else ()


handler = lambda_entry(run)
