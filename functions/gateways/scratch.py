"""What `prove` makes in an account for its own use, and removes: a queue, a rule of EventBridge, a small machine."""

import json
from typing import Any, NamedTuple

from gateways.clients import Clients


class Queue(NamedTuple):
    """A queue's URL and ARN."""

    url: str
    arn: str


class Scratch:
    """Removing what is gone is no error."""

    def __init__(self, clients: Clients) -> None:
        self._sqs, self._events = clients.client("sqs"), clients.client("events")
        self._machines = clients.client("stepfunctions")

    def make_queue(self, name: str) -> Queue:
        """A queue that EventBridge rules of this account may send to."""
        url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"StringEquals": {"aws:SourceAccount": arn.split(":")[4]}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        return Queue(url, arn)

    def take_messages(self, url: str) -> list[Any]:
        """The JSON bodies of all messages that are in the queue now; they are removed."""
        bodies: list[Any] = []
        while found := self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            for message in found:
                bodies.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return bodies

    def remove_queue(self, url: str) -> None:
        """Removes the queue."""
        try:
            self._sqs.delete_queue(QueueUrl=url)
        except self._sqs.exceptions.QueueDoesNotExist:
            return

    def copy_events(self, rule: str, pattern: dict[str, Any], queue_arn: str) -> None:
        """Makes a rule of the default bus that copies every event that fits `pattern` to the queue."""
        self._events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
        self._events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": queue_arn}])

    def remove_rule(self, rule: str) -> None:
        """Removes the rule."""
        if any(one["Name"] == rule for one in self._events.list_rules(NamePrefix=rule)["Rules"]):
            self._events.remove_targets(Rule=rule, Ids=["queue"])
            self._events.delete_rule(Name=rule)

    def make_machine(self, name: str, definition: dict[str, Any], like: str) -> str:
        """The ARN of a new machine, which runs with the role of the machine `like` (an ARN)."""
        role = self._machines.describe_state_machine(stateMachineArn=like)["roleArn"]
        made = self._machines.create_state_machine(name=name, definition=json.dumps(definition), roleArn=role)
        return str(made["stateMachineArn"])

    def start_machine(self, machine_arn: str) -> str:
        """The ARN of a new execution without input."""
        return str(self._machines.start_execution(stateMachineArn=machine_arn)["executionArn"])

    def status(self, execution_arn: str) -> str:
        """RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED."""
        return str(self._machines.describe_execution(executionArn=execution_arn)["status"])

    def history(self, execution_arn: str) -> list[dict[str, Any]]:
        """The events of a short execution, oldest first."""
        return [dict(event) for event in self._machines.get_execution_history(executionArn=execution_arn)["events"]]

    def remove_machine(self, machine_arn: str) -> None:
        """Removes the machine."""
        self._machines.delete_state_machine(stateMachineArn=machine_arn)
