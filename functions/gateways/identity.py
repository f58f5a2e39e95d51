"""Who calls: AWS Security Token Service."""

from typing import Any, NamedTuple


class Caller(NamedTuple):
    """An account number and the ARN of a user or role."""

    account: str
    arn: str


class Identity:
    """Asks who the credentials belong to."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def caller(self) -> Caller:
        """Account and ARN of the credentials in use. Every credential may ask this."""
        answer = self._client.get_caller_identity()
        return Caller(answer["Account"], answer["Arn"])
