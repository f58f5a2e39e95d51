"""The gateway to deployments: what an update in place looks like, from Bedrock's shapes."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from distillation.bedrock.job_status import JobKind, JobOutcome, outcome_of
from distillation.errors import PromotionFailed, ThrottledByBedrock
from gateways.bedrock.deployments import Deployments

ARN = "arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/abcdefghijkl"
OLD, NEW = (
    f"arn:aws:bedrock:us-east-1:123456789012:custom-model/amazon.nova-micro-v1:0:128k/{name:>012}"
    for name in ("1", "2")
)


def stubbed() -> tuple[Deployments, Stubber]:
    client = boto3.client("bedrock", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    stub = Stubber(client)
    stub.activate()
    return Deployments(client), stub


def seen(status: str, model: str, update: tuple[str, str] | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "customModelDeploymentArn": ARN,
        "modelDeploymentName": "stable",
        "modelArn": model,
        "createdAt": 0,
        "status": status,
    }
    return found | ({"updateDetails": {"modelArn": update[0], "updateStatus": update[1]}} if update else {})


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (seen("Creating", NEW), JobOutcome.RUNNING),
        (seen("Active", NEW), JobOutcome.SUCCEEDED),
        (seen("Failed", NEW), JobOutcome.FAILED),
        (seen("Active", OLD), JobOutcome.RUNNING),
        (seen("Active", OLD, (NEW, "Updating")), JobOutcome.RUNNING),
        (seen("Active", NEW, (NEW, "UpdateCompleted")), JobOutcome.SUCCEEDED),
        (seen("Active", OLD, (NEW, "UpdateFailed")), JobOutcome.FAILED),
        (seen("Active", OLD, (OLD, "UpdateCompleted")), JobOutcome.RUNNING),
        (seen("Active", NEW, (OLD, "Updating")), JobOutcome.RUNNING),
        (seen("Active", NEW, (OLD, "UpdateFailed")), JobOutcome.SUCCEEDED),
    ],
)
def test_only_a_deployment_that_serves_the_model_and_does_not_move_has_taken_over(
    found: dict[str, Any], outcome: JobOutcome
) -> None:
    deployments, stub = stubbed()
    stub.add_response("get_custom_model_deployment", found, {"customModelDeploymentIdentifier": ARN})
    assert outcome_of(JobKind.PROMOTION, deployments.look_for(ARN, NEW).status) is outcome


def test_an_update_keeps_the_arn() -> None:
    deployments, stub = stubbed()
    stub.add_response(
        "update_custom_model_deployment",
        {"customModelDeploymentArn": ARN},
        {"customModelDeploymentIdentifier": ARN, "modelArn": NEW},
    )
    assert deployments.update(ARN, NEW) == ARN


def test_a_name_that_somebody_else_took_just_now_is_tried_again_and_then_found() -> None:
    deployments, stub = stubbed()
    stub.add_client_error("create_custom_model_deployment", "ValidationException", "the name is taken")
    there = {
        "customModelDeploymentArn": ARN,
        "customModelDeploymentName": "stable",
        "modelArn": OLD,
        "createdAt": 0,
        "status": "Creating",
    }
    stub.add_response("list_custom_model_deployments", {"modelDeploymentSummaries": [there]})
    with pytest.raises(ThrottledByBedrock, match="somebody else"):
        deployments.create({"modelDeploymentName": "stable", "modelArn": NEW})


def test_another_error_stays_what_it_is() -> None:
    deployments, stub = stubbed()
    stub.add_client_error("create_custom_model_deployment", "ValidationException", "no such thing")
    stub.add_response("list_custom_model_deployments", {"modelDeploymentSummaries": []})
    with pytest.raises(ClientError, match="no such thing"):
        deployments.create({"modelDeploymentName": "stable", "modelArn": NEW})


def test_a_model_that_is_gone_is_said() -> None:
    deployments, stub = stubbed()
    stub.add_client_error("update_custom_model_deployment", "ResourceNotFoundException")
    with pytest.raises(PromotionFailed, match="deleted"):
        deployments.update(ARN, NEW)


def test_a_deployment_that_is_being_made_is_deleted_later_and_one_that_is_gone_is_gone() -> None:
    deployments, stub = stubbed()
    stub.add_client_error("delete_custom_model_deployment", "ConflictException")
    with pytest.raises(ThrottledByBedrock):
        deployments.delete(ARN)
    stub.add_client_error("delete_custom_model_deployment", "ResourceNotFoundException")
    deployments.delete(ARN)


@pytest.mark.parametrize(
    ("update", "model"), [((NEW, "Updating"), NEW), ((NEW, "UpdateCompleted"), None), (None, None)]
)
def test_the_model_that_a_deployment_moves_to(update: tuple[str, str] | None, model: str | None) -> None:
    deployments, stub = stubbed()
    stub.add_response("get_custom_model_deployment", seen("Active", OLD, update))
    assert deployments.moves_to(ARN) == model
