"""The Lambda functions: one a handler file, from one table."""

from collections.abc import Mapping
from typing import NamedTuple

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import Size as Storage
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.function_grants import Grant
from infra.log_retention import log_retention
from infra.nag import acknowledge
from infra.packaging.function_bundle import function_code, layer_code
from infra.packaging.wheels import Layer, Target, built_bundle

RUNTIME = lambda_.Runtime.PYTHON_3_13


class Size(NamedTuple):
    """What a function is given: MiB of memory, seconds, GiB of /tmp.

    1,769 MiB is one whole processor (Lambda developer guide, "Configure memory"); a new account refuses more than
    3,008. A /tmp without a size has 0.5 GiB; 10 GiB cost 0.0003 USD for 15 minutes.
    """

    memory: int
    seconds: int
    disk: float = 0.5
    layers: tuple[Layer, ...] = (Layer.DEPENDENCIES,)


_CALL = Size(memory=512, seconds=60)
_STREAM = Size(memory=1769, seconds=900, disk=10)
_WHOLE_SET = Size(memory=3008, seconds=900, disk=10)
_CURATION = (Layer.DEPENDENCIES, Layer.CURATION)

SIZES: dict[str, Size] = {
    "prepare_run": _STREAM,
    "plan_pilot": _STREAM,
    "read_pilot": _STREAM,
    "plan_expansion": _STREAM._replace(layers=_CURATION),
    "read_expansion": _WHOLE_SET._replace(layers=_CURATION),
    "plan_requests": _STREAM,
    "start_batch": _CALL,
    "await_job": _CALL,
    "read_replies": _STREAM,
    "answer_now": _STREAM,
    "plan_retry_wave": _STREAM,
    "reduce_shard": _STREAM._replace(layers=_CURATION),
    "plan_ratings": _WHOLE_SET._replace(layers=_CURATION),
    "assemble_dataset": _WHOLE_SET._replace(layers=_CURATION),
    "start_tuning": _CALL,
    "start_deployment": _CALL,
    "choose_student": _STREAM._replace(layers=(Layer.DEPENDENCIES, Layer.STATISTICS)),
    "plan_predictions": _STREAM,
    "start_predictions": _CALL,
    "read_predictions": _STREAM,
    "predict_arm": _STREAM,
    "plan_judging": _STREAM,
    "start_judging": _CALL,
    "plan_comparisons": _STREAM,
    "score_run": _WHOLE_SET._replace(layers=(Layer.DEPENDENCIES, Layer.STATISTICS)),
    "write_report": _STREAM._replace(layers=(Layer.DEPENDENCIES, Layer.CHARTS)),
    "await_approval": _CALL,
    "promote_student": _CALL,
    "verify_promotion": _STREAM,
    "retire_student": _CALL._replace(seconds=900),
    "retire_after_failure": _CALL._replace(seconds=900),
    "write_failure_report": _STREAM,
    "job_changed": _CALL,
    "run_ended": _CALL._replace(seconds=900),
    "start_run": _CALL,
}

# Not a Task of the machine: EventBridge and SQS call these.
OUTSIDE_THE_MACHINE = frozenset({"job_changed", "run_ended", "start_run"})


def pascal(handler: str) -> str:
    """`prepare_run` -> `PrepareRun`: the construct id, the state and, with `Arn`, the placeholder in the state
    machine.
    """
    return "".join(word.capitalize() for word in handler.split("_"))


class PipelineFunctions(Construct):
    """All functions, by handler name, with the same code and environment and each with its own role, log and grants."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        architecture: str,
        target: Target,
        log_retention_days: int,
        environment: Mapping[str, str],
        grants: Mapping[str, list[Grant]],
    ) -> None:
        super().__init__(scope, construct_id)
        self._architecture = lambda_.Architecture.ARM_64 if architecture == "arm64" else lambda_.Architecture.X86_64
        self._retention = log_retention(log_retention_days)
        self._code = function_code()
        self._layers = {layer: self._layer(layer, target) for layer in Layer}
        acknowledge(
            self,
            "AwsSolutions-L1",
            "The code, its lock files and its tests are of Python 3.13; the runtime changes with them.",
        )
        self.by_name = {name: self._function(name, size, environment, grants[name]) for name, size in SIZES.items()}

    def _layer(self, layer: Layer, target: Target) -> lambda_.LayerVersion:
        if Stack.of(self).bundling_required:
            # The CDK would build it too, but wrap what went wrong in its own stack trace.
            built_bundle(layer, target)
        return lambda_.LayerVersion(
            self,
            layer.capitalize(),
            code=layer_code(layer, target),
            compatible_runtimes=[RUNTIME],
            compatible_architectures=[self._architecture],
            description=f"{layer} for {target.platform}, Python {target.python_version}",
        )

    def _function(self, name: str, size: Size, environment: Mapping[str, str], grants: list[Grant]) -> lambda_.Function:
        log = logs.LogGroup(self, f"{pascal(name)}Log", retention=self._retention, removal_policy=RemovalPolicy.DESTROY)
        role = self._role(name, log)
        for grant in grants:
            grant.give_to(role)
        return lambda_.Function(
            self,
            pascal(name),
            description=f"functions/handlers/{name}.py",
            runtime=RUNTIME,
            architecture=self._architecture,
            handler=f"handlers.{name}.handler",
            code=self._code,
            layers=[self._layers[layer] for layer in size.layers],
            memory_size=size.memory,
            timeout=Duration.seconds(size.seconds),
            ephemeral_storage_size=Storage.mebibytes(int(size.disk * 1024)),
            environment=dict(environment),
            tracing=lambda_.Tracing.ACTIVE,
            log_group=log,
            role=role,
        )

    def _role(self, name: str, log: logs.LogGroup) -> iam.Role:
        """A role that writes to its own log only, where AWS's managed policy would open every log of the account."""
        role = iam.Role(self, f"{pascal(name)}Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log.grant_write(role)
        acknowledge(
            role,
            "AwsSolutions-IAM5[Resource::*]",
            "X-Ray's write operations know no resource (Service Authorization Reference).",
        )
        return role
