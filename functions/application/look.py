"""One look at a job by the kind that its ledger row names: shared by the waiting states and by Bedrock's events."""

from application.services import Services
from distillation.job_status import JobKind
from distillation.records import LedgerRow
from distillation.waiting import complete_if_ended
from gateways.batch_jobs import BatchJobs
from gateways.deployments import Deployments
from gateways.tuning_jobs import TuningJobs


def look_and_complete(row: LedgerRow, services: Services) -> dict[str, object]:
    """Looks at the job of a ledger row and completes its token where it has ended."""
    jobs = _gateway(JobKind(row.kind), services)
    stop = jobs.delete if isinstance(jobs, Deployments) else jobs.stop
    outcome = complete_if_ended(row, look=jobs.look, stop=stop, ledger=services.ledger, callbacks=services.callbacks, now=services.now())
    return {"outcome": str(outcome)}


def _gateway(kind: JobKind, services: Services) -> BatchJobs | TuningJobs | Deployments:
    if kind is JobKind.BATCH:
        return services.batch_jobs
    return services.tuning_jobs if kind is JobKind.TUNING else services.deployments
