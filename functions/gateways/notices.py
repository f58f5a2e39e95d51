"""Messages to the people who follow the runs."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_sns import SNSClient

SUBJECT_MAX, MESSAGE_MAX = 99, 8000
"""SNS takes subjects of less than 100 characters (Publish, API reference); nobody reads a longer mail."""


class Notices:
    """The topic of runs' ends and alarms."""

    def __init__(self, client: "SNSClient", topic_arn: str) -> None:
        self._client = client
        self._topic = topic_arn

    def send(self, subject: str, message: str) -> None:
        """Sends a message, cut to what the topic takes."""
        self._client.publish(TopicArn=self._topic, Subject=subject[:SUBJECT_MAX], Message=message[:MESSAGE_MAX])
