"""What Bedrock may do for us: the roles of batch jobs, of customization jobs and of evaluation jobs."""

from collections.abc import Sequence
from typing import NamedTuple

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.nag import acknowledge_wildcards
from infra.settings import TUNING_REGION, UNITED_STATES_DESTINATIONS, Settings

ONE_RUN_EACH = "Run ids are made at run time; the role reads and writes only the stages that Bedrock needs."


class BedrockModels(NamedTuple):
    """ARNs. `teachers`: the teacher in each Region that may answer; `profiles`: what chooses among them, if anything;
    `student`: the untuned one.

    `judges`: what a call of the judge needs; `embedder`: the embedding model.
    """

    teachers: list[str]
    profiles: list[str]
    student: str
    tuned: str
    judges: list[str]
    embedder: str

    @property
    def teacher(self) -> list[str]:
        """Everything that a call of the teacher needs."""
        return [*self.profiles, *self.teachers]

    @property
    def asked_for_a_stage(self) -> list[str]:
        """What answers or rates: the teacher and the judge, which may be one."""
        return list(dict.fromkeys([*self.teacher, *self.judges]))

    @property
    def asked_in_batches(self) -> list[str]:
        """All that batch jobs ask."""
        return list(dict.fromkeys([*self.asked_for_a_stage, self.student]))


def bedrock_models(stack: Stack, settings: Settings) -> BedrockModels:
    """The models of `settings` as ARNs of the stack's partition and account."""
    teachers, profiles = _reached(stack, settings.teacher_model_id, settings.teacher_profile)
    judge = settings.judge_model_id or settings.teacher_invoke_id
    model, profile = (judge.removeprefix("us."), judge) if judge.startswith("us.") else (judge, None)
    judge_models, judge_profiles = _reached(stack, model, profile)
    return BedrockModels(
        teachers=teachers,
        profiles=profiles,
        student=_model(stack, settings.student_invoke_id, TUNING_REGION),
        tuned=_model(stack, settings.student_model_id, TUNING_REGION),
        judges=[*judge_profiles, *judge_models],
        embedder=_model(stack, settings.embedding_model_id, TUNING_REGION),
    )


def _reached(stack: Stack, model_id: str, profile: str | None) -> tuple[list[str], list[str]]:
    """A model in each Region that may answer, and the inference profile that chooses among them."""
    models = [
        _model(stack, model_id, region) for region in (UNITED_STATES_DESTINATIONS if profile else (TUNING_REGION,))
    ]
    return models, [
        stack.format_arn(service="bedrock", resource="inference-profile", resource_name=profile)
    ] if profile else []


def _model(stack: Stack, model_id: str, region: str) -> str:
    return stack.format_arn(
        service="bedrock", region=region, account="", resource="foundation-model", resource_name=model_id
    )


class BedrockAccess(Construct):
    """Three service roles, each for one kind of job of this account, each with its own stages of a run's folder."""

    def __init__(self, scope: Construct, construct_id: str, *, bucket_arn: str, models: BedrockModels) -> None:
        super().__init__(scope, construct_id)
        self._bucket_arn = bucket_arn
        self.batch_role = self._batch_role(models)
        self.customization_role = self._customization_role(models)
        self.evaluation_role = self._evaluation_role(models)

    def _batch_role(self, models: BedrockModels) -> iam.Role:
        role = self._role("BatchRole", "model-invocation-job")
        self._storage(
            role, inputs=["2-requests", "7-evaluation/requests"], outputs=["3-replies", "7-evaluation/replies"]
        )
        _allow(role, ["bedrock:InvokeModel"], models.asked_in_batches)
        return role

    def _customization_role(self, models: BedrockModels) -> iam.Role:
        role = self._role("CustomizationRole", "model-customization-job")
        self._storage(role, inputs=["5-dataset"], outputs=["6-model"])
        # Bedrock's own distillation asks the teacher in the name of this role (Bedrock user guide, service role for
        # model distillation).
        _allow(role, ["bedrock:InvokeModel"], models.teacher)
        if models.profiles:
            _allow(role, ["bedrock:GetInferenceProfile"], models.profiles)
        return role

    def _evaluation_role(self, models: BedrockModels) -> iam.Role:
        role, judge = self._role("EvaluationRole", "evaluation-job"), "7-evaluation/judge"
        self._storage(role, inputs=[], outputs=[judge])
        # The set that the user guide names for jobs with a judge; a job that lacks one ends without scores, and only
        # the report tells.
        self._grant_storage(role, ["s3:GetBucketLocation", "s3:ListBucketMultipartUploads"], [self._bucket_arn])
        self._grant_storage(role, ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"], self._stages([judge]))
        _allow(role, ["bedrock:InvokeModel", "bedrock:CreateModelInvocationJob"], models.judges)
        jobs = Stack.of(self).format_arn(service="bedrock", resource="model-invocation-job", resource_name="*")
        _allow(role, ["bedrock:CreateModelInvocationJob", "bedrock:StopModelInvocationJob"], [jobs])
        acknowledge_wildcards(role, [jobs], "Bedrock makes the ids of the jobs that ask the judge.")
        if profiles := [arn for arn in models.judges if ":inference-profile/" in arn]:
            _allow(role, ["bedrock:GetInferenceProfile"], profiles)
        return role

    def _role(self, name: str, job: str) -> iam.Role:
        """A role that Bedrock may take only on behalf of this account's jobs of that kind (no confused deputy)."""
        stack = Stack.of(self)
        source = stack.format_arn(
            service="bedrock", resource=job, resource_name="*", arn_format=ArnFormat.SLASH_RESOURCE_NAME
        )
        conditions = {"StringEquals": {"aws:SourceAccount": stack.account}, "ArnEquals": {"aws:SourceArn": source}}
        return iam.Role(self, name, assumed_by=iam.ServicePrincipal("bedrock.amazonaws.com", conditions=conditions))

    def _storage(self, role: iam.Role, *, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        # Outputs are readable too: a job may read back what it wrote, and a job that may not fails after it was paid
        # for.
        read, written = self._stages([*inputs, *outputs]), self._stages(outputs)
        for actions, resources in (
            (["s3:ListBucket"], [self._bucket_arn]),
            (["s3:GetObject"], read),
            (["s3:PutObject"], written),
        ):
            self._grant_storage(role, actions, resources)
        acknowledge_wildcards(role, read, ONE_RUN_EACH)

    def _grant_storage(self, role: iam.Role, actions: Sequence[str], resources: Sequence[str]) -> None:
        own_account = {"StringEquals": {"aws:ResourceAccount": Stack.of(self).account}}
        role.add_to_policy(
            iam.PolicyStatement(actions=list(actions), resources=list(resources), conditions=own_account)
        )

    def _stages(self, stages: Sequence[str]) -> list[str]:
        return [f"{self._bucket_arn}/runs/*/{stage}/*" for stage in stages]


def _allow(role: iam.Role, actions: list[str], resources: list[str]) -> None:
    role.add_to_policy(iam.PolicyStatement(actions=actions, resources=resources))
