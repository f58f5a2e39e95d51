"""AWS's error codes -> the domain's errors."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError

from distillation.errors import QuotaFull, ThrottledByBedrock

BUSY_CODES = frozenset(
    {
        "ThrottlingException",
        "TooManyRequestsException",
        "ServiceUnavailableException",
        "ModelNotReadyException",
        "InternalServerException",
    }
)
FULL = frozenset({"ServiceQuotaExceededException"})
"""As many jobs, models or deployments as the account may have: not over in minutes."""
GONE = frozenset({"ResourceNotFoundException"})
NOT_RUNNING = GONE | {"ConflictException", "ValidationException"}
"""What stopping a job gives that has ended already."""


def code_of(error: ClientError) -> str:
    """The error code as AWS spells it."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def busy_is_retryable(what: str) -> Iterator[None]:
    """Turns throttling and outages into ThrottledByBedrock, a full quota into QuotaFull: the state machine tries both
    again, each with its own patience.
    """
    try:
        yield
    except ClientError as error:
        if code_of(error) in FULL:
            raise QuotaFull(f"{what}: {error}") from error
        if code_of(error) in BUSY_CODES:
            raise ThrottledByBedrock(f"{what}: {error}") from error
        raise


@contextmanager
def passing_over(codes: Collection[str]) -> Iterator[None]:
    """Lets errors with one of these codes go: what was wanted is so already."""
    try:
        yield
    except ClientError as error:
        if code_of(error) not in codes:
            raise
