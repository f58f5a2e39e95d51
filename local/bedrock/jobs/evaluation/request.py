"""What an evaluation job is asked to do, checked: an LLM judges answers that were made before.

Bedrock user guide, "Evaluate model performance using another LLM as a judge".
"""

import re
from typing import Any, NamedTuple

from local.bedrock import catalog
from local.bedrock.api.api_errors import invalid
from local.bedrock.jobs.evaluation.judge import BUILTIN_METRICS

TASK_TYPE = "General"
MAX_DEFINITION_WORDS = 5
# What instructions hold in the place of a dataset line's texts; the first two are required.
VARIABLE = re.compile(r"\{\{\s*(prompt|prediction|ground_truth)\s*\}\}")


class Rating(NamedTuple):
    """One step of a rating scale: what the judge says, and the value that it counts as."""

    definition: str
    value: float | str


class CustomMetric(NamedTuple):
    """A metric of the caller's own. `definition` is what the request holds."""

    name: str
    instructions: str
    ratings: tuple[Rating, ...]
    definition: dict[str, Any]


class EvaluationPlan(NamedTuple):
    """A checked request.

    `metrics` are built-in names, `custom` the caller's own that are listed too; each kind has its judge (model id;
    None: none given).
    """

    dataset_name: str
    dataset_uri: str
    source: str
    metrics: tuple[str, ...]
    custom: tuple[CustomMetric, ...]
    judge: str | None
    custom_judge: str | None


def read_plan(parameters: dict[str, Any], region: str) -> EvaluationPlan:
    """The plan of a request that fits its shape.

    Raises ValidationException for what Bedrock, or this local Bedrock, does not evaluate.
    """
    if parameters.get("applicationType", "ModelEvaluation") != "ModelEvaluation":
        raise invalid("The local Bedrock evaluates models only, not RAG sources.")
    config = parameters["evaluationConfig"].get("automated")
    if config is None:
        raise invalid("The local Bedrock has no human workers. Use evaluationConfig.automated.")
    name, uri, listed = _dataset(config["datasetMetricConfigs"])
    metrics, custom = _metrics(listed, _custom_metrics(config))
    judge, custom_judge = (
        _judge(config, "evaluatorModelConfig", region),
        _judge(config.get("customMetricConfig", {}), "evaluatorModelConfig", region),
    )
    if metrics and judge is None:
        raise invalid("evaluatorModelConfig.bedrockEvaluatorModels is required for built-in metrics.")
    return EvaluationPlan(name, uri, _source(parameters["inferenceConfig"]), metrics, custom, judge, custom_judge)


def _dataset(configs: list[dict[str, Any]]) -> tuple[str, str, list[str]]:
    if len(configs) != 1:
        raise invalid(f"The local Bedrock takes one dataset a job, got {len(configs)}.")
    config = configs[0]
    if config["taskType"] != TASK_TYPE:
        raise invalid(f"A job with an evaluator model has the taskType {TASK_TYPE}, not {config['taskType']}.")
    uri = config["dataset"].get("datasetLocation", {}).get("s3Uri")
    if uri is None:
        raise invalid("A job with an evaluator model has no built-in datasets. Set datasetLocation.s3Uri.")
    return config["dataset"]["name"], uri, config["metricNames"]


def _source(config: dict[str, Any]) -> str:
    models = config.get("models", [])
    if len(models) != 1 or "precomputedInferenceSource" not in models[0]:
        raise invalid(
            "The local Bedrock judges the answers of one model a job, given as "
            "inferenceConfig.models[0].precomputedInferenceSource."
        )
    return str(models[0]["precomputedInferenceSource"]["inferenceSourceIdentifier"])


def _judge(config: dict[str, Any], member: str, region: str) -> str | None:
    models = config.get(member, {}).get("bedrockEvaluatorModels", [])
    if not models:
        return None
    catalog.judge_model(models[0]["modelIdentifier"], region)
    return str(models[0]["modelIdentifier"])


def _metrics(listed: list[str], custom: dict[str, CustomMetric]) -> tuple[tuple[str, ...], tuple[CustomMetric, ...]]:
    """The listed metrics of both kinds.

    A custom metric that is defined and not listed is left out without a word, as users report of Bedrock.
    """
    unknown = [name for name in listed if name not in BUILTIN_METRICS and name not in custom]
    if unknown:
        raise invalid(
            f"Unknown metrics {unknown}. Built in are {', '.join(BUILTIN_METRICS)}; others must be defined in "
            "customMetricConfig."
        )
    return tuple(name for name in listed if name in BUILTIN_METRICS), tuple(
        custom[name] for name in listed if name in custom
    )


def _custom_metrics(config: dict[str, Any]) -> dict[str, CustomMetric]:
    definitions = [
        metric["customMetricDefinition"] for metric in config.get("customMetricConfig", {}).get("customMetrics", [])
    ]
    metrics = {definition["name"]: _custom_metric(definition) for definition in definitions}
    if len(metrics) < len(definitions):
        raise invalid("The names of custom metrics must be unique.")
    return metrics


def _custom_metric(definition: dict[str, Any]) -> CustomMetric:
    name, instructions = definition["name"], definition["instructions"]
    if not {"prompt", "prediction"} <= set(VARIABLE.findall(instructions)):
        raise invalid(
            f"The instructions of the custom metric {name} must contain {{{{prompt}}}} and {{{{prediction}}}}."
        )
    ratings = tuple(
        Rating(" ".join(item["definition"].split()), next(iter(item["value"].values())))
        for item in definition.get("ratingScale", [])
    )
    if any(len(rating.definition.split()) > MAX_DEFINITION_WORDS for rating in ratings):
        raise invalid(f"A definition in the rating scale of {name} has more than {MAX_DEFINITION_WORDS} words.")
    if len({rating.definition for rating in ratings}) < len(ratings):
        raise invalid(f"The definitions in the rating scale of {name} must be unique.")
    if len({isinstance(rating.value, str) for rating in ratings}) > 1:
        raise invalid(f"The values in the rating scale of {name} must all be numbers or all be strings.")
    return CustomMetric(name, instructions, ratings, definition)
