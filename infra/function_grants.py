"""What each function may ask of AWS, beside its own log and X-Ray: one table, one line a function."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam

from infra.bedrock_access import BedrockModels
from infra.nag import acknowledge_wildcards


class Grant(NamedTuple):
    """Actions on resources. `why` is the written reason for a wildcard among the resources."""

    actions: Sequence[str]
    resources: Sequence[str]
    why: str = ""
    conditions: dict[str, Any] | None = None

    def statement(self) -> iam.PolicyStatement:
        """The grant as a policy spells it."""
        return iam.PolicyStatement(
            actions=list(self.actions), resources=list(self.resources), conditions=self.conditions
        )

    def give_to(self, role: iam.Role) -> None:
        """Add the statement to the role and give the reason for its wildcards to cdk-nag."""
        role.add_to_policy(self.statement())
        if self.why:
            acknowledge_wildcards(role, self.resources, self.why)


class GrantTargets(NamedTuple):
    """The ARNs that grants are about. `app_name` is the folder of the promoted students in Parameter Store."""

    bucket_arn: str
    table_arn: str
    batch_role_arn: str
    customization_role_arn: str
    evaluation_role_arn: str
    models: BedrockModels
    app_name: str
    topic_arn: str
    topic_key_arn: str


def grants_by_function(stack: Stack, to: GrantTargets) -> dict[str, list[Grant]]:
    """Every function's grants, by handler name."""
    storage, bedrock, students = _Storage(to.bucket_arn), _Bedrock(stack, to), _Students(stack, to.app_name)
    read_run = [storage.see_keys(), storage.read("runs")]
    run_files = [*read_run, storage.write("runs")]
    run_and_cache = [*run_files, storage.read("answers"), storage.write("answers")]
    marks = [storage.read("keys"), storage.write("keys")]
    list_jobs = _ledger(to.table_arn, "Query")
    budget = _ledger(to.table_arn, "GetItem", "PutItem", "UpdateItem", "Query")
    submit = [*read_run, _ledger(to.table_arn, "GetItem", "PutItem", "UpdateItem")]
    submit_batch = [*submit, *bedrock.submit_batches(to.batch_role_arn)]
    complete = [
        _ledger(to.table_arn, "GetItem", "UpdateItem"),
        *bedrock.look_at_jobs(),
        *bedrock.stop_jobs(),
        _finish_waiting(),
    ]
    retire = [
        *read_run,
        _ledger(to.table_arn, "Query", "UpdateItem"),
        *bedrock.look_at_jobs(),
        *bedrock.stop_jobs(),
        *bedrock.delete_students(),
    ]
    take_back = [*retire, *submit, bedrock.find_jobs(), bedrock.move_deployments(), students.read()]
    return {
        "prepare_run": [
            *run_files,
            budget,
            storage.read("seeds"),
            storage.read("evaluation"),
            *bedrock.preflight(),
            students.read(),
            bedrock.invoke([*to.models.asked_for_a_stage, to.models.student]),
        ],
        "plan_pilot": [*run_and_cache, budget],
        "read_pilot": [*run_files, bedrock.invoke([to.models.student])],
        "plan_expansion": [*run_and_cache, budget],
        "read_expansion": run_files,
        "plan_requests": [*run_and_cache, budget],
        "start_batch": submit_batch,
        "await_job": [*complete, bedrock.delete_deployments()],
        "read_replies": run_and_cache,
        "answer_now": [*run_files, bedrock.invoke(to.models.asked_for_a_stage)],
        "plan_retry_wave": [*run_files, budget],
        "reduce_shard": [*run_files, bedrock.invoke([to.models.embedder])],
        "plan_ratings": [*run_and_cache, *marks, budget, storage.read("evaluation")],
        "assemble_dataset": [*run_files, storage.read("evaluation"), budget],
        "start_tuning": [*submit, *bedrock.tune(to.customization_role_arn)],
        "start_deployment": [*submit, *bedrock.deploy()],
        "choose_student": [*run_files, bedrock.invoke_students()],
        "plan_predictions": [*run_files, budget, students.read(), *bedrock.find_deployments()],
        "start_predictions": submit_batch,
        "read_predictions": run_files,
        "predict_arm": [*run_files, bedrock.invoke([*to.models.teacher, to.models.student]), bedrock.invoke_students()],
        "plan_judging": [*run_files, budget],
        "start_judging": [*submit, *bedrock.evaluate(to.evaluation_role_arn)],
        "plan_comparisons": [*run_and_cache, *marks, budget],
        "score_run": [*run_files, storage.read("decisions"), storage.write("decisions")],
        "write_report": [*run_files, budget, students.read()],
        "await_approval": [*submit, list_jobs, bedrock.delete_deployments()],
        "promote_student": [
            *submit,
            storage.write("runs"),
            *bedrock.deploy(),
            bedrock.move_deployments(),
            students.read(),
        ],
        "verify_promotion": [
            *submit,
            storage.write("runs"),
            *bedrock.look_at_students(),
            bedrock.move_deployments(),
            bedrock.delete_deployments(),
            bedrock.invoke_students(),
            students.read(),
            students.write(),
        ],
        "retire_student": [*retire, bedrock.find_jobs(), students.read()],
        "retire_after_failure": take_back,
        "write_failure_report": [*run_files, budget],
        "job_changed": complete,
        "run_ended": [*take_back, storage.write("runs"), *_publish(to.topic_arn, to.topic_key_arn)],
        "start_run": [storage.see_keys()],
    }


