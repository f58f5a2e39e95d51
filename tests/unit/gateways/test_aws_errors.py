"""AWS's codes -> the errors that the state machine knows how to wait out."""

import pytest
from botocore.exceptions import ClientError

from distillation.errors import QuotaFull, ThrottledByBedrock
from gateways.aws_errors import busy_is_retryable


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
