"""Finding something of Bedrock's by its exact name: Bedrock's lists only know `nameContains`."""

from typing import Any

from gateways.aws_errors import busy_is_retryable


def arn_by_name(client: Any, operation: str, name: str, *, summaries: str, name_key: str, arn_key: str) -> str | None:
    """The ARN of the entry called exactly `name` in the pages of a list operation (boto3's method name), None where
    there is none.

    Raises:
        ThrottledByBedrock: Bedrock is busy.
    """
    with busy_is_retryable(f"{operation} {name}"):
        pages = client.get_paginator(operation).paginate(nameContains=name)
        return next(
            (str(entry[arn_key]) for page in pages for entry in page.get(summaries, ()) if entry[name_key] == name),
            None,
        )