def grants_of_people(stack: Stack, to: GrantTargets) -> dict[str, list[Grant]]:
    """What a person may do, by what the person does; who does two things gets both."""
    storage, bedrock, students = _Storage(to.bucket_arn), _Bedrock(stack, to), _Students(stack, to.app_name)
    machine, executions = _machine(stack, to.app_name)
    by_function = grants_by_function(stack, to)
    stacks = stack.format_arn(service="cloudformation", resource="stack", resource_name=f"{stack.stack_name}/*")
    bootstrap = stack.format_arn(
        service="iam", region="", resource="role", resource_name=f"cdk-hnb659fds-*-{stack.account}-{stack.region}"
    )
    return {
        "reader": [
            storage.see_keys(),
            *(storage.read(folder) for folder in ("seeds", "runs")),
            _ledger(to.table_arn, "GetItem", "Query"),
            *bedrock.look_at_jobs(),
            students.read(),
            Grant(["states:ListExecutions"], [machine]),
            Grant(
                ["states:DescribeExecution", "states:GetExecutionHistory"],
                [executions],
                "Executions are named by runs.",
            ),
            Grant(["cloudformation:DescribeStacks"], [stacks], "The stack's own id is random."),
        ],
        "uploader": [
            storage.write("seeds"),
            Grant(["states:StartExecution"], [machine]),
        ],
        # `approve` completes a wait; `promote` and `rollback` take the steps of these two functions.
        "approver": [_finish_waiting(), *by_function["promote_student"], *by_function["verify_promotion"]],
        "deployer": [
            Grant(["cloudformation:DescribeStacks"], [stacks], "The stack's own id is random."),
            Grant(["sts:AssumeRole"], [bootstrap], "The four roles that `cdk bootstrap` made for this Region."),
        ],
    }


def _machine(stack: Stack, app_name: str) -> tuple[str, str]:
    """The ARN of the state machine, and of its executions."""
    machine, executions = (
        stack.format_arn(service="states", resource=kind, resource_name=name, arn_format=ArnFormat.COLON_RESOURCE_NAME)
        for kind, name in (("stateMachine", app_name), ("execution", f"{app_name}:*"))
    )
    return machine, executions


class _Storage:
    _MADE_AT_RUN_TIME = "One folder of the one bucket: run ids, datasets and file names below it are made at run time."

    def __init__(self, bucket_arn: str) -> None:
        self._bucket_arn = bucket_arn

    def _below(self, folder: str) -> str:
        return f"{self._bucket_arn}/{folder}/*"

    def see_keys(self) -> Grant:
        # Without it a missing object looks like a forbidden one (403 for 404). A condition on s3:prefix would bring
        # that back: a GetObject has no prefix.
        return Grant(["s3:ListBucket"], [self._bucket_arn])

    def read(self, folder: str) -> Grant:
        return Grant(["s3:GetObject"], [self._below(folder)], self._MADE_AT_RUN_TIME)

    def write(self, folder: str) -> Grant:
        return Grant(["s3:PutObject", "s3:AbortMultipartUpload"], [self._below(folder)], self._MADE_AT_RUN_TIME)


