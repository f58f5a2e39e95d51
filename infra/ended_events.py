"""AWS's own word that a job or a run has ended: EventBridge rules -> `job_changed`, `run_ended`."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.dead_letters import dead_letter_queue

BATCH_ENDED = ("Completed", "PartiallyCompleted", "Failed", "Stopped", "Expired")
TUNING_ENDED = ("Completed", "Failed", "Stopped")
RUN_ENDED_BADLY = ("ABORTED", "TIMED_OUT", "FAILED")
# A wait looks for itself after each heartbeat, so an event older than this has nothing left to tell.
_WORTH_TELLING = Duration.hours(1)


class JobEvents(Construct):
    """Every terminal state of this app's batch and customization jobs, by the job names' prefix.

    What cannot be told goes to the dead letters.
    """

    def __init__(self, scope: Construct, construct_id: str, *, app_name: str, job_changed: lambda_.Function) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = dead_letter_queue(self, "the job events")
        _keep_what_fails(job_changed, self.dead_letters, _WORTH_TELLING)
        target = targets.LambdaFunction(
            job_changed, dead_letter_queue=self.dead_letters, max_event_age=_WORTH_TELLING, retry_attempts=8
        )
        for construct, pattern in (
            ("BatchJobEnded", batch_pattern(app_name)),
            ("TuningJobEnded", tuning_pattern(app_name)),
        ):
            description = f"{construct} for jobs named {app_name}-*"
            events.Rule(self, construct, description=description, event_pattern=pattern, targets=[target])


class RunEvents(Construct):
    """Every end of this machine's executions but success. What cannot be told goes to the dead letters.

    StopExecution, the machine's time limit and the limit of 25,000 history events end an execution without a Catch.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, state_machine_arn: str, run_ended: lambda_.Function
    ) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = dead_letter_queue(self, "the runs' ends")
        _keep_what_fails(run_ended, self.dead_letters, Duration.hours(6))
        events.Rule(
            self,
            "RunEndedBadly",
            description="An execution was stopped, ran out of time or failed",
            event_pattern=run_pattern(state_machine_arn),
            targets=[targets.LambdaFunction(run_ended, dead_letter_queue=self.dead_letters, retry_attempts=8)],
        )


def _keep_what_fails(function: lambda_.Function, dead_letters: sqs.Queue, age: Duration) -> None:
    failed = destinations.SqsDestination(dead_letters)
    function.configure_async_invoke(retry_attempts=2, max_event_age=age, on_failure=failed)


def batch_pattern(app_name: str) -> events.EventPattern:
    """A batch job of ours has ended. Its event has `batchJobName` and `status`."""
    ours = {"batchJobName": [{"prefix": f"{app_name}-"}], "status": list(BATCH_ENDED)}
    return _pattern("aws.bedrock", "Batch Inference Job State Change", ours)


def tuning_pattern(app_name: str) -> events.EventPattern:
    """A customization job of ours has ended. Its event has other names: `jobName` and `jobStatus`."""
    ours = {"jobName": [{"prefix": f"{app_name}-"}], "jobStatus": list(TUNING_ENDED)}
    return _pattern("aws.bedrock", "Model Customization Job State Change", ours)


def run_pattern(state_machine_arn: str) -> events.EventPattern:
    """An execution of the machine has ended, and not with success."""
    ours: dict[str, object] = {"stateMachineArn": [state_machine_arn], "status": list(RUN_ENDED_BADLY)}
    return _pattern("aws.states", "Step Functions Execution Status Change", ours)


def _pattern(source: str, detail_type: str, detail: dict[str, object]) -> events.EventPattern:
    return events.EventPattern(source=[source], detail_type=[detail_type], detail=detail)
