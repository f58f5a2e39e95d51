"""Names and client tokens of everything that Bedrock runs for us, as functions of run id, wave, shard and arm.

A name is the identity of a piece of paid work: whoever knows the run can find the job again, so nothing is submitted twice.
Limits: batch jobs 63 characters of [a-zA-Z0-9+-.], customization jobs 63 of [a-zA-Z0-9-+.], models and deployments 63 of
([0-9a-zA-Z][_-]?)+ (botocore service model `bedrock`), so no name here has two hyphens in a row.
"""

import hashlib

RUN_ID_MAX = 36


def batch(app: str, run_id: str, wave: int, shard: int, attempt: int = 0) -> str:
    """Name of the batch job that answers a teacher shard. `attempt` > 0 only where an earlier one failed as a whole."""
    return f"{app}-{run_id}-w{wave:02d}-s{shard:04d}{_attempt(attempt)}"


def prediction_batch(app: str, run_id: str, arm: str, shard: int, attempt: int = 0) -> str:
    """Name of the batch job that answers a holdout shard for an arm. `attempt` as in `batch`."""
    return f"{app}-{run_id}-{arm}-s{shard:04d}{_attempt(attempt)}"


def _attempt(attempt: int) -> str:
    return f".{attempt}" if attempt else ""


def tuning(app: str, run_id: str, arm: str, attempt: int = 0) -> str:
    """Name of the customization job and of the model that it makes. `attempt` > 0 only where the model of an earlier attempt is gone."""
    return f"{app}-{run_id}-{arm}-t{attempt}"


def deployment(app: str, run_id: str, arm: str, attempt: int = 0) -> str:
    """Name of the on-demand deployment of an arm's model. `attempt` > 0 only where an earlier one failed or was deleted."""
    return f"{app}-{run_id}-{arm}-d{attempt}"


def run_id_of(app: str, job_name: str) -> str | None:
    """The run that a job name belongs to; None for jobs of somebody else. Every name above ends in two parts after the run id."""
    own = job_name.removeprefix(f"{app}-")
    if own == job_name or own.count("-") < 2:
        return None
    return own.rsplit("-", 2)[0]


def client_token(job_name: str) -> str:
    """Idempotency token of a create call (`clientRequestToken`, 1-256 of [a-zA-Z0-9](-*[a-zA-Z0-9])*)."""
    return hashlib.sha256(job_name.encode()).hexdigest()[:48]
