"""The policy simulator looks at the context that it is given.

AWS: SimulatePrincipalPolicy evaluates conditions against ContextEntries (IAM API reference). MiniStack: evaluates them
without, so a right that hangs on a tag is always denied. Changed: a key that is given has its first value.
"""

from contextvars import ContextVar
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import iam

_given: ContextVar[dict[str, str] | None] = ContextVar("given", default=None)


def apply() -> None:
    """Put the repair on."""
    resolve, parse, simulate = (
        iam_evaluator._resolve_condition_key,
        iam._extract_simulate_params,
        iam._build_simulate_results_real,
    )

    def with_given(key: str, context: Any) -> Any:
        return (_given.get() or {}).get(key.lower()) or resolve(key, context)

    def parse_all(parameters: dict[str, Any]) -> Any:
        _given.set(_entries(parameters))
        return parse(parameters)

    def simulate_once(*arguments: Any) -> Any:
        try:
            return simulate(*arguments)
        finally:
            _given.set(None)

    iam_evaluator._resolve_condition_key = with_given
    iam._extract_simulate_params, iam._build_simulate_results_real = parse_all, simulate_once


def _entries(parameters: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    while name := iam._p(parameters, (entry := f"ContextEntries.member.{len(found) + 1}.") + "ContextKeyName"):
        found[name.lower()] = iam._p(parameters, entry + "ContextKeyValues.member.1")
    return found
