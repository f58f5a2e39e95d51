"""Written reasons for the findings of cdk-nag (AwsSolutions), given where the construct is made."""

from collections.abc import Iterable
from typing import Any

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """Accept the finding `rule` (for example `AwsSolutions-S1`) on `construct` and everything in it."""
    Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=reason))


def acknowledge_wildcards(construct: IConstruct, resources: Iterable[str], reason: str) -> None:
    """Accept the IAM5 finding of each ARN in `resources` that holds a wildcard, and no other."""
    stack = Stack.of(construct)
    for finding in (_flat(stack.resolve(resource)) for resource in resources):
        if "*" in finding:
            acknowledge(construct, f"AwsSolutions-IAM5[Resource::{finding}]", reason)


def _flat(value: Any) -> str:
    """The text by which cdk-nag names a resolved ARN: `{"Fn::GetAtt": ["Bucket", "Arn"]}` is `<Bucket.Arn>`."""
    match value:
        case {"Fn::Join": [delimiter, parts]}:
            return str(delimiter).join(_flat(part) for part in parts)
        case {"Fn::GetAtt": [resource, attribute]}:
            return f"<{resource}.{attribute}>"
        case {"Ref": name}:
            return f"<{name}>"
        case _:
            return str(value)
