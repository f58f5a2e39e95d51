"""Where AWS clients are made: one patience for all."""

from typing import Any

import boto3
from botocore.config import Config

PATIENT = Config(retries={"mode": "adaptive", "max_attempts": 8}, read_timeout=300, max_pool_connections=32)
"""Adaptive: the client slows down to the rate that the quota allows (botocore retries guide)."""

ONE_TRY = Config(retries={"mode": "standard", "total_max_attempts": 1}, read_timeout=80, max_pool_connections=32)
"""For who slows down by itself (`distillation.inference.adaptive_limit`) and so has to see each throttling.

A call that is under way when a turn's time is up has to end within the reserve (`application.converse.RESERVE_MS`).
"""


def client(service: str, config: Config = PATIENT) -> Any:
    """A client of a service, as boto3 names it."""
    return boto3.client(service, config=config)  # type: ignore[call-overload]


def table(name: str) -> Any:
    """A DynamoDB table as a resource."""
    return boto3.resource("dynamodb", config=PATIENT).Table(name)
