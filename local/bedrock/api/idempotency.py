"""clientRequestToken: the same token brings the same resource, never a second one."""

import json
from typing import Any

from local.bedrock.api.api_errors import conflict


class Tokens:
    """The tokens of the accepted create calls. The caller holds its own lock."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], tuple[str, str]] = {}

    def replay(self, operation: str, parameters: dict[str, Any]) -> str | None:
        """The ARN that an earlier call with this token made; None for a new token.

        Raises ConflictException where the parameters differ.
        """
        found = self._seen.get((operation, parameters.get("clientRequestToken", "")))
        if found is None:
            return None
        arn, fingerprint = found
        if fingerprint != _fingerprint(parameters):
            raise conflict(
                "The clientRequestToken was used before with other parameters. Use a new token, or the parameters of "
                "the first call."
            )
        return arn

    def remember(self, operation: str, parameters: dict[str, Any], arn: str) -> None:
        """Note what a call made."""
        token = parameters.get("clientRequestToken")
        if token:
            self._seen[(operation, token)] = (arn, _fingerprint(parameters))


def _fingerprint(parameters: dict[str, Any]) -> str:
    return json.dumps(parameters, sort_keys=True, default=str)
