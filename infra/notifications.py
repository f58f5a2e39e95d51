"""Where people hear of a run's end and of alarms."""

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct


class Notifications(Construct):
    """A topic that takes messages over TLS only, with one e-mail subscription where `email` is given."""

    def __init__(self, scope: Construct, construct_id: str, *, display_name: str, email: str | None) -> None:
        super().__init__(scope, construct_id)
        # Not encrypted with alias/aws/sns: CloudWatch may not use that key, and alarms would be lost in silence.
        # Messages hold names and counts only.
        self.topic = sns.Topic(self, "Topic", display_name=display_name, enforce_ssl=True)
        self._let_alarms_publish()
        if email:
            self.topic.add_subscription(subscriptions.EmailSubscription(email))

    def _let_alarms_publish(self) -> None:
        # The TLS-only policy replaces the topic's default one, which let the account's alarms in.
        stack = Stack.of(self)
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisAccount",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions={
                    "StringEquals": {"aws:SourceAccount": stack.account},
                    "ArnLike": {
                        "aws:SourceArn": stack.format_arn(
                            service="cloudwatch",
                            resource="alarm",
                            resource_name="*",
                            arn_format=ArnFormat.COLON_RESOURCE_NAME,
                        )
                    },
                },
            )
        )
