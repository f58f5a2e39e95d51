"""Step Functions' own word that a run ended without success: an EventBridge rule -> `run_ended`.

StopExecution, the machine's time limit and the limit of 25,000 history events end an execution without a Catch.
"""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from constructs import Construct

from infra.dead_letters import dead_letter_queue
from infra.nag import acknowledge

ENDED_BADLY = ("ABORTED", "TIMED_OUT", "FAILED")


class RunEvents(Construct):
    """Every end of this machine's executions but success. What cannot be told goes to the dead letters."""

    def __init__(
        self, scope: Construct, construct_id: str, *, state_machine_arn: str, run_ended: lambda_.Function
    ) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = dead_letter_queue(self, "DeadLetters")
        acknowledge(
            self.dead_letters,
            "AwsSolutions-SQS3",
            "This is the dead-letter queue of the runs' ends; an alarm watches its length.",
        )
        run_ended.configure_async_invoke(
            retry_attempts=2,
            max_event_age=Duration.hours(6),
            on_failure=destinations.SqsDestination(self.dead_letters),
        )
        events.Rule(
            self,
            "RunEndedBadly",
            description="An execution was stopped, ran out of time or failed",
            event_pattern=run_pattern(state_machine_arn),
            targets=[targets.LambdaFunction(run_ended, dead_letter_queue=self.dead_letters, retry_attempts=8)],
        )


def run_pattern(state_machine_arn: str) -> events.EventPattern:
    """An execution of the machine has ended, and not with success."""
    return events.EventPattern(
        source=["aws.states"],
        detail_type=["Step Functions Execution Status Change"],
        detail={"stateMachineArn": [state_machine_arn], "status": list(ENDED_BADLY)},
    )
