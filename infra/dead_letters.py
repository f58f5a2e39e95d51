"""Where messages go that could not be worked on."""

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.nag import acknowledge


def dead_letter_queue(scope: Construct, of: str) -> sqs.Queue:
    """An encrypted, TLS-only queue that keeps what failed for 14 days. `of`: whose dead letters it holds."""
    queue = sqs.Queue(
        scope,
        "DeadLetters",
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=Duration.days(14),
    )
    why = f"This is the dead-letter queue of {of}; an alarm watches its length."
    acknowledge(queue, "AwsSolutions-SQS3", why)
    return queue
