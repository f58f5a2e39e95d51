"""AwaitApproval: a student that earned it and a task token -> the token is in the ledger, where `python -m cli approve
RUN` finds it; the run's own deployments are gone. AwaitSpending asks the same way, before the run spends anything.
"""

from application.entry import Event, Invocation, lambda_entry
from application.run_files import read_run
from application.services import Services
from application.serving.approval import KIND, ask_for_approval, delete_own_deployments


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """The state's own timeout, as long as `serving.approvalHours`, ends the wait where nobody answers."""
    run_id, kind = event["run"]["runId"], event.get("kind", KIND)
    hours = read_run(services.store, run_id).config.serving.approval_hours
    row = ask_for_approval(services, run_id, event["token"], hours, kind)
    if kind == KIND:
        delete_own_deployments(services, run_id)
    return {"jobName": row.job_name, "until": row.deadline_at}


handler = lambda_entry(run)
