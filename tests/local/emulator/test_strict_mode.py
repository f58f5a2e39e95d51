"""The TLS mode: HTTPS on its own port only, and roles that are enforced."""

import json

import psutil

from local import processes
from tests.local.emulator.aws import Aws, unique

READ_PARAMETER = """
    import boto3
    def handler(event, context):
        try:
            return boto3.client("ssm").get_parameter(Name="/nova-distill/reviews/student")["Parameter"]["Value"]
        except Exception as error:
            return error.response["Error"]["Code"]
"""
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
GRANT = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": "arn:aws:ssm:*:*:parameter/nova-distill/*"}
    ],
}


def test_it_listens_on_its_own_port_only(strict_aws: Aws) -> None:
    emulator = processes.find(strict_aws.home, "emulator")
    assert emulator is not None
    listening = [
        connection.laddr for connection in emulator.net_connections() if connection.status == psutil.CONN_LISTEN
    ]
    assert [f"https://{address.ip}:{address.port}" for address in listening] == [strict_aws.url]


def test_a_role_grants_what_it_says_and_nothing_else(strict_aws: Aws) -> None:
    strict_aws.ssm.put_parameter(Name="/nova-distill/reviews/student", Value="arn", Type="String")
    role = unique("role")
    arn = strict_aws.iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    function = strict_aws.function(READ_PARAMETER, Role=arn)
    assert _call(strict_aws, function) == "AccessDeniedException"
    strict_aws.iam.put_role_policy(RoleName=role, PolicyName="grant", PolicyDocument=json.dumps(GRANT))
    assert _call(strict_aws, function) == "arn"


def test_the_simulator_sees_the_tags_that_it_is_told_of(strict_aws: Aws) -> None:
    role = unique("role")
    arn = strict_aws.iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    ours = {"StringEquals": {"aws:ResourceTag/app": "ours"}}
    grant = {"Effect": "Allow", "Action": "bedrock:DeleteCustomModel", "Resource": "*", "Condition": ours}
    strict_aws.iam.put_role_policy(
        RoleName=role, PolicyName="p", PolicyDocument=json.dumps(GRANT | {"Statement": grant})
    )
    assert [_simulated(strict_aws, arn, app) for app in ("ours", "theirs", None)] == [
        "allowed",
        "implicitDeny",
        "implicitDeny",
    ]


def _simulated(aws: Aws, role: str, app: str | None) -> str:
    tag = {"ContextKeyName": "aws:ResourceTag/app", "ContextKeyValues": [app], "ContextKeyType": "string"}
    answer = aws.iam.simulate_principal_policy(
        PolicySourceArn=role, ActionNames=["bedrock:DeleteCustomModel"], ContextEntries=[tag] if app else []
    )
    return str(answer["EvaluationResults"][0]["EvalDecision"])


def _call(aws: Aws, function: str) -> object:
    return json.loads(aws.lambda_.invoke(FunctionName=function, Payload=b"{}")["Payload"].read())
