"""What a deployed stack says of itself."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient


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
