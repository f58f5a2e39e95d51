"""Looks an account up: seconds, costs nothing, changes nothing. What may not be read is a warning, not an end."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from cli.account.checks import (
    Check,
    Level,
    check_access,
    check_bootstrap,
    check_concurrency,
    check_logging,
    check_profile,
    check_quotas,
    check_region,
    check_release,
    check_role,
    unread,
)
from cli.advice import in_plain_words
from gateways.account import (
    caller_of,
    denied_actions,
    function_environment,
    functions_at_once,
    quota_values,
    stack_outputs,
    stack_resources,
)
from gateways.bedrock.model_catalogue import ModelCatalogue
from gateways.clients import HOME, Clients
from settings import Settings, settings_from_environment


def examine(clients: Clients, stack: str, release: str) -> list[Check]:
    """All checks in the order in which they are looked up. `release`: that of this command line."""
    found = [check_region(clients.region)]
    try:
        caller = caller_of(clients.client("sts"))
    except Exception as error:
        known = in_plain_words(error)
        return [*found, Check("credentials", Level.FAILURE, known.message, known.next_step)]
    found.append(Check("credentials", Level.OK, f"{caller.arn} in account {caller.account}"))
    cloud = clients.client("cloudformation")
    with _reading("CDK bootstrap", found):
        found.append(check_bootstrap(stack_outputs(cloud, "CDKToolkit")))
    environment: Mapping[str, str] | None = {}
    with _reading(f"stack {stack}", found):
        environment = environment_of(clients, stack)
    settings = settings_from_environment(environment or _BEFORE_THE_STACK)
    if environment:
        found.append(check_release(stack, settings.release, release))
    elif environment is None:
        found.append(Check(f"stack {stack}", Level.FAILURE, "not there", "npx cdk deploy"))
    _models(found, ModelCatalogue(clients.client("bedrock")), settings)
    with _reading("quotas", found):
        found += check_quotas(quota_values(clients.client("service-quotas"), "bedrock"), settings.teacher_model_id)
    with _reading("Lambda: functions at once", found):
        found.append(check_concurrency(functions_at_once(clients.client("lambda"))))
    if environment:
        iam = clients.client("iam")
        _roles(found, iam, settings, caller.account)
        with _reading("roles of the functions", found):
            roles = stack_resources(cloud, stack, "AWS::IAM::Role")
            found.append(_functions(iam, settings, caller.account, roles))
    return found


_BY_FUNCTION = {
    "StartBatch": ("CreateModelInvocationJob", "model-invocation-job"),
    "StartTuning": ("CreateModelCustomizationJob", "model-customization-job"),
    "StartJudging": ("CreateEvaluationJob", "evaluation-job"),
    "StartDeployment": ("CreateCustomModelDeployment", "custom-model"),
    "VerifyPromotion": ("UpdateCustomModelDeployment", "custom-model-deployment"),
    "RetireStudent": ("DeleteCustomModel", "custom-model"),
}
"""Who does what costs or decides: a boundary or a service control policy that forbids one of these stops a run late."""


def _functions(iam: Any, settings: Settings, account: str, roles: Mapping[str, str]) -> Check:
    denied = []
    for function, (action, kind) in _BY_FUNCTION.items():
        for name in (physical for logical, physical in roles.items() if f"{function}Role" in logical):
            denied += denied_actions(
                iam,
                f"arn:aws:iam::{account}:role/{name}",
                [f"bedrock:{action}"],
                f"arn:aws:bedrock:{HOME}:{account}:{kind}/doctor",
                {"aws:ResourceTag/app": settings.app},
            )
    return check_role("roles of the functions", denied)


_BEFORE_THE_STACK = {
    "TEACHER_MODEL_ID": "amazon.nova-pro-v1:0",
    "TEACHER_INVOKE_ID": "amazon.nova-pro-v1:0",
    "STUDENT_INVOKE_ID": "amazon.nova-micro-v1:0",
}


def environment_of(clients: Clients, stack: str) -> Mapping[str, str] | None:
    """The environment of a stack's functions; None where there is no such stack."""
    found = stack_resources(clients.client("cloudformation"), stack, "AWS::Lambda::Function")
    name = next((found[one] for one in found if "PrepareRun" in one), None)
    return function_environment(clients.client("lambda"), name) if name else None


def _models(found: list[Check], catalogue: ModelCatalogue, settings: Settings) -> None:
    asked = {
        settings.judge_invoke_id.removeprefix("us."): "judge",  # first: where the teacher judges, it is the teacher
        settings.teacher_model_id: "teacher",
        settings.base_invoke_id: "student",
        settings.embedding_model_id: "embedder",
    }
    for model, role in asked.items():
        if model:
            with _reading(f"{role} {model}", found):
                found.append(check_access(role, model, catalogue.access(model)))
    for profile in {settings.teacher_invoke_id, settings.judge_invoke_id} - asked.keys() - {""}:
        with _reading(profile, found):
            found.append(check_profile(profile, catalogue.problem_with_profile(profile)))
    with _reading("invocation logging", found):
        found.append(check_logging(catalogue.logs_invocations()))


def _roles(found: list[Check], iam: Any, settings: Settings, account: str) -> None:
    bucket, own = f"arn:aws:s3:::{settings.bucket}", {"aws:ResourceAccount": account}
    teacher = [("bedrock:InvokeModel", f"arn:aws:bedrock:{HOME}::foundation-model/{settings.teacher_model_id}")]
    for name, role, read, written, models in (
        ("batch jobs", settings.batch_role_arn, "2-requests", "3-replies", teacher),
        ("customization jobs", settings.customization_role_arn, "5-dataset", "6-model", teacher),
        ("evaluation jobs", settings.evaluation_role_arn, "7-evaluation/judge", "7-evaluation/judge", []),
    ):
        needed = [
            ("s3:ListBucket", bucket),
            ("s3:GetObject", f"{bucket}/runs/doctor/{read}/file"),
            ("s3:PutObject", f"{bucket}/runs/doctor/{written}/file"),
            *models,
        ]
        with _reading(f"role of {name}", found):
            lacking = [action for action, on in needed if denied_actions(iam, role, [action], on, own)]
            found.append(check_role(f"role of {name}", lacking))


@contextmanager
def _reading(about: str, found: list[Check]) -> Iterator[None]:
    """Adds a warning where AWS does not answer the question; an error of our own is raised again."""
    try:
        yield
    except Exception as error:
        found.append(unread(about, in_plain_words(error).message))
