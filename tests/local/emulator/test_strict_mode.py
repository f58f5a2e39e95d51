"""The TLS mode: HTTPS on its own port only, and roles that are enforced."""

import json
from collections.abc import Iterator

import psutil
import pytest

from local import lifecycle, processes
from local.instance import Instance
from tests.local.emulator.aws import Aws, unique, zipped, wait_for

LIST_PARAMETERS = """
    import boto3
    def handler(event, context):
        try:
            return boto3.client("ssm").get_parameter(Name="/nova-distill/reviews/student")["Parameter"]["Value"]
        except Exception as error:
            return type(error).__name__ + " " + error.response["Error"]["Code"]
"""
TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
GRANT = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": "arn:aws:ssm:*:*:parameter/nova-distill/*"}]}


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A running instance in TLS mode, as `python -m local up --tls` starts it."""
    home = tmp_path_factory.mktemp("strict")
    instance = lifecycle.up(home, tls=True, with_bedrock=False)
    yield instance
    lifecycle.down(home)


def test_it_listens_on_its_own_port_only(strict: Instance) -> None:
    listening = [c.laddr for c in psutil.Process(strict.emulator_pid).net_connections() if c.status == psutil.CONN_LISTEN]
    assert [(address.ip, f"https://127.0.0.1:{address.port}") for address in listening] == [("127.0.0.1", strict.emulator_url)]


def test_a_role_grants_what_it_says_and_nothing_else(strict: Instance) -> None:
    aws = Aws(strict.emulator_url, verify=strict.ca_bundle)
    aws.ssm.put_parameter(Name="/nova-distill/reviews/student", Value="arn", Type="String")
    role = unique("role")
    arn = aws.iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    function = aws.function(LIST_PARAMETERS, Role=arn)
    assert _call(aws, function) == "ClientError AccessDeniedException"
    aws.iam.put_role_policy(RoleName=role, PolicyName="grant", PolicyDocument=json.dumps(GRANT))
    assert _call(aws, function) == "arn"


def _call(aws: Aws, function: str) -> str:
    return str(json.loads(aws.lambda_.invoke(FunctionName=function, Payload=b"{}")["Payload"].read()))
