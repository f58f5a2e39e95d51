"""What other people's rules find in the template beside AwsSolutions (test_template.py): each finding with its reason.

Both tables are exact: a new finding fails, and so does a reason that nothing needs any more.
"""

import json
import subprocess
import sys
from collections import Counter

import pytest
from aws_cdk import App
from cdk_nag import NIST80053R5Checks
from uv import find_uv_bin

from infra.distillation_stack import DistillationStack
from infra.packaging.wheels import ROOT
from infra.pipeline_functions import SIZES
from infra.settings import Settings
from tests.infra.synthesis import STACK, Assembly

NO_VPC = (
    "The functions reach AWS's own endpoints only. A VPC would need an endpoint for each of eight services, or a NAT."
)
NO_FUNCTION_DLQ = (
    "Step Functions calls these functions synchronously: a failure is the state's, with retry and rail. The two that "
    "are called otherwise, by a queue and by a rule, have dead-letter queues there."
)
NO_RESERVED_CONCURRENCY = (
    "A new account has ten executions in all and can reserve none of them: the deployment would fail. "
    "batches.maxConcurrent bounds the Maps."
)
AWS_OWNED_KEYS = "Encrypted with a key that AWS owns: decision 0009 says what a key of our own would take."
ENVIRONMENT = "The environment holds names and ARNs, no secret, and is encrypted with Lambda's own key."
LOGS_OF_LOGS = "The bucket of access logs: it logs no access to itself, and its lines are replaced by nobody."
ONE_REGION = "Runs can be made again from seeds and answers; Nova Micro is fine-tuned in one Region only."

NIST_REASONS = {
    "S3BucketReplicationEnabled": ONE_REGION,
    "S3BucketVersioningEnabled": LOGS_OF_LOGS,
    "S3DefaultEncryptionKMS": AWS_OWNED_KEYS,
    "DynamoDBInBackupPlan": "Point-in-time recovery is on: 35 days, longer than a row of the ledger counts.",
    "IAMNoInlinePolicy": "What one role alone needs goes with that role and cannot be attached elsewhere.",
    "CloudWatchLogGroupEncrypted": AWS_OWNED_KEYS,
    "LambdaConcurrency": NO_RESERVED_CONCURRENCY,
    "LambdaDLQ": NO_FUNCTION_DLQ,
    "LambdaInsideVPC": NO_VPC,
}

CHECKOV_REASONS = {
    "CKV_AWS_18": LOGS_OF_LOGS,
    "CKV_AWS_21": LOGS_OF_LOGS,
    "CKV_AWS_27": "Wrong: the queues have SqsManagedSseEnabled, which the rule does not know.",
    "CKV_AWS_115": NO_RESERVED_CONCURRENCY,
    "CKV_AWS_116": NO_FUNCTION_DLQ,
    "CKV_AWS_117": NO_VPC,
    "CKV_AWS_119": AWS_OWNED_KEYS,
    "CKV_AWS_158": AWS_OWNED_KEYS,
    "CKV_AWS_173": ENVIRONMENT,
}


def test_nist_800_53_finds_nothing_unexplained() -> None:
    app = App(context={**json.loads((ROOT / "cdk.json").read_text())["context"], "aws:cdk:bundling-stacks": []})
    DistillationStack(app, Settings())
    found = {violation.rule_name for violation in NIST80053R5Checks().validate_scope(app).violations}
    assert {rule.removeprefix("NIST.800.53.R5-") for rule in found} == set(NIST_REASONS)


def test_checkov_finds_nothing_unexplained(assembly: Assembly) -> None:
    uv = [find_uv_bin(), "run", "--quiet", "--no-project", "--isolated", "--python", sys.executable]
    checkov = [*uv, "--with-requirements", str(ROOT / "infra" / "requirements-checkov.txt"), "checkov"]
    if subprocess.run([*checkov, "--version"], capture_output=True, check=False).returncode:
        pytest.skip("checkov is not in uv's cache and cannot be loaded: the template was NOT CHECKED by its rules")
    template = str(assembly.folder / f"{STACK}.template.json")
    options = ["--framework", "cloudformation", "--compact", "--quiet", "--output", "json", "--file", template]
    done = subprocess.run([*checkov, *options], capture_output=True, text=True, check=False)
    failed = Counter(check["check_id"] for check in json.loads(done.stdout)["results"]["failed_checks"])
    assert set(failed) == set(CHECKOV_REASONS)
    # The reasons for functions hold for every one of them; those for single resources must not spread.
    assert {failed[rule] for rule in ("CKV_AWS_115", "CKV_AWS_116", "CKV_AWS_117", "CKV_AWS_173")} == {len(SIZES)}
    assert {failed[rule] for rule in ("CKV_AWS_18", "CKV_AWS_21", "CKV_AWS_119")} == {1}
