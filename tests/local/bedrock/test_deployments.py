"""Deployments and custom models: states, unique names, updates behind a stable ARN, what keeps a model from being
deleted, restarts.
"""

from pathlib import Path

import pytest

from tests.local.bedrock.aws import Jobs, LocalAws, ask, refused
from tests.local.bedrock.processes import running_bedrock
from tests.local.bedrock.samples import REVIEWS, SYSTEM, training_line


@pytest.fixture(scope="module")
def model(local_aws: LocalAws) -> str:
    """The ARN of a custom model that always says yes."""
    return str(Jobs(local_aws).tune("yes-model", [training_line(text, "yes") for text, _ in REVIEWS])["outputModelArn"])


def test_a_deployment_is_creating_then_active_and_answers_only_then(jobs: Jobs, model: str) -> None:
    jobs.aws.control("POST", "faults", {"fault": "slowJob", "jobName": "^slow-d$", "seconds": 0.5})
    arn = jobs.bedrock.create_custom_model_deployment(modelDeploymentName="slow-d", modelArn=model)[
        "customModelDeploymentArn"
    ]
    assert jobs.bedrock.get_custom_model_deployment(customModelDeploymentIdentifier=arn)["status"] == "Creating"
    question = {"modelId": arn, "messages": [{"role": "user", "content": [{"text": "Hi"}]}]}
    assert refused(jobs.aws.client("bedrock-runtime").converse, **question)[0] == "ModelNotReadyException"
    assert (
        refused(jobs.bedrock.delete_custom_model_deployment, customModelDeploymentIdentifier=arn)[0]
        == "ConflictException"
    )
    while jobs.bedrock.get_custom_model_deployment(customModelDeploymentIdentifier=arn)["status"] == "Creating":
        pass
    assert ask(jobs.aws.client("bedrock-runtime"), arn, "Hi", "Say it.") == "yes"


def test_names_are_unique_until_deleted_and_tokens_repeat(jobs: Jobs, model: str) -> None:
    request = {"modelDeploymentName": "one", "modelArn": model, "clientRequestToken": "one-token"}
    first = jobs.bedrock.create_custom_model_deployment(**request)["customModelDeploymentArn"]
    assert jobs.bedrock.create_custom_model_deployment(**request)["customModelDeploymentArn"] == first
    assert (
        refused(jobs.bedrock.create_custom_model_deployment, modelDeploymentName="one", modelArn=model)[0]
        == "ValidationException"
    )
    while jobs.bedrock.get_custom_model_deployment(customModelDeploymentIdentifier="one")["status"] == "Creating":
        pass
    jobs.bedrock.delete_custom_model_deployment(customModelDeploymentIdentifier=first)
    assert (
        refused(jobs.bedrock.get_custom_model_deployment, customModelDeploymentIdentifier=first)[0]
        == "ResourceNotFoundException"
    )
    assert (
        refused(jobs.aws.client("bedrock-runtime").converse, modelId=first, messages=[])[0]
        == "ResourceNotFoundException"
    )
    assert jobs.deploy("one", model)["customModelDeploymentArn"] != first


def test_an_update_swaps_the_model_behind_the_arn(jobs: Jobs, model: str) -> None:
    arn = jobs.deploy("swap", model)["customModelDeploymentArn"]
    other = jobs.tune("no-model", [training_line(text, "no") for text, _ in REVIEWS])["outputModelArn"]
    assert (
        jobs.bedrock.update_custom_model_deployment(customModelDeploymentIdentifier="swap", modelArn=other)[
            "customModelDeploymentArn"
        ]
        == arn
    )
    while (seen := jobs.bedrock.get_custom_model_deployment(customModelDeploymentIdentifier=arn))["updateDetails"][
        "updateStatus"
    ] == "Updating":
        pass
    assert (seen["updateDetails"]["updateStatus"], seen["modelArn"]) == ("UpdateCompleted", other)
    assert ask(jobs.aws.client("bedrock-runtime"), arn, "Hi", "Say it.") == "no"
    listed = jobs.bedrock.list_custom_model_deployments(modelArnEquals=other)["modelDeploymentSummaries"]
    assert [item["customModelDeploymentName"] for item in listed] == ["swap"]


