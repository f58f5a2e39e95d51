"""From an upload to a run: S3 object -> EventBridge rule -> queue that waits -> `start_run`."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.dead_letters import dead_letter_queue

SEED_FILES = ("jsonl", "csv", "jsonl.gz", "csv.gz")
_ATTEMPTS = 5
_BATCH = 10


class SeedTrigger(Construct):
    """Each event waits `quiet_seconds` in the queue, so that files which are uploaded together have all landed when
    `start_run` looks.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        bucket_name: str,
        quiet_seconds: int,
        start_run: lambda_.IFunction,
        start_run_seconds: int,
    ) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = dead_letter_queue(self, "the uploads")
        self.queue = sqs.Queue(
            self,
            "Uploads",
            delivery_delay=Duration.seconds(quiet_seconds),
            # Six times the function's time, as the Lambda developer guide asks of a queue that it reads.
            visibility_timeout=Duration.seconds(6 * start_run_seconds),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=_ATTEMPTS),
        )
        events.Rule(
            self,
            "SeedsUploaded",
            description="A seed file has landed in seeds/<dataset>/",
            event_pattern=seed_pattern(bucket_name),
            targets=[targets.SqsQueue(self.queue, dead_letter_queue=self.dead_letters)],
        )
        start_run.add_event_source(
            sources.SqsEventSource(self.queue, batch_size=_BATCH, report_batch_item_failures=True)
        )


def seed_pattern(bucket_name: str) -> events.EventPattern:
    """New objects below seeds/ with a seed file's ending.

    `wildcard`, because prefix and suffix side by side would mean either.
    """
    keys = [{"wildcard": f"seeds/*.{ending}"} for ending in SEED_FILES]
    return events.EventPattern(
        source=["aws.s3"],
        detail_type=["Object Created"],
        detail={"bucket": {"name": [bucket_name]}, "object": {"key": keys}},
    )
