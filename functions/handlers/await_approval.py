"""AwaitApproval: a student that earned it and a task token -> the token is in the ledger, where `python -m cli approve
RUN` finds it; the run's own deployments are gone.
"""

from application.entry import Event, Invocation, lambda_entry
from application.run_files import read_run
from application.services import Services
from application.serving.approval import ask_for_approval, delete_own_deployments


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """The state's own timeout, as long as `serving.approvalHours`, ends the wait where nobody answers."""
    run_id = event["run"]["runId"]
    row = ask_for_approval(
        services, run_id, event["token"], read_run(services.store, run_id).config.serving.approval_hours
    )
    delete_own_deployments(services, run_id)
    return {"jobName": row.job_name, "until": row.deadline_at}


handler = lambda_entry(run)
