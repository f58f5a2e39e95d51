"""Dataset -> the request for a customization job, and the request for the student's deployment."""

from collections.abc import Mapping
from typing import TypedDict, Unpack

from distillation.bedrock.job_names import client_token
from distillation.run.training import Training


class JobFacts(TypedDict):
    """What every customization job is given: role, model, S3 URIs of lines and metrics, tags."""

    role_arn: str
    base_model: str
    train_uri: str
    output_uri: str
    tags: Mapping[str, str]


def customization_request(
    job_name: str, *, training: Training, validation_uri: str | None, **facts: Unpack[JobFacts]
) -> dict[str, object]:
    """Arguments of `bedrock:CreateModelCustomizationJob` for fine-tuning: hyperparameters as strings, the model named
    as the job.
    """
    request = _job(job_name, facts) | {
        "customizationType": "FINE_TUNING",
        "hyperParameters": {
            "epochCount": str(training.epoch_count),
            "learningRate": f"{training.learning_rate:.10f}".rstrip("0"),
            "learningRateWarmupSteps": str(training.learning_rate_warmup_steps),
        },
    }
    if validation_uri:
        request["validationDataConfig"] = {"validators": [{"s3Uri": validation_uri}]}
    return request


def distillation_request(
    job_name: str, *, teacher: str, max_tokens: int, **facts: Unpack[JobFacts]
) -> dict[str, object]:
    """Arguments of `bedrock:CreateModelCustomizationJob` for managed distillation. `teacher`: model id or inference
    profile; `max_tokens` of its answers. AWS's guide names no hyperparameters or validation data for such a job.
    """
    teacher_config = {"teacherModelIdentifier": teacher, "maxResponseLengthForInference": max_tokens}
    return _job(job_name, facts) | {
        "customizationType": "DISTILLATION",
        "customizationConfig": {"distillationConfig": {"teacherModelConfig": teacher_config}},
    }


def deployment_request(name: str, *, model_arn: str, tags: Mapping[str, str]) -> dict[str, object]:
    """Arguments of `bedrock:CreateCustomModelDeployment`: on demand, no hourly price."""
    return {
        "modelDeploymentName": name,
        "modelArn": model_arn,
        "clientRequestToken": client_token(name),
        "tags": _tags(tags),
    }


def _job(job_name: str, facts: JobFacts) -> dict[str, object]:
    return {
        "jobName": job_name,
        "customModelName": job_name,
        "roleArn": facts["role_arn"],
        "clientRequestToken": client_token(job_name),
        "baseModelIdentifier": facts["base_model"],
        "trainingDataConfig": {"s3Uri": facts["train_uri"]},
        "outputDataConfig": {"s3Uri": facts["output_uri"]},
        "jobTags": _tags(facts["tags"]),
        "customModelTags": _tags(facts["tags"]),
    }


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in sorted(tags.items())]
