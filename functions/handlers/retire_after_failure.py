"""RetireAfterFailure: what failed -> what was stopped and deleted, and what still costs money."""

from application.entry import Event, Invocation, lambda_entry
from application.retirement import dataset_named, retire_failed, run_of_execution
from application.services import Services
from distillation.records import CleanUp

PASSES_AT_LEAST = 2
"""A function that was under way when the run failed may submit a job after the first pass has looked."""
PASSES_AT_MOST = 10
"""How often what is busy is tried again, two minutes apart."""


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """One pass over everything that the run made; `again` where another is to follow after a pause.

    An execution that failed in PrepareRun has made nothing: what its run id owns is an earlier execution's.
    """
    failure, passes = event["failure"], event["failure"].get("passes", 0) + 1
    if failure["state"] == "PrepareRun":
        return _told(CleanUp(), failure, passes=passes, again=False)
    run_id = run_of_execution(event["input"], event["executionName"])
    done = retire_failed(services, run_id, dataset_named(event["input"]))
    again = passes < PASSES_AT_LEAST or (done.busy and passes < PASSES_AT_MOST)
    return _told(done, failure, passes=passes, again=done.known and again)


def _told(done: CleanUp, failure: Event, *, passes: int, again: bool) -> dict[str, object]:
    """The pass as the machine carries it, with what earlier passes retired."""
    return {
        "retired": list(dict.fromkeys([*failure.get("retired", []), *done.retired])),
        "kept": list(done.kept),
        "left": [{"what": left.what, "why": left.why[:1000], "command": left.command} for left in done.left],
        "known": done.known,
        "passes": passes,
        "again": again,
    }


handler = lambda_entry(run)
