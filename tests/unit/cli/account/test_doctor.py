"""doctor: each line from facts; what may not be read is a warning and no end."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from cli import connection
from cli.account.checks import (
    Check,
    Level,
    check_access,
    check_bootstrap,
    check_concurrency,
    check_logging,
    check_quotas,
    check_region,
    check_release,
    check_role,
)
from cli.account.doctor import _BEFORE_THE_STACK, _functions
from cli.account.draw_checks import summary
from gateways.account import quota_values
from gateways.bedrock.model_catalogue import Access
from settings import settings_from_environment
from tests.unit.cli.terminal_fake import Terminal


@pytest.mark.parametrize(
    ("check", "level", "says"),
    [
        (check_region("us-east-1"), Level.OK, ""),
        (check_region("eu-west-1"), Level.FAILURE, "--region us-east-1"),
        (check_bootstrap(None), Level.FAILURE, "npx cdk bootstrap"),
        (check_bootstrap({"BootstrapVersion": "29"}), Level.OK, ""),
        (check_release("NovaDistill", "0.2.0", "0.2.0"), Level.OK, ""),
        (check_release("NovaDistill", "0.1.0", "0.2.0"), Level.WARNING, "is of release 0.2.0: npx cdk deploy"),
        (check_access("judge", "mistral.x", Access()), Level.OK, ""),
        (check_access("judge", "us.anthropic.x", Access(("not authorized",))), Level.FAILURE, "use-case form"),
        (check_concurrency(10), Level.WARNING, "slower"),
        (check_concurrency(1_000), Level.OK, ""),
        (check_role("role of batch jobs", ["s3:PutObject"]), Level.FAILURE, "service control policy"),
        (check_logging(on=True), Level.WARNING, "who reads that log"),
    ],
)
def test_a_line_says_what_to_do(check: Check, level: Level, says: str) -> None:
    assert check.level is level
    assert says in check.advice
    assert (check.advice == "") is (level is Level.OK)


def test_quotas_are_found_by_their_codes_and_what_has_none_is_not_guessed() -> None:
    found = {"L-FE130012": 3.0, "L-89197AE6": 100_000.0, "L-9B651738": 5_000.0, "L-CB5B847D": 100.0}
    lines = {line.about: line for line in check_quotas(found, "amazon.nova-pro-v1:0")}
    assert lines["quota: batch jobs of the teacher"] == Check(
        "quota: batch jobs of the teacher",
        Level.WARNING,
        "3",
        "set batches.maxConcurrent to this number, or ask for more in Service Quotas",
    )
    assert lines["quota: records of a batch job"].found == "5,000"
    assert lines["quota: custom models"].level is Level.OK
    assert lines["quota: scheduled customization jobs"].found == "L-0406044C not listed"
    assert lines["quota: deployments of custom models"].found == "not looked up: name unknown"
    assert next(check_quotas(found, "other.teacher")).found == "not looked up: name unknown"


class Boundary:
    """A simulator under a service control policy that forbids one action."""

    def simulate_principal_policy(self, **asked: Any) -> object:
        [action] = asked["ActionNames"]
        allowed = action != "bedrock:CreateModelCustomizationJob" and asked["ContextEntries"]
        return {"EvaluationResults": [{"EvalActionName": action, "EvalDecision": "allowed" if allowed else "denied"}]}


def test_what_a_policy_above_the_roles_forbids_is_found_before_a_run_is_paid_for() -> None:
    roles = {f"Functions{name}Role1A2B": f"NovaDistill-{name}" for name in ("StartBatch", "StartTuning", "PlanPilot")}
    settings = settings_from_environment(_BEFORE_THE_STACK)
    check = _functions(Boundary(), settings, "111122223333", roles)
    assert (check.level, check.found) == (Level.FAILURE, "may not bedrock:CreateModelCustomizationJob")


class Catalogue:
    """Service Quotas with one default and one applied value."""

    def get_paginator(self, operation: str) -> "Catalogue":
        self._value = 20.0 if operation == "list_aws_default_service_quotas" else 4.0
        return self

    def paginate(self, **_: object) -> list[object]:
        return [{"Quotas": [{"QuotaCode": "L-FE130012", "QuotaName": "jobs", "Value": self._value}]}]


def test_what_is_applied_to_the_account_stands_before_the_default() -> None:
    assert quota_values(Catalogue(), "bedrock") == {"L-FE130012": 4.0}


def test_the_summary_counts_what_would_stop_a_run() -> None:
    lines = [check_region("eu-west-1"), check_concurrency(10), check_logging(on=False)]
    assert summary(lines) == "1 of 3 would stop a run; 1 to look at."


class Account:
    """Clients of an account without a stack, whose roles may not be asked about."""

    region = "us-east-1"
    on_aws = True

    def __init__(self, caller: object) -> None:
        self._caller = caller

    def client(self, service: str) -> "Account":
        return self

    def get_caller_identity(self) -> object:
        if isinstance(self._caller, Exception):
            raise self._caller
        return self._caller

    def __getattr__(self, operation: str) -> object:
        def refuse(**_: object) -> None:
            code = "ValidationError" if operation in ("describe_stacks", "get_paginator") else "AccessDeniedException"
            raise ClientError({"Error": {"Code": code, "Message": "Stack does not exist"}}, operation)

        return refuse

    def get_paginator(self, operation: str) -> "Account":
        return self

    def paginate(self, **_: object) -> object:
        raise ClientError({"Error": {"Code": "ValidationError", "Message": "Stack does not exist"}}, "List")


ANN = {"Account": "111122223333", "Arn": "arn:aws:iam::111122223333:user/ann"}
SignIn = Callable[[Account], None]


@pytest.fixture
def sign_in(monkeypatch: pytest.MonkeyPatch) -> SignIn:
    """Doctor meets this account."""
    return lambda account: monkeypatch.setattr(connection, "clients_of", lambda *_: account)


def test_an_account_without_a_stack_is_looked_up_to_its_end(terminal: Terminal, sign_in: SignIn) -> None:
    sign_in(Account(ANN))
    code, said = terminal.call("doctor")
    assert code == 1
    assert said.startswith("NovaDistill · AWS · us-east-1")
    assert "arn:aws:iam::111122223333:user/ann" in said
    assert "npx cdk bootstrap" in said and "npx cdk deploy" in said
    assert said.count("could not be read") >= 4
    assert "would stop a run" in said
    code, lines = terminal.json("doctor")
    assert code == 1 and {"failure", "warning", "ok"} >= {line["level"] for line in lines} > {"failure"}


class Closed(Account):
    """Clients of an account where nothing may be read."""

    def paginate(self, **_: object) -> object:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not authorized"}}, "List")


def test_where_the_stack_may_not_be_read_the_rest_is_still_looked_up(terminal: Terminal, sign_in: SignIn) -> None:
    sign_in(Closed(ANN))
    _, lines = terminal.json("doctor")
    [stack] = [line for line in lines if line["about"] == "stack NovaDistill"]
    assert stack["level"] == "warning" and "not authorized" in stack["found"]
    assert lines[-1]["about"] == "Lambda: functions at once"


def test_without_credentials_it_says_how_to_log_in_and_asks_nothing_else(terminal: Terminal, sign_in: SignIn) -> None:
    sign_in(Account(NoCredentialsError()))
    code, said = terminal.call("doctor")
    assert code == 1
    assert "aws configure" in said
    assert "quota" not in said
