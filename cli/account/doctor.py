"""Looks an account up: seconds, costs nothing, changes nothing. What may not be read is a warning, not an end."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

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
from gateways.bedrock.model_catalogue import ModelCatalogue
from gateways.clients import HOME, Clients
from gateways.functions import Functions
from gateways.identity import Identity
from gateways.permissions import Permissions
from gateways.quotas import Quotas
from gateways.stack import stack_outputs, stack_resources
from settings import Settings, settings_from_environment


def examine(clients: Clients, stack: str, release: str) -> Iterator[Check]:
    """One check after the other, as they are known. `release`: that of this command line."""
    yield check_region(clients.region)
    try:
        caller = Identity(clients.client("sts")).caller()
    except Exception as error:
        known = in_plain_words(error)
        if known is None:
            raise
        yield Check("credentials", Level.FAILURE, known.message, known.next_step)
        return
    yield Check("credentials", Level.OK, f"{caller.arn} in account {caller.account}")
    yield from _read(
        "CDK bootstrap", lambda: [check_bootstrap(stack_outputs(clients.client("cloudformation"), "CDKToolkit"))]
    )
    try:
        environment = environment_of(clients, stack)
    except Exception as error:
        yield _not_read(f"stack {stack}", error)
        environment = {}
    settings = settings_from_environment(environment or _BEFORE_THE_STACK)
    if environment:
        yield check_release(stack, settings.release, release)
    elif environment is None:
        yield Check(f"stack {stack}", Level.FAILURE, "not there", "npx cdk deploy")
    yield from _models(ModelCatalogue(clients.client("bedrock")), settings)
    quotas = Quotas(clients.client("service-quotas"))
    yield from _read("quotas", lambda: check_quotas(quotas.of("bedrock"), settings.teacher_model_id))
    functions = Functions(clients.client("lambda"))
    yield from _read("Lambda: functions at once", lambda: [check_concurrency(functions.concurrency())])
    if environment:
        permissions = Permissions(clients.client("iam"))
        yield from _roles(permissions, settings, caller.account)
        cloud = clients.client("cloudformation")
        yield from _read(
            "roles of the functions",
            lambda: _functions(permissions, settings, caller.account, stack_resources(cloud, stack, "AWS::IAM::Role")),
        )


_BY_FUNCTION = {
    "StartBatch": ("CreateModelInvocationJob", "model-invocation-job"),
    "StartTuning": ("CreateModelCustomizationJob", "model-customization-job"),
    "StartJudging": ("CreateEvaluationJob", "evaluation-job"),
    "StartDeployment": ("CreateCustomModelDeployment", "custom-model"),
    "VerifyPromotion": ("UpdateCustomModelDeployment", "custom-model-deployment"),
    "RetireStudent": ("DeleteCustomModel", "custom-model"),
}
"""Who does what costs or decides: a boundary or a service control policy that forbids one of these stops a run late."""


def _functions(permissions: Permissions, settings: Settings, account: str, roles: Mapping[str, str]) -> Iterator[Check]:
    denied = []
    for function, (action, kind) in _BY_FUNCTION.items():
        for name in (physical for logical, physical in roles.items() if f"{function}Role" in logical):
            denied += permissions.denied(
                f"arn:aws:iam::{account}:role/{name}",
                [f"bedrock:{action}"],
                f"arn:aws:bedrock:{HOME}:{account}:{kind}/doctor",
                {"aws:ResourceTag/app": settings.app},
            )
    yield check_role("roles of the functions", denied)


_BEFORE_THE_STACK = {
    "TEACHER_MODEL_ID": "amazon.nova-pro-v1:0",
    "TEACHER_INVOKE_ID": "amazon.nova-pro-v1:0",
    "STUDENT_INVOKE_ID": "amazon.nova-micro-v1:0",
}


def environment_of(clients: Clients, stack: str) -> Mapping[str, str] | None:
    """The environment of a stack's functions; None where there is no such stack."""
    found = stack_resources(clients.client("cloudformation"), stack, "AWS::Lambda::Function")
    name = next((found[one] for one in found if "PrepareRun" in one), None)
    return Functions(clients.client("lambda")).environment(name) if name else None


def _models(catalogue: ModelCatalogue, settings: Settings) -> Iterator[Check]:
    asked = {
        settings.judge_invoke_id.removeprefix("us."): "judge",  # first: where the teacher judges, it is the teacher
        settings.teacher_model_id: "teacher",
        settings.base_invoke_id: "student",
        settings.embedding_model_id: "embedder",
    }
    for model, role in asked.items():
        if model:
            yield from _read(f"{role} {model}", partial(_access, catalogue, role, model))
    for profile in {settings.teacher_invoke_id, settings.judge_invoke_id} - asked.keys() - {""}:
        yield from _read(profile, partial(_profile, catalogue, profile))
    yield from _read("invocation logging", lambda: [check_logging(catalogue.logs_invocations())])


def _access(catalogue: ModelCatalogue, role: str, model: str) -> list[Check]:
    return [check_access(role, model, catalogue.access(model))]


def _profile(catalogue: ModelCatalogue, profile: str) -> list[Check]:
    return [check_profile(profile, catalogue.problem_with_profile(profile))]


def _roles(permissions: Permissions, settings: Settings, account: str) -> Iterator[Check]:
    bucket = f"arn:aws:s3:::{settings.bucket}"
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
        yield from _read(f"role of {name}", partial(_role, permissions, account, name, role, needed))


def _role(
    permissions: Permissions, account: str, name: str, role: str, needed: Sequence[tuple[str, str]]
) -> list[Check]:
    lacking = [
        action for action, on in needed if permissions.denied(role, [action], on, {"aws:ResourceAccount": account})
    ]
    return [check_role(f"role of {name}", lacking)]


def _read(about: str, look: Callable[[], Iterable[Check]]) -> Iterator[Check]:
    """The checks, or a warning where AWS does not answer the question."""
    try:
        yield from look()
    except Exception as error:
        yield _not_read(about, error)


def _not_read(about: str, error: Exception) -> Check:
    """A warning for what AWS says; an error of our own is raised again."""
    known = in_plain_words(error)
    if known is None:
        raise error
    return unread(about, known.message)
