"""Going back to a model that served before: in place, with its own run's canary, and then in the parameter."""

import msgspec

from application.services import Services
from application.serving.promotion import serving, write_parameter
from cli.errors import CommandError
from cli.serving.promote import Waiting, bring_to_serve, move
from distillation.training.promotion import Served, ServedStudent, rolled_back, to_go_back_to


def what_serves(services: Services, dataset: str) -> ServedStudent:
    """What the dataset's parameter says. Raises CommandError before the first promotion."""
    now = serving(services, dataset)
    if now is None:
        raise CommandError(
            f"Nothing was promoted for {dataset} yet.",
            f"`python -m cli promote {dataset} --run RUN` promotes a run's student.",
        )
    return now


def rollback_target(now: ServedStudent, run_id: str | None) -> Served:
    """The entry of the history to go back to: the newest, or a run's. Raises CommandError where there is none."""
    target = to_go_back_to(now, run_id)
    if target is None:
        known = ", ".join(served.run_id for served in now.history) or "nothing"
        missing = f"no run {run_id}" if run_id else "nothing"
        raise CommandError(f"There is {missing} in the history to go back to; it holds {known}.")
    return target


def roll_back(
    services: Services, dataset: str, now: ServedStudent, target: Served, waiting: Waiting, *, canary: bool = True
) -> str:
    """Brings the target back and notes it in the parameter, whose name it gives. `canary` needs the run's files."""
    if canary:
        bring_to_serve(services, target.run_id, dataset, target.model_arn, waiting)
    else:
        move(services, target.run_id, dataset, target.model_arn, waiting)
    at = services.now().isoformat(timespec="seconds")
    return write_parameter(services, dataset, rolled_back(now, target, at, waiting.person))


def set_pin(services: Services, dataset: str, pinned: str) -> ServedStudent:
    """Pins the dataset to what serves it, unpins it with an empty text. Raises CommandError where nothing serves."""
    now = msgspec.structs.replace(what_serves(services, dataset), pinned=pinned)
    write_parameter(services, dataset, now)
    return now
