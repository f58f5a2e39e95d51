"""The deployed app of one account and Region, as the application's own services."""

from collections.abc import Mapping
from typing import Any

from application.services import Services
from cli.errors import CommandError
from cli.screen import screen
from distillation.bedrock.limits import Rate
from distillation.run.bounds import DeploymentBounds
from gateways.account import stack_outputs
from gateways.clients import BRIEF, Clients
from settings import Settings

_OUTPUTS = {
    "bucket": "BucketName",
    "state_machine_arn": "StateMachineArn",
    "ledger_table": "LedgerTableName",
    "app": "AppName",
}


def clients_of(region: str | None, profile: str | None) -> Clients:
    """Clients with the person's credentials and a short patience."""
    return Clients(region, profile, BRIEF)


def connect(stack: str, region: str | None, profile: str | None) -> Services:
    """Services over what the stack's outputs name. Raises CommandError when the stack or one of its outputs is missing;
    problems of credentials and network come as boto3's errors.
    """
    clients = clients_of(region, profile)
    outputs = stack_outputs(clients.client("cloudformation"), stack)
    if outputs is None:
        raise CommandError(
            f"There is no stack {stack} in {clients.region}.",
            "Deploy it (`npx cdk deploy`), or name another with --stack, --region or --profile.",
        )
    missing = [name for name in _OUTPUTS.values() if name not in outputs]
    if missing:
        raise CommandError(
            f"The stack {stack} has no output {', '.join(missing)}.",
            "Is it a Nova Distill stack, and has its deployment ended? `npx cdk deploy` completes it.",
        )
    named: dict[str, Any] = {setting: outputs[output] for setting, output in _OUTPUTS.items()}
    return Services(Settings(**named, **_may_be_named(outputs)), clients=lambda: clients)


def _may_be_named(outputs: Mapping[str, str]) -> dict[str, Any]:
    """Settings of outputs that a stack of an earlier release does not have."""
    rate = Rate()
    return {
        "retire_again_seconds": float(outputs.get("RetireAgainSeconds", Settings().retire_again_seconds)),
        "teacher_model_id": outputs.get("TeacherModelId", ""),
        "student_model_id": outputs.get("StudentModelId", ""),
        "judge_invoke_id": outputs.get("JudgeModelId", ""),
        "rate": Rate(
            float(outputs.get("TeacherRequestsPerMinute", rate.requests)),
            float(outputs.get("TeacherTokensPerMinute", rate.tokens)),
        ),
        "bounds": DeploymentBounds(max_usd_per_run=float(outputs.get("MaxUsdPerRun", 0))),
    }


def opened(stack: str, region: str | None, profile: str | None) -> Services:
    """As `connect`; says first which deployment it is, so that a local one cannot be taken for the real one."""
    services = connect(stack, region, profile)
    where, account = services.settings.state_machine_arn.split(":")[3:5]
    aws = "AWS" if services.executions.on_aws else "LOCAL AWS"
    screen.say(f"{stack} · {aws} · account {account} · {where}", "dim")
    return services


def account(stack: str, region: str | None, profile: str | None) -> tuple[Clients, str]:
    """Clients of an account that may hold no stack, and the stack's name; says first where it is."""
    clients = clients_of(region, profile)
    screen.say(f"{stack} · {'AWS' if clients.on_aws else 'LOCAL AWS'} · {clients.region}", "dim")
    return clients, stack
