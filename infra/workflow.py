"""The state machine, from its one text in `statemachine/` and the policy of `infra/packaging/machine_text.py`."""

from collections.abc import Mapping
from pathlib import Path

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.log_retention import log_retention
from infra.nag import acknowledge
from infra.packaging.machine_text import DEFINITION, definition_text


class Workflow(Construct):
    """A standard state machine that may call its own functions, publish to its topic, and nothing else."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        function_arns: list[str],
        topic_arn: str,
        key_arn: str,
        substitutions: Mapping[str, str],
        log_retention_days: int,
        definition: Path = DEFINITION,
    ) -> None:
        super().__init__(scope, construct_id)
        self._name = name
        role = self._role(function_arns, topic_arn, key_arn)
        # The run's own time limit is `TimeoutSeconds` in the file: the CDK drops `timeout` for a definition that comes
        # as text.
        self.state_machine = sfn.StateMachine(
            self,
            "Distillation",
            state_machine_name=name,
            definition_body=sfn.DefinitionBody.from_string(definition_text(definition, substitutions)),
            definition_substitutions=dict(substitutions),
            role=role,
            tracing_enabled=True,
            logs=sfn.LogOptions(
                destination=self._log(log_retention_days), level=sfn.LogLevel.ALL, include_execution_data=False
            ),
        )

    def _role(self, function_arns: list[str], topic_arn: str, key_arn: str) -> iam.Role:
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
        role.add_to_policy(iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=function_arns))
        role.add_to_policy(iam.PolicyStatement(actions=["sns:Publish"], resources=[topic_arn]))
        role.add_to_policy(iam.PolicyStatement(actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[key_arn]))
        acknowledge(
            role,
            "AwsSolutions-IAM5[Resource::*]",
            "Log delivery and X-Ray's write operations know no resource (Service Authorization Reference).",
        )
        return role

    def _log(self, retention_days: int) -> logs.LogGroup:
        # The prefix keeps the account's one log resource policy from growing with every state machine.
        group = f"/aws/vendedlogs/states/{self._name}"
        return logs.LogGroup(
            self,
            "Log",
            log_group_name=group,
            retention=log_retention(retention_days),
            removal_policy=RemovalPolicy.DESTROY,
        )
