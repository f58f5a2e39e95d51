"""State machines as such: AWS Step Functions. Executions of the app's own machine are in `gateways.executions`."""

import json
from typing import Any


class Machines:
    """Makes, runs and removes a small machine."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def role_of(self, machine_arn: str) -> str:
        """The role that a machine runs with."""
        return str(self._client.describe_state_machine(stateMachineArn=machine_arn)["roleArn"])

    def make(self, name: str, definition: dict[str, Any], role_arn: str) -> str:
        """A new machine's ARN."""
        answer = self._client.create_state_machine(name=name, definition=json.dumps(definition), roleArn=role_arn)
        return str(answer["stateMachineArn"])

    def start(self, machine_arn: str) -> str:
        """The ARN of a new execution without input."""
        return str(self._client.start_execution(stateMachineArn=machine_arn)["executionArn"])

    def status(self, execution_arn: str) -> str:
        """RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED."""
        return str(self._client.describe_execution(executionArn=execution_arn)["status"])

    def history(self, execution_arn: str) -> list[dict[str, Any]]:
        """The events of a short execution, oldest first."""
        return [dict(event) for event in self._client.get_execution_history(executionArn=execution_arn)["events"]]

    def delete(self, machine_arn: str) -> None:
        """Removes a machine; one that is gone is no error."""
        self._client.delete_state_machine(stateMachineArn=machine_arn)
