"""AWS's errors -> the domain's errors, and what kind of trouble they are."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from enum import StrEnum
from http import HTTPStatus

from botocore import exceptions as aws
from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError

from distillation.bedrock.job_status import GONE_STATUS
from distillation.bedrock.waiting import GONE_MESSAGE, JobLook
from distillation.errors import QuotaFull, ThrottledByBedrock, Transient

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
HICCUPS = BUSY_CODES | {
    "SlowDown",
    "InternalError",
    "ServiceUnavailable",
    "RequestTimeout",
    "RequestTimeoutException",
    "InternalServerError",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "Throttling",
}
"""What S3 (error responses), DynamoDB (programming errors) and others say when the same call works a little later."""
NETWORK = (HTTPClientError, aws.ConnectionError)
"""A connection that broke, and one that never came about: botocore gives them no common class."""
GONE = frozenset({"ResourceNotFoundException"})
IN_USE = frozenset({"ConflictException"})
"""What deleting gives while something is being made, moved or still uses it."""
NOT_RUNNING = GONE | {"ConflictException", "ValidationException"}
"""What stopping a job that has already ended gives."""
_LOGIN_CODES = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "SignatureDoesNotMatch",
        "InvalidAccessKeyId",
    }
)
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})


class Trouble(StrEnum):
    """What kind of trouble an error of boto3 is, for the command that tells a person."""

    CREDENTIALS = "no usable credentials"
    LOGIN = "credentials that AWS does not accept"
    PROFILE = "no such profile"
    CERTIFICATE = "a certificate that is not accepted"
    UNREACHABLE = "an endpoint that cannot be reached"
    SDK = "the SDK's own configuration"
    DENIED = "missing rights"
    REFUSED = "another refusal of AWS"


_TROUBLES: tuple[tuple[Trouble, tuple[type[Exception], ...]], ...] = (
    (
        Trouble.CREDENTIALS,
        (
            aws.NoCredentialsError,
            aws.PartialCredentialsError,
            aws.CredentialRetrievalError,
            aws.TokenRetrievalError,
            aws.UnauthorizedSSOTokenError,
            aws.SSOTokenLoadError,
        ),
    ),
    (Trouble.PROFILE, (aws.ProfileNotFound,)),
    (Trouble.CERTIFICATE, (aws.SSLError,)),
    (
        Trouble.UNREACHABLE,
        (
            aws.EndpointConnectionError,
            aws.ConnectTimeoutError,
            aws.ConnectionClosedError,
            aws.ReadTimeoutError,
            aws.ProxyConnectionError,
        ),
    ),
    (Trouble.SDK, (aws.BotoCoreError,)),
)


def aws_trouble(error: Exception) -> Trouble | None:
    """The kind of an error of boto3's, None for all others."""
    if isinstance(error, ClientError):
        code = code_of(error)
        return Trouble.LOGIN if code in _LOGIN_CODES else Trouble.DENIED if code in DENIED else Trouble.REFUSED
    return next((trouble for trouble, kinds in _TROUBLES if isinstance(error, kinds)), None)


def passes_by_itself(error: Exception) -> bool:
    """Whether asking again may help: it does for the network and AWS's own hiccups, not for rights or a mistake of
    ours.
    """
    if isinstance(error, ClientError):
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        return status >= 500 or "Throttl" in code_of(error)
    return isinstance(error, ThrottledByBedrock) or aws_trouble(error) is Trouble.UNREACHABLE


def code_of(error: ClientError) -> str:
    """The error code as AWS spells it."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def busy_is_retryable(what: str, also: Collection[str] = ()) -> Iterator[None]:
    """Turns throttling, outages and the codes of `also` into ThrottledByBedrock, a full quota into QuotaFull. The state
    machine tries both again.
    """
    try:
        yield
    except ClientError as error:
        if code_of(error) in FULL:
            raise QuotaFull(f"{what}: {error}") from error
        if code_of(error) in BUSY_CODES or code_of(error) in also:
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


@contextmanager
def hiccups_are_transient() -> Iterator[None]:
    """Turns what passes by itself and no gateway has named into Transient: a service that was busy through all retries,
    a connection that broke, or a body, for which botocore does not ask again.
    """
    try:
        yield
    except (*NETWORK, IncompleteReadError) as error:
        raise Transient(f"{type(error).__name__}: {error}") from error
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code_of(error) in HICCUPS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Transient(str(error)) from error
        raise


def unless_gone(look: Callable[[], JobLook]) -> JobLook:
    """What `look` sees, status Gone where Bedrock no longer knows the job."""
    try:
        return look()
    except ClientError as error:
        if code_of(error) in GONE:
            return JobLook(status=GONE_STATUS, message=GONE_MESSAGE)
        raise
