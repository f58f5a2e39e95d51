"""PutEvents takes events whose source starts with `aws.`.

AWS: refuses them from customers (EventBridge API reference, PutEvents: NotAuthorizedForSourceException), but Bedrock
sends `aws.bedrock` events itself.
MiniStack: has no Bedrock that sends events, and refuses them like AWS.
Changed: everybody may send them, because the local Bedrock is a process of its own.
"""

from typing import Any

from ministack.services import eventbridge


def apply() -> None:
    """Put the repair on."""
    stock = eventbridge._put_events

    def put_events(data: Any, allow_aws_source: bool = False) -> Any:
        return stock(data, allow_aws_source=True)

    eventbridge._put_events = put_events
