"""Runs a customization job: reads and checks the files, trains, writes the metrics, stores the model."""

import csv
import io
import math
import time
from collections.abc import Iterable
from typing import Any

from local.bedrock.identifiers import arn, foundation_model_arn, short_id
from local.bedrock.jobs.customization import distillation_data, training
from local.bedrock.jobs.customization.custom_models import CustomModels
from local.bedrock.jobs.customization.job import DISTILLATION, CustomizationJob
from local.bedrock.jobs.customization.training import Step, Training
from local.bedrock.jobs.customization.training_data import Example, check_sample_count, read_examples
from local.bedrock.jobs.job import run_to_its_end
from local.bedrock.services import Services


def run(job: CustomizationJob, models: CustomModels, services: Services) -> None:
    """From InProgress to a terminal state; never raises."""
    run_to_its_end(job, lambda: _run(job, models, services))


def _run(job: CustomizationJob, models: CustomModels, services: Services) -> None:
    _phase(job, 0, services)
    examples, validation = _read(job, services)
    _phase(job, 1, services)
    job.meet_faults()
    if job.kind == DISTILLATION:
        examples = distillation_data.answered(
            examples, services.teacher, distillation_data.response_tokens(job.request), job.check_stop
        )
        check_sample_count(len(examples), len(validation))
    _phase(job, 2, services)
    result = training.train(
        services.embedder, examples, validation, job.hyperparameters, lambda epoch: job.check_stop()
    )
    _write_metrics(job, result, services)
    job.last_step = result.steps[-1]
    job.phase, job.model_arn = (
        3,
        arn(job.region, f"custom-model/{job.base_model_id}/{short_id('model', job.arn, str(time.time_ns()))}"),
    )
    models.add(_description(job), result.student)
    services.tags.add(job.model_arn, job.request.get("customModelTags", []))
    job.move("Completed")


def _read(job: CustomizationJob, services: Services) -> tuple[list[Example], list[Example]]:
    """The training and the validation examples. Those of a distillation job may still lack their response."""

    def lines(uri: str) -> tuple[bytes, str]:
        return services.aws.storage.read(uri), uri.rsplit("/", 1)[-1]

    read = distillation_data.read_prompts if job.kind == DISTILLATION else read_examples
    trained = read(*lines(job.request["trainingDataConfig"]["s3Uri"]))
    validators = job.request.get("validationDataConfig", {}).get("validators", [])
    validation = [example for validator in validators for example in read_examples(*lines(validator["s3Uri"]))]
    check_sample_count(len(trained), len(validation))
    return trained, validation


def _phase(job: CustomizationJob, number: int, services: Services) -> None:
    job.phase = number
    job.stay(services.state_seconds)


def _write_metrics(job: CustomizationJob, result: Training, services: Services) -> None:
    folder = f"{job.request['outputDataConfig']['s3Uri'].rstrip('/')}/model-customization-job-{job.job_id}"
    rows = ((step.step, step.epoch, step.training_loss, math.exp(step.training_loss)) for step in result.steps)
    header = ("step_number", "epoch_number", "training_loss", "perplexity")
    services.aws.storage.write(f"{folder}/training_artifacts/step_wise_training_metrics.csv", _table(header, rows))
    checked = [_validation_row(step) for step in result.steps if step.validation_loss is not None]
    if checked:
        header = ("step_number", "epoch_number", "validation_loss", "perplexity")
        services.aws.storage.write(
            f"{folder}/validation_artifacts/post_fine_tuning_validation/validation_metrics.csv", _table(header, checked)
        )


def _validation_row(step: Step) -> tuple[int, int, float, float]:
    loss = step.validation_loss or 0.0
    return step.step, step.epoch, loss, math.exp(loss)


def _table(header: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([header, *rows])
    return stream.getvalue()


def _description(job: CustomizationJob) -> dict[str, Any]:
    """The output of GetCustomModel."""
    shown = ("trainingDataConfig", "validationDataConfig", "outputDataConfig", "customizationConfig")
    return {
        "modelArn": job.model_arn,
        "modelName": job.request["customModelName"],
        "jobName": job.name,
        "jobArn": job.arn,
        "baseModelArn": foundation_model_arn(job.region, job.base_model_id),
        "customizationType": job.kind,
        "hyperParameters": job.request.get("hyperParameters", {}),
        **{name: job.request[name] for name in shown if name in job.request},
        **job.metrics(),
        "creationTime": job.created,
        "modelStatus": "Active",
    }
