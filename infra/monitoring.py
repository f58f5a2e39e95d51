"""Alarms on what nobody would see otherwise, and one dashboard."""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

_FIVE_MINUTES = Duration.minutes(5)


class Monitoring(Construct):
    """Alarms to the topic: a run that failed, timed out or was throttled, an error outside the machine, a dead letter.

    A function inside the machine has no alarm of its own: the machine retries it, and a run that fails for it says so.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        dashboard_name: str,
        topic: sns.ITopic,
        state_machine: sfn.StateMachine,
        functions: Mapping[str, lambda_.Function],
        outside_the_machine: Sequence[str],
        dead_letters: Mapping[str, sqs.Queue],
    ) -> None:
        super().__init__(scope, construct_id)
        self._action = actions.SnsAction(topic)
        for name, metric, description in (
            ("RunFailed", state_machine.metric_failed, "A run failed: its report and the execution's cause say why."),
            ("RunTimedOut", state_machine.metric_timed_out, "A run reached the state machine's TimeoutSeconds."),
            ("RunThrottled", state_machine.metric_throttled, "Step Functions throttled the runs' transitions."),
        ):
            self._alarm(name, metric(period=_FIVE_MINUTES), description)
        for name in outside_the_machine:
            self._alarm(
                f"{functions[name].node.id}Errors",
                functions[name].metric_errors(period=_FIVE_MINUTES),
                f"{name} raised an error; its log says why.",
            )
        for name, queue in dead_letters.items():
            depth = queue.metric_approximate_number_of_messages_visible(period=_FIVE_MINUTES, statistic="Maximum")
            self._alarm(
                f"{name}DeadLetters",
                depth,
                "Messages wait in a dead-letter queue: read them, repair the cause, redrive them.",
            )
        self._dashboard(dashboard_name, state_machine, functions, dead_letters)

    def _alarm(self, name: str, metric: cloudwatch.Metric, description: str) -> None:
        alarm = cloudwatch.Alarm(
            self,
            name,
            metric=metric,
            alarm_description=description,
            threshold=0,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(self._action)

    def _dashboard(
        self,
        name: str,
        state_machine: sfn.StateMachine,
        functions: Mapping[str, lambda_.Function],
        dead_letters: Mapping[str, sqs.Queue],
    ) -> None:
        runs = [
            state_machine.metric_started(),
            state_machine.metric_succeeded(),
            state_machine.metric_failed(),
            state_machine.metric_timed_out(),
        ]
        errors = [function.metric_errors(label=label) for label, function in functions.items()]
        durations = [
            function.metric_duration(label=label, statistic="Maximum") for label, function in functions.items()
        ]
        depths = [
            queue.metric_approximate_number_of_messages_visible(label=label) for label, queue in dead_letters.items()
        ]
        spent = cloudwatch.Metric(
            namespace="NovaDistill",
            metric_name="SpentUsd",
            dimensions_map={"service": name},
            statistic="Sum",
            period=Duration.days(1),
        )
        graphs = {
            "Runs": runs,
            "Dead letters": depths,
            "US dollars spent": [spent],
            "Errors by function": errors,
            "Longest call by function": durations,
        }
        dashboard = cloudwatch.Dashboard(self, "Dashboard", dashboard_name=name)
        dashboard.add_widgets(
            *(cloudwatch.GraphWidget(title=title, left=metrics, width=12) for title, metrics in graphs.items())
        )
