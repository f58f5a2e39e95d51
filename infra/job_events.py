"""Bedrock's own word that a job has ended: EventBridge rules -> `job_changed`."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from constructs import Construct

from infra.dead_letters import dead_letter_queue
from infra.nag import acknowledge

BATCH_ENDED = ("Completed", "PartiallyCompleted", "Failed", "Stopped", "Expired")
TUNING_ENDED = ("Completed", "Failed", "Stopped")
# A wait looks for itself after each heartbeat, so an event older than this has nothing left to tell.
_WORTH_TELLING = Duration.hours(1)


class JobEvents(Construct):
    """Every terminal state of this app's batch and customization jobs, by the job names' prefix.

    What cannot be told goes to the dead letters.
    """

    def __init__(self, scope: Construct, construct_id: str, *, app_name: str, job_changed: lambda_.Function) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = dead_letter_queue(self, "DeadLetters")
        acknowledge(
            self.dead_letters,
            "AwsSolutions-SQS3",
            "This is the dead-letter queue of the job events; an alarm watches its length.",
        )
        job_changed.configure_async_invoke(
            retry_attempts=2, max_event_age=_WORTH_TELLING, on_failure=destinations.SqsDestination(self.dead_letters)
        )
        target = targets.LambdaFunction(
            job_changed, dead_letter_queue=self.dead_letters, max_event_age=_WORTH_TELLING, retry_attempts=8
        )
        for construct, pattern in (
            ("BatchJobEnded", batch_pattern(app_name)),
            ("TuningJobEnded", tuning_pattern(app_name)),
        ):
            events.Rule(
                self,
                construct,
                description=f"{construct} for jobs named {app_name}-*",
                event_pattern=pattern,
                targets=[target],
            )


def batch_pattern(app_name: str) -> events.EventPattern:
    """A batch job of ours has ended. Its event has `batchJobName` and `status`."""
    return _pattern(
        "Batch Inference Job State Change", {"batchJobName": [{"prefix": f"{app_name}-"}], "status": list(BATCH_ENDED)}
    )


def tuning_pattern(app_name: str) -> events.EventPattern:
    """A customization job of ours has ended.

    Its event has `jobName` and `jobStatus`: other names than a batch job's.
    """
    return _pattern(
        "Model Customization Job State Change",
        {"jobName": [{"prefix": f"{app_name}-"}], "jobStatus": list(TUNING_ENDED)},
    )


def _pattern(detail_type: str, detail: dict[str, object]) -> events.EventPattern:
    return events.EventPattern(source=["aws.bedrock"], detail_type=[detail_type], detail=detail)
