"""The route table, derived from botocore's service models: which operation a method and a path mean."""

import re
from functools import cache
from typing import NamedTuple
from urllib.parse import unquote

import botocore.session
from botocore.model import OperationModel, ServiceModel

SERVICES = ("bedrock", "bedrock-runtime")


class Route(NamedTuple):
    """One operation and the pattern of its path."""

    method: str
    path: re.Pattern[str]
    labels: tuple[str, ...]
    operation: OperationModel


class Match(NamedTuple):
    """An operation and the decoded values of its path's labels, by the label's name on the wire."""

    operation: OperationModel
    labels: dict[str, str]


@cache
def service_model(service: str) -> ServiceModel:
    """botocore's model of `service`."""
    return botocore.session.get_session().get_service_model(service)


@cache
def operation_model(name: str) -> OperationModel:
    """The model of an operation, whichever of the two services has it."""
    return next(
        service_model(service).operation_model(name)
        for service in SERVICES
        if name in service_model(service).operation_names
    )


def match(method: str, raw_path: str, operations: frozenset[str]) -> Match | None:
    """The operation that a request means. `raw_path` is still percent-encoded (ARNs hold slashes).

    Only `operations` are known.
    """
    for route in _table(operations):
        found = route.path.fullmatch(raw_path) if route.method == method else None
        if found:
            return Match(route.operation, dict(zip(route.labels, map(unquote, found.groups()), strict=True)))
    return None


@cache
def _table(operations: frozenset[str]) -> tuple[Route, ...]:
    return tuple(_route(operation_model(name)) for name in sorted(operations))


def _route(operation: OperationModel) -> Route:
    uri = operation.http["requestUri"].split("?")[0]
    labels = tuple(label.rstrip("+") for label in re.findall(r"\{([^}]+)\}", uri))
    pattern = "".join("([^/]+)" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^}]+\})", uri))
    return Route(operation.http["method"], re.compile(pattern), labels, operation)
