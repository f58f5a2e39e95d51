"""What Bedrock runs under a name and an ARN: jobs and deployments, found by name, looked at by ARN."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from distillation.bedrock.waiting import JobLook
from gateways.aws_errors import busy_is_retryable, unless_gone

if TYPE_CHECKING:
    from types_boto3_bedrock import BedrockClient


class Listing(NamedTuple):
    """A list operation (boto3's method name), and what its answer calls the entries, their names and ARNs."""

    operation: str
    entries: str
    name: str = "jobName"
    arn: str = "jobArn"


class NamedJobs(ABC):
    """Each operation raises ThrottledByBedrock where Bedrock is busy."""

    listing: ClassVar[Listing]
    _client: "BedrockClient"

    def find(self, name: str) -> str | None:
        """The ARN of what has exactly this name, None where there is none: Bedrock's lists only know `nameContains`."""
        operation, entries, name_key, arn_key = self.listing
        client: Any = self._client  # its types know each operation by its own name
        with busy_is_retryable(f"{operation} {name}"):
            pages = client.get_paginator(operation).paginate(nameContains=name)
            found = (entry for page in pages for entry in page.get(entries, ()) if entry[name_key] == name)
            return next((str(entry[arn_key]) for entry in found), None)

    def look(self, arn: str) -> JobLook:
        """What Bedrock says of it now; status Gone where Bedrock no longer knows it."""
        return unless_gone(lambda: self._look(arn))

    @abstractmethod
    def _look(self, arn: str) -> JobLook: ...
