"""The account's functions: AWS Lambda."""

from typing import Any


class Functions:
    """Looks at functions and at what the account may run."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def environment(self, name: str) -> dict[str, str]:
        """The environment variables of a function."""
        answer = self._client.get_function_configuration(FunctionName=name)
        return dict(answer.get("Environment", {}).get("Variables", {}))

    def concurrency(self) -> int:
        """How many functions of the account may run at once in this Region."""
        return int(self._client.get_account_settings()["AccountLimit"]["ConcurrentExecutions"])
