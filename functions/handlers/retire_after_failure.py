"""RetireAfterFailure: what failed -> what was stopped and deleted, and what still costs money."""

from application.entry import Event, Invocation, lambda_entry
from application.services import Services
from application.serving.retirement import retire_pass


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """One pass over everything that the run made; `again` where another is to follow after a pause."""
    return retire_pass(services, event)


handler = lambda_entry(run)
