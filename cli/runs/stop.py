"""Stopping a run: its execution, its jobs and its deployments, and what it has cost so far."""

from collections.abc import Callable, Mapping
from typing import Any

from application.reporting.budget import spent_by
from application.run_files import read_run
from application.services import Services
from application.serving.retirement import other_holder, retire_pass
from cli.errors import CommandError
from cli.run_lookup import run_id_of
from distillation.costs.spent import Costs
from distillation.layout import RunLayout
from gateways.executions import Execution

CAUSE = "Stopped by `python -m cli stop`."


def stop_run(services: Services, execution: Execution, between: Callable[[], None]) -> Mapping[str, Any]:
    """Stops the execution and takes back what its run made, pass by pass (`between` waits); gives what
    `retirement.retire_pass` gives. Raises CommandError where the run has ended with success, and where another
    execution holds it: then only this one is stopped.
    """
    run_id = run_id_of(execution)
    if execution.status == "SUCCEEDED":
        raise CommandError(f"The run {run_id} has ended successfully; there is nothing to stop.")
    if holder := other_holder(services, run_id, execution.name):
        if execution.running:
            services.executions.stop(execution.arn, CAUSE)
        raise CommandError(
            f"The execution is stopped. Another one, {holder}, holds the run {run_id}, so its jobs were left alone.",
            f"`python -m cli stop {holder}` stops that one and what the run made.",
        )
    failure: dict[str, Any] = {"state": "", "error": "Aborted", "cause": CAUSE}
    rail = {"input": execution.input, "executionName": execution.name, "failure": failure}
    # Before the execution is stopped: nothing is submitted any more, and it is we who see what there was.
    failure |= retire_pass(services, rail)
    if execution.running:
        services.executions.stop(execution.arn, CAUSE)
    while failure["again"]:
        between()
        failure |= retire_pass(services, rail)
    return failure


def cost_so_far(services: Services, run_id: str) -> Costs | None:
    """What the replies that are read and the submitted jobs cost; None before PrepareRun has written the run."""
    if services.store.get_or_none(RunLayout(run_id).run) is None:
        return None
    return spent_by(services, read_run(services.store, run_id))
