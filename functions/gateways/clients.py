"""Where AWS clients are made: one session, one patience."""

from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config

PATIENT = Config(retries={"mode": "adaptive", "max_attempts": 8}, read_timeout=300, max_pool_connections=32)
"""Adaptive: the client slows down to the rate that the quota allows (botocore retries guide)."""

ONE_TRY = Config(retries={"mode": "standard", "total_max_attempts": 1}, read_timeout=80, max_pool_connections=32)
"""For who slows down by itself (`distillation.inference.adaptive_limit`) and so has to see each throttling. A call must
end within the reserve of a turn (`application.converse.RESERVE_MS`).
"""

BRIEF = Config(
    retries={"mode": "standard", "max_attempts": 4}, connect_timeout=5, read_timeout=60, max_pool_connections=32
)
"""For a person who waits: an endpoint that cannot be reached is said within seconds."""

HOME = "us-east-1"
"""The only Region where Nova Micro can be fine-tuned."""


class Clients:
    """Clients of the Region given, or the profile's, or HOME. `patience` is for every client that asks for none."""

    def __init__(self, region: str | None = None, profile: str | None = None, patience: Config = PATIENT) -> None:
        session = boto3.Session(region_name=region, profile_name=profile)
        self._session = session if session.region_name else boto3.Session(region_name=HOME, profile_name=profile)
        self._patience = patience

    @property
    def region(self) -> str:
        """Where the clients ask."""
        return str(self._session.region_name)

    @property
    def on_aws(self) -> bool:
        """False where the clients are pointed at another endpoint."""
        return "amazonaws.com" in self.client("sts").meta.endpoint_url

    def on_answer(self, hear: Callable[[str, dict[str, Any]], None]) -> None:
        """`hear` gets the operation's name and Bedrock's answer, errors too, of every call of later clients."""

        def heard(parsed: dict[str, Any], model: Any, **_: object) -> None:
            hear(str(model.name), parsed)

        for service in ("bedrock", "bedrock-runtime"):
            self._session.events.register(f"after-call.{service}", heard)

    def client(self, service: str, config: Config | None = None) -> Any:
        """A client of a service, as boto3 names it."""
        return self._session.client(service, config=config or self._patience)  # type: ignore[call-overload]

    def table(self, name: str) -> Any:
        """A DynamoDB table as a resource."""
        return self._session.resource("dynamodb", config=self._patience).Table(name)
