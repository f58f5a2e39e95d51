"""What an account and a stack in it say of themselves: STS, Lambda, Service Quotas, IAM's simulator, CloudFormation."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient


class Caller(NamedTuple):
    """An account number and the ARN of a user or role."""

    account: str
    arn: str


def caller_of(sts: Any) -> Caller:
    """Whom the credentials in use belong to. Every credential may ask this."""
    answer = sts.get_caller_identity()
    return Caller(answer["Account"], answer["Arn"])


def function_environment(functions: Any, name: str) -> dict[str, str]:
    """The environment variables of a Lambda function."""
    return dict(functions.get_function_configuration(FunctionName=name).get("Environment", {}).get("Variables", {}))


def functions_at_once(functions: Any) -> int:
    """How many Lambda functions of the account may run at once in this Region."""
    return int(functions.get_account_settings()["AccountLimit"]["ConcurrentExecutions"])


def quota_values(quotas: Any, service: str) -> dict[str, float]:
    """Code (`L-...`) -> value of each quota of a service (`bedrock`). Applied before default."""
    found: dict[str, float] = {}
    for operation in ("list_aws_default_service_quotas", "list_service_quotas"):
        for page in quotas.get_paginator(operation).paginate(ServiceCode=service):
            found |= {quota["QuotaCode"]: quota["Value"] for quota in page["Quotas"] if "Value" in quota}
    return found


def denied_actions(
    iam: Any, role_arn: str, actions: Sequence[str], resource: str, context: Mapping[str, str]
) -> list[str]:
    """Those of `actions` that the role may not do on `resource`, by IAM's simulator: nothing is carried out. `context`:
    what conditions look at, as `aws:ResourceAccount`.
    """
    answer = iam.simulate_principal_policy(
        PolicySourceArn=role_arn,
        ActionNames=list(actions),
        ResourceArns=[resource],
        ContextEntries=[
            {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
            for key, value in context.items()
        ],
    )
    return [r["EvalActionName"] for r in answer["EvaluationResults"] if r["EvalDecision"] != "allowed"]


def stack_outputs(client: "CloudFormationClient", stack: str) -> dict[str, str] | None:
    """The outputs by name; None where there is no such stack."""
    try:
        described = client.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        # CloudFormation has no error code of its own for it.
        if "does not exist" not in str(error):
            raise
        return None
    return {output["OutputKey"]: output["OutputValue"] for output in described[0].get("Outputs", [])}


def stack_resources(client: "CloudFormationClient", stack: str, kind: str) -> dict[str, str]:
    """Logical id -> physical id of the resources of a type; empty where there is no such stack."""
    try:
        pages = list(client.get_paginator("list_stack_resources").paginate(StackName=stack))
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        return {}
    found = (one for page in pages for one in page["StackResourceSummaries"] if one["ResourceType"] == kind)
    return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found}
