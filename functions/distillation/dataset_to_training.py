"""Dataset -> the request for a customization job, and the request for the student's deployment."""

from collections.abc import Mapping

from distillation.job_names import client_token
from distillation.records import Record


class TrainingPlan(Record, frozen=True):
    """Hyperparameters of Nova fine-tuning: epochs 1-5, learning rate 1e-6 to 1e-4, warm-up steps 0-100 (Amazon Nova user guide)."""

    epoch_count: int
    learning_rate: float
    learning_rate_warmup_steps: int


def customization_request(
    job_name: str, *, role_arn: str, base_model: str, plan: TrainingPlan, train_uri: str, validation_uri: str | None, output_uri: str, tags: Mapping[str, str]
) -> dict[str, object]:
    """Arguments of `bedrock:CreateModelCustomizationJob`. Hyperparameters travel as strings; the model is named as the job."""
    request: dict[str, object] = {
        "jobName": job_name,
        "customModelName": job_name,
        "roleArn": role_arn,
        "clientRequestToken": client_token(job_name),
        "baseModelIdentifier": base_model,
        "customizationType": "FINE_TUNING",
        "hyperParameters": {
            "epochCount": str(plan.epoch_count),
            "learningRate": f"{plan.learning_rate:.10f}".rstrip("0"),
            "learningRateWarmupSteps": str(plan.learning_rate_warmup_steps),
        },
        "trainingDataConfig": {"s3Uri": train_uri},
        "outputDataConfig": {"s3Uri": output_uri},
        "jobTags": _tags(tags),
        "customModelTags": _tags(tags),
    }
    if validation_uri:
        request["validationDataConfig"] = {"validators": [{"s3Uri": validation_uri}]}
    return request


def deployment_request(name: str, *, model_arn: str, tags: Mapping[str, str]) -> dict[str, object]:
    """Arguments of `bedrock:CreateCustomModelDeployment`: on demand, no hourly price."""
    return {"modelDeploymentName": name, "modelArn": model_arn, "clientRequestToken": client_token(name), "tags": _tags(tags)}


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in sorted(tags.items())]
