"""Queues: Amazon SQS."""

import json
from typing import Any, NamedTuple


class Queue(NamedTuple):
    """A queue's URL and ARN."""

    url: str
    arn: str


class Queues:
    """Makes, reads and removes queues."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def make(self, name: str) -> Queue:
        """A queue that EventBridge rules of this account may send to."""
        url = self._client.create_queue(QueueName=name)["QueueUrl"]
        arn = self._client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"StringEquals": {"aws:SourceAccount": arn.split(":")[4]}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._client.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        return Queue(url, arn)

    def take_all(self, url: str) -> list[Any]:
        """The JSON bodies of all messages that are there now; they are removed."""
        bodies: list[Any] = []
        while found := self._client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            for message in found:
                bodies.append(json.loads(message["Body"]))
                self._client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return bodies

    def delete(self, url: str) -> None:
        """Removes the queue; one that is gone is no error."""
        try:
            self._client.delete_queue(QueueUrl=url)
        except self._client.exceptions.QueueDoesNotExist:
            return