def test_an_update_that_fails_leaves_the_model_that_was_served(jobs: Jobs, model: str) -> None:
    arn = jobs.deploy("swap-fails", model)["customModelDeploymentArn"]
    other = jobs.tune("no-model-2", [training_line(text, "no") for text, _ in REVIEWS])["outputModelArn"]
    jobs.aws.control("POST", "faults", {"fault": "failed", "jobName": "^swap-fails$", "message": "No capacity."})
    jobs.aws.control("POST", "faults", {"fault": "slowJob", "jobName": "^swap-fails$", "seconds": 0.3})
    jobs.bedrock.update_custom_model_deployment(customModelDeploymentIdentifier=arn, modelArn=other)
    assert refused(jobs.bedrock.delete_custom_model, modelIdentifier=other)[0] == "ConflictException", (
        "it is being deployed"
    )
    code, message = refused(
        jobs.bedrock.update_custom_model_deployment, customModelDeploymentIdentifier=arn, modelArn=other
    )
    assert (code, "being updated" in message) == ("ValidationException", True)
    while (seen := jobs.bedrock.get_custom_model_deployment(customModelDeploymentIdentifier=arn))["updateDetails"][
        "updateStatus"
    ] == "Updating":
        pass
    assert (seen["status"], seen["updateDetails"]["updateStatus"], seen["failureMessage"]) == (
        "Active",
        "UpdateFailed",
        "No capacity.",
    )
    assert ask(jobs.aws.client("bedrock-runtime"), arn, "Hi", "Say it.") == "yes"
    jobs.bedrock.delete_custom_model(modelIdentifier=other)


def test_a_deployed_model_cannot_be_deleted(jobs: Jobs) -> None:
    model = jobs.tune("doomed", [training_line(text, "yes") for text, _ in REVIEWS])["outputModelArn"]
    jobs.deploy("doomed", model)
    code, message = refused(jobs.bedrock.delete_custom_model, modelIdentifier=model)
    assert (code, "Delete the deployment first" in message) == ("ConflictException", True)
    jobs.bedrock.delete_custom_model_deployment(customModelDeploymentIdentifier="doomed")
    jobs.bedrock.delete_custom_model(modelIdentifier=model)
    assert refused(jobs.bedrock.get_custom_model, modelIdentifier=model)[0] == "ResourceNotFoundException"
    assert (
        refused(jobs.bedrock.create_custom_model_deployment, modelDeploymentName="doomed-2", modelArn=model)[0]
        == "ResourceNotFoundException"
    )


def test_a_custom_model_itself_cannot_be_called(jobs: Jobs, model: str) -> None:
    # The runtime's service model has no custom-model ARN with a context size in it, so boto3's endpoint rules pass it
    # and the server refuses it.
    assert refused(jobs.aws.client("bedrock-runtime").converse, modelId=model, messages=[])[0] == "ValidationException"


def test_a_restart_keeps_trained_models_and_forgets_jobs_and_deployments(jobs: Jobs, model: str, home: Path) -> None:
    with running_bedrock(jobs.aws.emulator_url, home) as url:
        again = Jobs(LocalAws(url, jobs.aws.emulator_url))
        assert again.bedrock.get_custom_model(modelIdentifier=model)["modelName"] == "yes-model"
        assert again.bedrock.list_model_customization_jobs()["modelCustomizationJobSummaries"] == []
        arn = again.deploy("after-restart", model)["customModelDeploymentArn"]
        assert ask(again.aws.client("bedrock-runtime"), arn, REVIEWS[0][0], SYSTEM) == "yes"
