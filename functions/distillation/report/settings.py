"""Nested settings as a list that a person can read, and what differs between several of them."""

from collections.abc import Mapping, Sequence
from typing import Any


def flat(prefix: str, settings: Any) -> list[tuple[str, str]]:
    """Pairs of a dotted name and a text; a dash stands for what is not set."""
    if not isinstance(settings, Mapping) or (prefix and not settings):
        return [(prefix, "–" if settings is None or settings == {} else str(settings))]
    return [pair for key, value in settings.items() for pair in flat(f"{prefix}.{key}" if prefix else str(key), value)]


def differing(settings: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """The names under which not all say the same, in the order of the first, with what each says."""
    found = [dict(flat("", one)) for one in settings]
    names = dict.fromkeys(name for one in found for name in one)
    said = {name: tuple(one.get(name, "–") for one in found) for name in names}
    return {name: values for name, values in said.items() if len(set(values)) > 1}
