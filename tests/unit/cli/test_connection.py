"""Finding the deployed app, and AWS's errors in plain words."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore import exceptions
from botocore.stub import Stubber

from application.services import Services
from cli.advice import in_plain_words
from cli.connection import connect
from cli.errors import CommandError
from distillation.errors import InvalidInput, ThrottledByBedrock
from gateways.aws_errors import passes_by_itself

OUTPUTS = {
    "BucketName": "bucket",
    "StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:NovaDistill",
    "LedgerTableName": "ledger",
    "AppName": "other",
}


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Stubber], None]], Services]:
    """Connects; the clients are botocore's own and reach nothing, CloudFormation's is answered by a stub."""

    def connected(prepare: Callable[[Stubber], None]) -> Services:
        session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1")
        client = session.client("cloudformation")
        stub = Stubber(client)
        prepare(stub)
        stub.activate()
        make = session.client
        monkeypatch.setattr(
            session, "client", lambda name, **more: client if name == "cloudformation" else make(name, **more)
        )
        monkeypatch.setattr(boto3, "Session", lambda **_: session)
        return connect("NovaDistill", None, None)

    return connected


def stack(outputs: dict[str, str]) -> dict[str, Any]:
    listed = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
    at = datetime(2026, 1, 2, tzinfo=UTC)
    return {
        "Stacks": [
            {"StackName": "NovaDistill", "CreationTime": at, "StackStatus": "CREATE_COMPLETE", "Outputs": listed}
        ]
    }


def test_the_stack_names_bucket_machine_ledger_and_app(answered: Any) -> None:
    services = answered(lambda stub: stub.add_response("describe_stacks", stack(OUTPUTS), {"StackName": "NovaDistill"}))
    known = services.settings
    assert (known.bucket, known.ledger_table, known.app) == ("bucket", "ledger", "other")
    assert services.executions.arn_of("x") == OUTPUTS["StateMachineArn"].replace("stateMachine", "execution") + ":x"
    assert services.executions.on_aws


@pytest.mark.parametrize(("more", "seconds"), [({}, 120), ({"RetireAgainSeconds": "1"}, 1)])
def test_a_second_look_follows_as_soon_as_the_deployment_says(
    answered: Any, more: dict[str, str], seconds: float
) -> None:
    services = answered(
        lambda stub: stub.add_response("describe_stacks", stack(OUTPUTS | more), {"StackName": "NovaDistill"})
    )
    assert services.settings.retire_again_seconds == seconds


def test_what_an_estimate_reckons_with_is_the_deployments_own(answered: Any) -> None:
    own = {"TeacherModelId": "t", "StudentModelId": "s", "JudgeModelId": "j", "MaxUsdPerRun": "5"}
    own |= {"TeacherRequestsPerMinute": "7", "TeacherTokensPerMinute": "8.5"}
    services = answered(
        lambda stub: stub.add_response("describe_stacks", stack(OUTPUTS | own), {"StackName": "NovaDistill"})
    )
    known = services.settings
    assert (known.teacher_model_id, known.student_model_id, known.judge_invoke_id) == ("t", "s", "j")
    assert (known.rate, known.bounds.max_usd_per_run) == ((7, 8.5), 5)


def test_no_stack(answered: Any) -> None:
    def prepare(stub: Stubber) -> None:
        stub.add_client_error("describe_stacks", "ValidationError", "Stack with id NovaDistill does not exist")

    with pytest.raises(CommandError, match="no stack NovaDistill in us-east-1") as raised:
        answered(prepare)
    assert "--region" in raised.value.next_step


def test_a_stack_of_another_kind(answered: Any) -> None:
    with pytest.raises(CommandError, match="no output StateMachineArn, LedgerTableName"):
        answered(lambda stub: stub.add_response("describe_stacks", stack({"BucketName": "b"})))


def test_other_refusals_of_cloudformation_are_not_taken_for_a_missing_stack(answered: Any) -> None:
    with pytest.raises(exceptions.ClientError, match="AccessDenied"):
        answered(lambda stub: stub.add_client_error("describe_stacks", "AccessDenied", "no"))


# errors in plain words


def refusal(code: str, status: int = 400) -> exceptions.ClientError:
    return exceptions.ClientError(
        {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Query"
    )  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("error", "says", "advice"),
    [
        (exceptions.NoCredentialsError(), "no usable AWS credentials", "Log in"),
        (exceptions.ProfileNotFound(profile="p"), "p", "--profile"),
        (InvalidInput("no such thing", []), "no such thing", ""),
        (
            exceptions.EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
            "http://127.0.0.1:1",
            "AWS_ENDPOINT_URL",
        ),
        (exceptions.SSLError(endpoint_url="https://x", error="bad"), "certificate", "AWS_CA_BUNDLE"),
        (refusal("ExpiredTokenException"), "did not accept the credentials", "Log in"),
        (refusal("AccessDenied", 403), "may not do this", "role"),
        (refusal("Strange"), "Strange", ""),
        (exceptions.InvalidRegionError(region_name="mars!"), "mars!", "configuration"),
        (PermissionError(13, "Permission denied", "/x"), "/x", "rights"),
    ],
)
def test_errors_in_plain_words(error: Exception, says: str, advice: str) -> None:
    told = in_plain_words(error)
    assert says in told.message and advice in told.next_step


@pytest.mark.parametrize("error", [ValueError("x"), BrokenPipeError()])
def test_what_is_nobodys_but_ours_stays_as_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as raised:
        in_plain_words(error)
    assert raised.value is error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (refusal("ThrottlingException"), True),
        (refusal("InternalError", 500), True),
        (ThrottledByBedrock("busy"), True),
        (refusal("AccessDenied", 403), False),
        (exceptions.ReadTimeoutError(endpoint_url="x"), True),
        (exceptions.NoCredentialsError(), False),
        (ValueError(), False),
    ],
)
def test_what_passes_by_itself(error: Exception, expected: bool) -> None:
    assert passes_by_itself(error) is expected
