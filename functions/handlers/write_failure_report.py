"""WriteFailureReport: what failed and what was retired -> the error in plain words, the failure report, the ledger."""

from application.entry import Event, Invocation, lambda_entry
from application.reporting.failure_report import report_failure
from application.services import Services


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Gives the error and the cause that the execution ends with; the cause names what still costs money."""
    return report_failure(services, event)


handler = lambda_entry(run)
