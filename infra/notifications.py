"""Where people hear of a run's end and of alarms."""

from aws_cdk import ArnFormat, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct


class Notifications(Construct):
    """A topic that takes messages over TLS only and keeps them encrypted, with one e-mail subscription where `email` is
    given.
    """

    def __init__(self, scope: Construct, construct_id: str, *, display_name: str, email: str | None) -> None:
        super().__init__(scope, construct_id)
        # A failure's message may quote a seed. With alias/aws/sns alarms would be lost in silence: CloudWatch may not
        # use that key, and its policy cannot be changed.
        self.key = kms.Key(
            self,
            "Key",
            description=f"Messages of {display_name}",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.topic = sns.Topic(self, "Topic", display_name=display_name, enforce_ssl=True, master_key=self.key)
        self._let_alarms_publish()
        if email:
            self.topic.add_subscription(subscriptions.EmailSubscription(email))

    def _let_alarms_publish(self) -> None:
        # The TLS-only policy replaces the topic's default one, which let the account's alarms in.
        stack = Stack.of(self)
        alarms, own_account = iam.ServicePrincipal("cloudwatch.amazonaws.com"), {"aws:SourceAccount": stack.account}
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisAccount",
                principals=[alarms],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],
                conditions={"StringEquals": own_account},
            )
        )
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisAccount",
                principals=[alarms],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions={
                    "StringEquals": own_account,
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
