"""AWS's error codes -> the domain's errors."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError

from distillation.errors import ThrottledByBedrock

BUSY_CODES = frozenset(
    {
        "ThrottlingException",
        "TooManyRequestsException",
        "ServiceQuotaExceededException",
        "ServiceUnavailableException",
        "ModelNotReadyException",
        "InternalServerException",
    }
)


def code_of(error: ClientError) -> str:
    """The error code as AWS spells it."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def busy_is_retryable(what: str) -> Iterator[None]:
    """Turns throttling, quotas and outages into ThrottledByBedrock, which the state machine retries with backoff."""
    try:
        yield
    except ClientError as error:
        if code_of(error) in BUSY_CODES:
            raise ThrottledByBedrock(f"{what}: {error}") from error
        raise
