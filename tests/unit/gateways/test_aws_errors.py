"""AWS's codes -> the errors that the state machine knows how to wait out."""

import boto3
import pytest
from botocore import exceptions as aws
from botocore.exceptions import ClientError

from distillation.errors import QuotaFull, ThrottledByBedrock, Transient
from gateways.aws_errors import busy_is_retryable, hiccups_are_transient


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ServiceQuotaExceededException", QuotaFull),
        ("ThrottlingException", ThrottledByBedrock),
        ("InternalServerException", ThrottledByBedrock),
        ("AccessDeniedException", ClientError),
    ],
)
def test_a_full_quota_is_not_a_busy_minute(code: str, expected: type[Exception]) -> None:
    refusal = ClientError({"Error": {"Code": code, "Message": "two jobs are running"}}, "CreateModelCustomizationJob")
    with pytest.raises(expected, match="two jobs are running") as raised, busy_is_retryable("CreateJob name"):
        raise refusal
    assert type(raised.value) is expected


def said(code: str, operation: str, status: int = 400) -> ClientError:
    """botocore's error of a service's answer."""
    answer = {"Error": {"Code": code, "Message": "later"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, operation)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "hiccup",
    [
        aws.IncompleteReadError(actual_bytes=10, expected_bytes=20),
        aws.ResponseStreamingError(error="Connection broken"),
        aws.ReadTimeoutError(endpoint_url="https://s3"),
        aws.ConnectTimeoutError(endpoint_url="https://s3"),
        aws.ConnectionClosedError(endpoint_url="https://s3"),
        aws.EndpointConnectionError(endpoint_url="https://s3"),
        said("SlowDown", "PutObject", 503),
        said("InternalError", "GetObject", 500),
        said("ProvisionedThroughputExceededException", "UpdateItem"),
        said("ThrottlingException", "Query"),
        said("RequestLimitExceeded", "PutItem"),
        said("NobodyHasHeardOfIt", "GetObject", 502),
    ],
    ids=lambda hiccup: f"{type(hiccup).__name__} {getattr(hiccup, 'operation_name', '')}",
)
def test_what_passes_by_itself_is_transient(hiccup: Exception) -> None:
    with pytest.raises(Transient) as raised, hiccups_are_transient():
        raise hiccup
    assert raised.value.__cause__ is hiccup


@pytest.mark.parametrize(
    "final",
    [
        said("AccessDenied", "GetObject", 403),
        said("ConditionalCheckFailedException", "PutItem"),
        aws.NoCredentialsError(),
        ValueError("a defect"),
    ],
    ids=lambda final: type(final).__name__,
)
def test_rights_and_mistakes_are_final(final: Exception) -> None:
    with pytest.raises(type(final)) as raised, hiccups_are_transient():
        raise final
    assert raised.value is final


def test_a_client_error_that_a_service_models_is_transient_too() -> None:
    """DynamoDB's throttling comes as a class of the client's own, made at run time."""
    client = boto3.client("dynamodb", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    answer = {"Error": {"Code": "ProvisionedThroughputExceededException", "Message": "later"}}
    with pytest.raises(Transient), hiccups_are_transient():
        raise client.exceptions.ProvisionedThroughputExceededException(answer, "Query")  # type: ignore[arg-type]
