"""What a role may do: IAM's policy simulator."""

from collections.abc import Mapping, Sequence
from typing import Any


class Permissions:
    """Asks the simulator; nothing is carried out."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def denied(self, role_arn: str, actions: Sequence[str], resource: str, context: Mapping[str, str]) -> list[str]:
        """Those of `actions` that the role may not do on `resource`. `context`: what conditions look at, as
        `aws:ResourceAccount`.
        """
        answer = self._client.simulate_principal_policy(
            PolicySourceArn=role_arn,
            ActionNames=list(actions),
            ResourceArns=[resource],
            ContextEntries=[
                {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
                for key, value in context.items()
            ],
        )
        return [r["EvalActionName"] for r in answer["EvaluationResults"] if r["EvalDecision"] != "allowed"]
