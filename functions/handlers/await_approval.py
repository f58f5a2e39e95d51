"""AwaitApproval, AwaitSpending: a question for a person, a task token -> the ledger, where `approve` finds both."""

from application.entry import Event, Invocation, lambda_entry
from application.run_files import read_run
from application.services import Services
from application.serving.approval import KIND, ask_for_approval, delete_own_deployments


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Notes the wait; deletes the deployments of a run that may be promoted. The state's own timeout ends the wait."""
    run_id, kind = event["run"]["runId"], event.get("kind", KIND)
    hours = read_run(services.store, run_id).config.serving.approval_hours
    row = ask_for_approval(services, run_id, event["token"], hours, kind)
    if kind == KIND:
        delete_own_deployments(services, run_id)
    return {"jobName": row.job_name, "until": row.deadline_at}


handler = lambda_entry(run)
