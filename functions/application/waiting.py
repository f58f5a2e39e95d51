"""One look at a job by the kind that its ledger row names: shared by the waiting states and by Bedrock's events."""

from collections.abc import Callable

from application.services import Services
from distillation.bedrock.job_status import GONE_STATUS, JobKind
from distillation.bedrock.waiting import JobLook, complete_if_ended
from distillation.records import LedgerRow
from gateways.aws_errors import DENIED, passing_over
from gateways.bedrock.batch_jobs import BatchJobs
from gateways.bedrock.evaluation_jobs import EvaluationJobs
from gateways.bedrock.tuning_jobs import TuningJobs


def look_and_complete(row: LedgerRow, services: Services) -> dict[str, object]:
    """Looks at the job of a ledger row and completes its token where it has ended."""
    look, stop = _look_and_stop(row, services)
    outcome = complete_if_ended(
        row, look=look, stop=stop, ledger=services.ledger, callbacks=services.callbacks, now=services.now()
    )
    return {"outcome": str(outcome)}


def _look_and_stop(row: LedgerRow, services: Services) -> tuple[Callable[[str], JobLook], Callable[[str], None]]:
    """What serves a dataset is never deleted for being slow: a promotion that does not end only ends the wait."""
    kind, deployments = JobKind(row.kind), services.deployments
    if kind is JobKind.PROMOTION:
        return lambda arn: deployments.look_for(arn, row.model_arn or ""), lambda _: None
    if kind is JobKind.DEPLOYMENT:
        return deployments.look, deployments.delete
    jobs = jobs_of(kind, services)
    return jobs.look, jobs.stop


def job_as_seen(row: LedgerRow, services: Services) -> JobLook:
    """What Bedrock says of the job of a ledger row that has an ARN; what the ledger says of one that is gone, may not
    be looked at with these credentials, or is no job of Bedrock's.
    """
    if row.kind in set(JobKind):
        with passing_over(DENIED):
            seen = _look_and_stop(row, services)[0](row.job_arn or "")
            if seen.status != GONE_STATUS:
                return seen
    return JobLook(status=row.status or row.state, message=row.message or "")


def jobs_of(kind: JobKind, services: Services) -> BatchJobs | TuningJobs | EvaluationJobs:
    """The gateway of a kind of job that can be stopped."""
    if kind is JobKind.BATCH:
        return services.batch_jobs
    return services.tuning_jobs if kind is JobKind.TUNING else services.evaluation_jobs
