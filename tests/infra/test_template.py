"""The synthesised stack as a whole: what CloudFormation, cdk-nag and the local AWS think of it."""

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_s3 as s3
from cdk_nag import AwsSolutionsChecks

from infra.distillation_stack import DistillationStack
from infra.packaging.wheels import ROOT
from infra.settings import Settings
from tests.infra.synthesis import STACK, Assembly, no_network

# CloudFormation quotas: template body in S3, and resources of a stack.
TEMPLATE_LIMIT, RESOURCE_LIMIT = 1_000_000, 500
# What the local CloudFormation refuses or leaves hanging.
NOT_ON_THE_LOCAL_AWS = {
    "AWS::Budgets::Budget",
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::Bedrock::Guardrail",
    "AWS::Bedrock::ApplicationInferenceProfile",
}
# The CDK writes DependsOn beside a GetAtt that says the same.
CDKS_OWN = "W3005"
# In JSONata a state's HeartbeatSeconds and MaxConcurrency may be expressions (Amazon States Language, "JSONata");
# cfn-lint knows numbers only.
NUMBER_BY_EXPRESSION = re.compile(
    r"E3601 '\{% .+ %\}' is not of type 'number' at '\S+/(HeartbeatSeconds|MaxConcurrency)'"
)


def test_the_outputs_are_what_people_and_tools_look_for(assembly: Assembly) -> None:
    assert set(assembly.template["Outputs"]) == {
        "BucketName",
        "StateMachineArn",
        "LedgerTableName",
        "NotificationTopicArn",
        "AppName",
        "RetireAgainSeconds",
        "TeacherModelId",
        "StudentModelId",
        "JudgeModelId",
        "TeacherRequestsPerMinute",
        "TeacherTokensPerMinute",
        "MaxUsdPerRun",
    }


def test_it_fits_into_cloudformation(assembly: Assembly) -> None:
    assert len(json.dumps(assembly.template)) < TEMPLATE_LIMIT
    assert len(assembly.template["Resources"]) < RESOURCE_LIMIT


def test_it_holds_nothing_that_the_local_aws_refuses(assembly: Assembly) -> None:
    types = {resource["Type"] for resource in assembly.template["Resources"].values()}
    assert not types & NOT_ON_THE_LOCAL_AWS
    assert not {kind for kind in types if kind.startswith("Custom::") or kind == "AWS::CloudFormation::CustomResource"}
    assert not [
        alarm for alarm in assembly.resources("AWS::CloudWatch::Alarm").values() if "Metrics" in alarm["Properties"]
    ]


def test_it_is_for_any_account_in_the_one_region(assembly: Assembly) -> None:
    manifest = json.loads((assembly.folder / "manifest.json").read_text())
    assert manifest["artifacts"][STACK]["environment"] == "aws://unknown-account/us-east-1"
    assert "missing" not in manifest, "a context look-up would need credentials at synthesis"


def test_the_production_template_knows_nothing_of_the_local_aws(assembly: Assembly) -> None:
    assert not [
        word
        for word in ("127.0.0.1", "localhost", "ministack", "AWS_ENDPOINT_URL")
        if word in json.dumps(assembly.template)
    ]


def test_cdk_nag_finds_nothing_unexplained() -> None:
    app = App(context={**json.loads((ROOT / "cdk.json").read_text())["context"], "aws:cdk:bundling-stacks": []})
    DistillationStack(app, Settings())
    found = AwsSolutionsChecks().validate_scope(app)
    assert [
        (violation.rule_name, [r.construct_path for r in violation.violating_resources or []])
        for violation in found.violations
    ] == []


def test_cdk_nag_does_look() -> None:
    stack = Stack(App(), "Careless")
    s3.Bucket(stack, "Open")
    rules = {violation.rule_name for violation in AwsSolutionsChecks().validate_scope(stack).violations}
    assert rules == {"AwsSolutions-S1", "AwsSolutions-S10"}


def test_the_cdks_own_validation_is_silent(assembly: Assembly) -> None:
    report = assembly.folder / "validation-report.json"
    assert not report.exists() or not json.loads(report.read_text()).get("pluginReports")


def test_cfn_lint_is_silent(assembly: Assembly) -> None:
    template = assembly.folder / f"{STACK}.template.json"
    command = [
        str(Path(sys.executable).with_name("cfn-lint")),
        "--format",
        "json",
        "--ignore-checks",
        CDKS_OWN,
        "--",
        str(template),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = [f"{match['Rule']['Id']} {match['Message']}" for match in json.loads(done.stdout)]
    assert [message for message in found if not NUMBER_BY_EXPRESSION.match(message)] == []


def test_the_synthesis_had_no_network() -> None:
    """Where the kernel can take the network away, a process started as the synthesis was cannot reach even this
    machine's own port.
    """
    if not no_network():
        pytest.skip(
            "this kernel lets nobody take the network away (unshare --net); the proxies of the synthesis lead "
            "nowhere all the same"
        )
    with socket.create_server(("127.0.0.1", 0)) as server:
        program = f"import socket; socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 2)"
        alone = subprocess.run(
            [*no_network(), sys.executable, "-c", program], capture_output=True, text=True, check=False
        )
        together = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert together.returncode == 0
    assert "Network is unreachable" in alone.stderr or "Connection refused" in alone.stderr


@pytest.mark.parametrize(("environment_here", "interpreter"), [(True, ".venv/bin/python"), (False, "python3")])
def test_the_cli_takes_the_projects_environment_when_there_is_one(
    tmp_path: Path, environment_here: bool, interpreter: str
) -> None:
    if environment_here:
        (tmp_path / ".venv" / "bin").mkdir(parents=True)
        (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (tmp_path / "app.py").write_text("import sys; print(sys.orig_argv[0])")
    command = json.loads((ROOT / "cdk.json").read_text())["app"]
    # The CLI hands the command to a shell too.
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True)  # noqa: S602
    assert done.stdout.strip().endswith(interpreter)
