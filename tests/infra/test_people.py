"""The policies for people: each opens what the person does, and the doors that matter stay apart."""

from typing import Any

import pytest

from tests.infra.synthesis import Assembly
from tests.infra.test_least_privilege import _fits, grants, listed

MANAGED_POLICY_LIMIT = 6_144
"""Characters without white space (IAM quotas)."""


def allowed(assembly: Assembly, person: str) -> set[tuple[str, str]]:
    policy = assembly.properties("AWS::IAM::ManagedPolicy", f"People/{person}")
    assert policy["ManagedPolicyName"] == f"nova-distill-{person.lower()}"
    return set(grants(policy["PolicyDocument"]["Statement"]))


def actions(assembly: Assembly, person: str) -> set[str]:
    return {action for action, _ in allowed(assembly, person)}


PEOPLE = ("Reader", "Uploader", "Approver", "Deployer")


def test_there_is_one_policy_for_each_person_and_no_other(assembly: Assembly) -> None:
    paths = {
        p["Metadata"]["aws:cdk:path"].split("/")[2] for p in assembly.resources("AWS::IAM::ManagedPolicy").values()
    }
    assert paths == set(PEOPLE)


def test_a_reader_changes_nothing(assembly: Assembly) -> None:
    verbs = {action.split(":")[1] for action in actions(assembly, "Reader")}
    assert all(verb.startswith(("Get", "List", "Describe", "Query")) for verb in verbs)


def test_who_uploads_does_not_touch_runs_and_does_not_promote(assembly: Assembly) -> None:
    assert actions(assembly, "Uploader") == {"s3:PutObject", "s3:AbortMultipartUpload", "states:StartExecution"}
    written = {resource for action, resource in allowed(assembly, "Uploader") if action == "s3:PutObject"}
    assert [resource.split("/", 1)[1] for resource in written] == ["seeds/*"]


def test_who_approves_does_not_upload_what_is_approved(assembly: Assembly) -> None:
    may = allowed(assembly, "Approver")
    assert {"states:SendTaskSuccess", "bedrock:UpdateCustomModelDeployment", "ssm:PutParameter"} <= {a for a, _ in may}
    assert not [resource for action, resource in may if action == "s3:PutObject" and "/seeds/" in resource]
    assert "states:StartExecution" not in {action for action, _ in may}


def test_who_deploys_goes_through_the_roles_of_the_bootstrap(assembly: Assembly) -> None:
    may = allowed(assembly, "Deployer")
    assert {action for action, _ in may} == {"sts:AssumeRole", "cloudformation:DescribeStacks"}
    [roles] = [resource for action, resource in may if action == "sts:AssumeRole"]
    assert roles == "arn:aws:iam::x:role/cdk-hnb659fds-*-x-us-east-1"


@pytest.mark.parametrize("person", PEOPLE)
def test_aws_knows_every_action_of_a_person_and_takes_the_policy(assembly: Assembly, person: str) -> None:
    unknown = [grant for grant in allowed(assembly, person) if not _fits(*grant)]
    assert unknown == []
    policy: dict[str, Any] = assembly.properties("AWS::IAM::ManagedPolicy", f"People/{person}")
    document = str(policy["PolicyDocument"]).replace(" ", "")
    assert len(document) < MANAGED_POLICY_LIMIT, "longer than IAM takes, even with its references unresolved"
    assert not [a for s in policy["PolicyDocument"]["Statement"] for a in listed(s["Action"]) if "*" in a]
