"""PutEvents takes events whose source starts with `aws.`.

AWS: refuses them from customers (NotAuthorizedForSourceException); Bedrock itself sends `aws.bedrock` events to the default bus (EventBridge API reference, PutEvents).
MiniStack: has no Bedrock that sends events, and refuses them like AWS. Changed: everybody may send them, because the local Bedrock is a process of its own.
"""

from typing import Any

from ministack.services import eventbridge


def apply() -> None:
    """Put the repair on."""
    stock = eventbridge._put_events

    def put_events(data: Any, allow_aws_source: bool = False) -> Any:
        return stock(data, allow_aws_source=True)

    eventbridge._put_events = put_events
