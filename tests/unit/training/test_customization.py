"""Requests to Bedrock: checked against botocore's service model."""

import re
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from distillation.run.training import Training
from distillation.training.customization import customization_request, deployment_request, distillation_request

MODEL = botocore.session.get_session().get_service_model("bedrock")
NAME = "nova-distill-reviews-0123456789-student-t0"


def training(**changes: Any) -> dict[str, Any]:
    plan = Training(epoch_count=2, learning_rate=0.00001, learning_rate_warmup_steps=10)
    given: dict[str, Any] = {
        "role_arn": "arn:aws:iam::123456789012:role/tuning",
        "base_model": "amazon.nova-micro-v1:0:128k",
        "training": plan,
        "train_uri": "s3://bucket/runs/r/5-dataset/train.jsonl",
        "validation_uri": "s3://bucket/runs/r/5-dataset/validation.jsonl",
        "output_uri": "s3://bucket/runs/r/6-model/student/",
        "tags": {"run": "r", "app": "nova-distill"},
    }
    return customization_request(NAME, **(given | changes))


def test_the_customization_request_fits_the_service_model() -> None:
    request = training()
    shape = MODEL.operation_model("CreateModelCustomizationJob").input_shape
    assert not ParamValidator().validate(request, shape).has_errors()
    for member in ("jobName", "customModelName", "clientRequestToken", "baseModelIdentifier", "roleArn"):
        assert re.fullmatch(shape.members[member].metadata["pattern"], request[member]), member
    assert request["customizationType"] == "FINE_TUNING"


def test_the_distillation_request_fits_the_service_model() -> None:
    request = distillation_request(
        NAME,
        teacher="us.amazon.nova-pro-v1:0",
        max_tokens=512,
        role_arn="arn:aws:iam::123456789012:role/tuning",
        base_model="amazon.nova-micro-v1:0:128k",
        train_uri="s3://bucket/runs/r/5-dataset/train.jsonl",
        output_uri="s3://bucket/runs/r/6-model/student/",
        tags={"run": "r"},
    )
    shape = MODEL.operation_model("CreateModelCustomizationJob").input_shape
    assert not ParamValidator().validate(request, shape).has_errors()
    assert request["customizationType"] in shape.members["customizationType"].enum
    teacher = (
        shape.members["customizationConfig"]
        .members["distillationConfig"]
        .members["teacherModelConfig"]
        .members["teacherModelIdentifier"]
    )
    given: Any = request["customizationConfig"]
    assert re.fullmatch(
        teacher.metadata["pattern"], given["distillationConfig"]["teacherModelConfig"]["teacherModelIdentifier"]
    )
    assert {
        "jobName",
        "customModelName",
        "roleArn",
        "clientRequestToken",
        "trainingDataConfig",
        "outputDataConfig",
        "jobTags",
    } <= request.keys()


@pytest.mark.parametrize(
    ("rate", "spelled"), [(0.00001, "0.00001"), (0.0001, "0.0001"), (0.000001, "0.000001"), (0.000025, "0.000025")]
)
def test_hyperparameters_are_strings_without_exponents(rate: float, spelled: str) -> None:
    plan = Training(epoch_count=5, learning_rate=rate, learning_rate_warmup_steps=0)
    assert training(training=plan)["hyperParameters"] == {
        "epochCount": "5",
        "learningRate": spelled,
        "learningRateWarmupSteps": "0",
    }


def test_without_a_validation_set_none_is_named() -> None:
    assert "validationDataConfig" not in training(validation_uri=None)


def test_the_deployment_request_fits_the_service_model() -> None:
    request = deployment_request(
        NAME, model_arn="arn:aws:bedrock:us-east-1:123456789012:custom-model/imported/abcdefghijkl", tags={"run": "r"}
    )
    assert (
        not ParamValidator()
        .validate(request, MODEL.operation_model("CreateCustomModelDeployment").input_shape)
        .has_errors()
    )
