"""Rules of the default event bus: Amazon EventBridge."""

import json
from typing import Any


class Events:
    """Makes and removes a rule that copies events to a queue."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def copy_to_queue(self, rule: str, pattern: dict[str, Any], queue_arn: str) -> str:
        """Copies every event that fits `pattern` to the queue, and gives the rule's ARN."""
        arn = str(self._client.put_rule(Name=rule, EventPattern=json.dumps(pattern))["RuleArn"])
        self._client.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": queue_arn}])
        return arn

    def stop(self, rule: str) -> None:
        """Removes the rule; one that is gone is no error."""
        if any(one["Name"] == rule for one in self._client.list_rules(NamePrefix=rule)["Rules"]):
            self._client.remove_targets(Rule=rule, Ids=["queue"])
            self._client.delete_rule(Name=rule)
