"""botocore's errors in plain words, each with what to do next."""

from botocore import exceptions as aws

from cli.errors import CommandError

_CREDENTIALS = (
    aws.NoCredentialsError,
    aws.PartialCredentialsError,
    aws.CredentialRetrievalError,
    aws.TokenRetrievalError,
    aws.UnauthorizedSSOTokenError,
    aws.SSOTokenLoadError,
)
_UNREACHABLE = (
    aws.EndpointConnectionError,
    aws.ConnectTimeoutError,
    aws.ConnectionClosedError,
    aws.ReadTimeoutError,
    aws.ProxyConnectionError,
)
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
_DENIED_CODES = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_LOG_IN = "Log in (`aws configure`, `aws sso login`), or set AWS_PROFILE or --profile."


def in_plain_words(error: Exception) -> CommandError | None:
    """None for an error that is neither AWS's nor the file system's: that one is a defect and keeps its traceback."""
    if isinstance(error, aws.ClientError):
        return _refused(error)
    if isinstance(error, aws.BotoCoreError):
        return _not_reached(error)
    if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
        return CommandError(f"{error}", "Check the path, the rights on it and the space on the disk.")
    return None


def _not_reached(error: aws.BotoCoreError) -> CommandError:
    if isinstance(error, _CREDENTIALS):
        return CommandError(f"There are no usable AWS credentials: {error}.", _LOG_IN)
    if isinstance(error, aws.ProfileNotFound):
        return CommandError(
            f"{error}.", "Use a profile that ~/.aws/config names, or drop --profile and unset AWS_PROFILE."
        )
    if isinstance(error, aws.SSLError):
        return CommandError(
            f"The certificate of the endpoint was not accepted: {error}.",
            "AWS_CA_BUNDLE names the file of the authority that signed it.",
        )
    if isinstance(error, _UNREACHABLE):
        return CommandError(
            f"{error}",
            "Check the network and the Region. If AWS_ENDPOINT_URL is set, check that what it points at is running.",
        )
    return CommandError(f"AWS could not be called: {error}", "Check the configuration of the AWS SDK on this machine.")


def _refused(error: aws.ClientError) -> CommandError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    if code in _LOGIN_CODES:
        return CommandError(f"AWS did not accept the credentials: {error}.", _LOG_IN)
    if code in _DENIED_CODES:
        return CommandError(
            f"The credentials may not do this: {error}.",
            "Use a role that may read the stack, its bucket, its ledger and its state machine.",
        )
    return CommandError(f"AWS refused {error.operation_name}: {error}.", "")


def passes_by_itself(error: Exception) -> bool:
    """Whether it is worth to ask again: the network and AWS's own hiccups, but neither rights nor a mistake of ours."""
    if isinstance(error, aws.ClientError):
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        return status >= 500 or "Throttl" in str(error.response.get("Error", {}).get("Code", ""))
    return isinstance(error, _UNREACHABLE)
