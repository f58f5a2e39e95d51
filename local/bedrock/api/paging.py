"""The common form of the list operations: filters by time and name, order, pages."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from local.bedrock.api.api_errors import invalid

_PAGE = 100


class Listed(NamedTuple):
    """A resource in a list: when it was made, its name, its status, and its summary as the API shows it."""

    created: datetime
    name: str
    status: str
    summary: dict[str, Any]


class Filters(NamedTuple):
    """The names that an operation gives to the common filters, and the most entries that it puts on a page."""

    after: str
    before: str
    status: str = "statusEquals"
    largest_page: int = 1000


def page(items: Sequence[Listed], parameters: dict[str, Any], key: str, filters: Filters) -> dict[str, Any]:
    """A page of `items` under `key`."""
    wanted = [item for item in items if _passes(item, parameters, filters)]
    wanted.sort(key=lambda item: item.created, reverse=parameters.get("sortOrder", "Descending") == "Descending")
    start, size = _offset(parameters.get("nextToken")), min(parameters.get("maxResults", _PAGE), filters.largest_page)
    more = (
        {"nextToken": base64.urlsafe_b64encode(str(start + size).encode()).decode()}
        if start + size < len(wanted)
        else {}
    )
    return {key: [item.summary for item in wanted[start : start + size]], **more}


def _passes(item: Listed, parameters: dict[str, Any], filters: Filters) -> bool:
    checks: dict[str, Callable[[Any], bool]] = {
        filters.after: lambda moment: item.created > moment,
        filters.before: lambda moment: item.created < moment,
        filters.status: lambda wanted: item.status == wanted,
        "nameContains": lambda part: part in item.name,
    }
    return all(check(parameters[name]) for name, check in checks.items() if name in parameters)


def _offset(token: str | None) -> int:
    try:
        return int(base64.urlsafe_b64decode(token)) if token else 0
    except (binascii.Error, ValueError) as error:
        raise invalid("The nextToken is not one of this operation.") from error