class _Bedrock:
    """Bedrock's own ids (of jobs, custom models, deployments) are random, so grants on them end in a wildcard within
    this account and Region.
    """

    _RANDOM = "Bedrock makes the ids of jobs, custom models and deployments; the grant ends at this account and Region."
    _NO_RESOURCE = (
        "The List operations of Bedrock's jobs and deployments know no resource (Service Authorization Reference)."
    )

    def __init__(self, stack: Stack, to: GrantTargets) -> None:
        self._stack, self._models = stack, to.models
        self._ours = {"StringEquals": {"aws:ResourceTag/app": to.app_name}}
        self._batch_jobs = self._any("model-invocation-job")
        self._tuning_jobs = self._any("model-customization-job")
        self._evaluation_jobs = self._any("evaluation-job")
        self._students = self._any("custom-model")
        self._deployments = self._any("custom-model-deployment")

    def _any(self, kind: str) -> str:
        return self._stack.format_arn(
            service="bedrock", resource=kind, resource_name="*", arn_format=ArnFormat.SLASH_RESOURCE_NAME
        )

    def preflight(self) -> list[Grant]:
        judges = [arn for arn in self._models.judges if ":inference-profile/" not in arn]
        wanted = dict.fromkeys(
            [*self._models.teachers, self._models.student, self._models.tuned, *judges, self._models.embedder]
        )
        profiles = dict.fromkeys([*self._models.profiles, *(arn for arn in self._models.judges if arn not in judges)])
        return [
            Grant(["bedrock:GetFoundationModel"], list(wanted)),
            *(Grant(["bedrock:GetInferenceProfile"], [profile]) for profile in profiles),
        ]

    def invoke(self, models: Sequence[str]) -> Grant:
        return Grant(["bedrock:InvokeModel"], models)

    def invoke_students(self) -> Grant:
        return self._on_ours("bedrock:InvokeModel", self._deployments)

    def _on_ours(self, action: str, *resources: str) -> Grant:
        """What can do harm is allowed on what carries this app's tag: another team's model is none of its business."""
        return Grant([action], resources, self._RANDOM, self._ours)

    def look_at_jobs(self) -> list[Grant]:
        return [
            Grant(["bedrock:GetModelInvocationJob"], [self._batch_jobs], self._RANDOM),
            Grant(["bedrock:GetModelCustomizationJob"], [self._tuning_jobs], self._RANDOM),
            Grant(["bedrock:GetCustomModelDeployment"], [self._deployments], self._RANDOM),
            Grant(["bedrock:GetEvaluationJob"], [self._evaluation_jobs], self._RANDOM),
        ]

    def stop_jobs(self) -> list[Grant]:
        return [
            self._on_ours("bedrock:StopModelInvocationJob", self._batch_jobs),
            self._on_ours("bedrock:StopModelCustomizationJob", self._tuning_jobs),
            self._on_ours("bedrock:StopEvaluationJob", self._evaluation_jobs),
        ]

    def delete_deployments(self) -> Grant:
        return self._on_ours("bedrock:DeleteCustomModelDeployment", self._deployments)

    def look_at_students(self) -> list[Grant]:
        return [
            Grant(["bedrock:GetCustomModel"], [self._students], self._RANDOM),
            Grant(["bedrock:GetCustomModelDeployment"], [self._deployments], self._RANDOM),
        ]

    def find_deployments(self) -> list[Grant]:
        return [
            Grant(["bedrock:GetCustomModelDeployment"], [self._deployments], self._RANDOM),
            Grant(["bedrock:ListCustomModelDeployments"], ["*"], self._NO_RESOURCE),
        ]

    def move_deployments(self) -> Grant:
        """Putting another model behind a deployment's ARN."""
        return self._on_ours("bedrock:UpdateCustomModelDeployment", self._deployments, self._students)

    def delete_students(self) -> list[Grant]:
        return [
            self.delete_deployments(),
            Grant(["bedrock:GetCustomModel"], [self._students], self._RANDOM),
            self._on_ours("bedrock:DeleteCustomModel", self._students),
        ]

    def find_jobs(self) -> Grant:
        """By name: what a lost reply left without an ARN in the ledger."""
        listed = ("ModelInvocationJobs", "ModelCustomizationJobs", "EvaluationJobs", "CustomModelDeployments")
        return Grant([f"bedrock:List{things}" for things in listed], ["*"], self._NO_RESOURCE)

    def submit_batches(self, role_arn: str) -> list[Grant]:
        return [
            Grant(
                ["bedrock:CreateModelInvocationJob"], [*self._models.asked_in_batches, self._batch_jobs], self._RANDOM
            ),
            Grant(["bedrock:GetModelInvocationJob", "bedrock:TagResource"], [self._batch_jobs], self._RANDOM),
            Grant(["bedrock:ListModelInvocationJobs"], ["*"], self._NO_RESOURCE),
            _hand_over(role_arn),
        ]

    def tune(self, role_arn: str) -> list[Grant]:
        # The job that comes of it is not in the Service Authorization Reference for this action; the CDK's own task for
        # it grants it all the same.
        made = [self._tuning_jobs, self._students]
        return [
            Grant(
                ["bedrock:CreateModelCustomizationJob"], [self._models.student, self._models.tuned, *made], self._RANDOM
            ),
            Grant(["bedrock:TagResource"], made, self._RANDOM),
            Grant(["bedrock:GetModelCustomizationJob"], [self._tuning_jobs], self._RANDOM),
            Grant(["bedrock:GetCustomModel"], [self._students], self._RANDOM),
            Grant(["bedrock:ListModelCustomizationJobs"], ["*"], self._NO_RESOURCE),
            _hand_over(role_arn),
        ]

    def evaluate(self, role_arn: str) -> list[Grant]:
        return [
            Grant(["bedrock:CreateEvaluationJob"], [*self._models.judges, self._evaluation_jobs], self._RANDOM),
            Grant(["bedrock:GetEvaluationJob", "bedrock:TagResource"], [self._evaluation_jobs], self._RANDOM),
            Grant(["bedrock:ListEvaluationJobs"], ["*"], self._NO_RESOURCE),
            _hand_over(role_arn),
        ]

    def deploy(self) -> list[Grant]:
        return [
            Grant(["bedrock:CreateCustomModelDeployment", "bedrock:GetCustomModel"], [self._students], self._RANDOM),
            Grant(["bedrock:GetCustomModelDeployment", "bedrock:TagResource"], [self._deployments], self._RANDOM),
            Grant(["bedrock:GetModelCustomizationJob"], [self._tuning_jobs], self._RANDOM),
            Grant(["bedrock:ListCustomModelDeployments"], ["*"], self._NO_RESOURCE),
        ]


