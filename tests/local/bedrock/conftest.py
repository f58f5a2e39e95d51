"""A local Bedrock and its emulator as real processes, shared by all tests here."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.bedrock.aws import EventQueue, Jobs, LocalAws
from tests.local.bedrock.processes import free_port, interpreter, running, running_bedrock

_TRUST = {"Effect": "Allow", "Principal": {"Service": "bedrock.amazonaws.com"}, "Action": "sts:AssumeRole"}


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pair's home folder."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def emulator_url(home: Path) -> Iterator[str]:
    """A running emulator."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [interpreter("emulator"), "-m", "local.emulator", "--port", str(port), "--home", str(home)]
    with running(command, f"{url}/_ministack/health", home / "emulator.log"):
        yield url


@pytest.fixture(scope="session")
def local_aws(emulator_url: str, home: Path) -> Iterator[LocalAws]:
    """A running pair with a bucket, a role that Bedrock may assume, and one that it may not."""
    with running_bedrock(emulator_url, home) as url:
        aws = LocalAws(url, emulator_url)
        aws.client("s3").create_bucket(Bucket="data")
        for name, statement in (
            ("bedrock-jobs", _TRUST),
            ("lambda-only", {**_TRUST, "Principal": {"Service": "lambda.amazonaws.com"}}),
        ):
            policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=policy)
        aws.client("iam").create_role(
            RoleName="poor", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [_TRUST]})
        )
        poor = {"Effect": "Allow", "Action": ["s3:Get*", "bedrock:InvokeModel"], "Resource": "*"}
        aws.client("iam").put_role_policy(
            RoleName="poor", PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [poor]})
        )
        yield aws


@pytest.fixture
def aws(local_aws: LocalAws) -> Iterator[LocalAws]:
    """The pair, without faults before and after."""
    local_aws.control("DELETE", "faults")
    yield local_aws
    local_aws.control("DELETE", "faults")


@pytest.fixture
def jobs(aws: LocalAws) -> Jobs:
    """Short forms over the pair."""
    return Jobs(aws)


@pytest.fixture
def event_queue(aws: LocalAws) -> EventQueue:
    """A queue behind a rule for aws.bedrock."""
    return EventQueue(aws)
