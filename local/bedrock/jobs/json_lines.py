"""Lines of the files that jobs read."""

import json
from typing import Any


def json_object(line: str) -> dict[str, Any]:
    """A line's object. Raises ValueError, whose text goes on after the name of the line."""
    try:
        found = json.loads(line)
    except ValueError as error:
        raise ValueError("is not valid JSON") from error
    if not isinstance(found, dict):
        raise ValueError("is not a JSON object")
    return found