def _ledger(table_arn: str, *operations: str) -> Grant:
    return Grant([f"dynamodb:{operation}" for operation in operations], [table_arn])


def _publish(topic_arn: str, key_arn: str) -> list[Grant]:
    """Messages to the topic, which keeps them encrypted."""
    return [Grant(["sns:Publish"], [topic_arn]), Grant(["kms:Decrypt", "kms:GenerateDataKey"], [key_arn])]


def _finish_waiting() -> Grant:
    why = "The task token is the permission; the operation knows no resource (Service Authorization Reference)."
    return Grant(["states:SendTaskSuccess", "states:SendTaskFailure"], ["*"], why)


def _hand_over(role_arn: str) -> Grant:
    return Grant(
        ["iam:PassRole"], [role_arn], conditions={"StringEquals": {"iam:PassedToService": "bedrock.amazonaws.com"}}
    )


class _Students:
    """The parameters that name the promoted students, one a dataset."""

    _WHY = "One parameter a dataset, below the app's own path; datasets come with the seeds."

    def __init__(self, stack: Stack, app_name: str) -> None:
        self._arn = stack.format_arn(service="ssm", resource="parameter", resource_name=f"{app_name}/*")

    def read(self) -> Grant:
        return Grant(["ssm:GetParameter"], [self._arn], self._WHY)

    def write(self) -> Grant:
        return Grant(["ssm:PutParameter"], [self._arn], self._WHY)
