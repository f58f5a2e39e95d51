"""Bedrock evaluation jobs: an LLM judges answers that were made before."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from distillation.bedrock.job_names import client_token
from distillation.bedrock.waiting import JobLook
from gateways.aws_errors import NOT_RUNNING, busy_is_retryable, passing_over, unless_gone
from gateways.bedrock.listings import arn_by_name

if TYPE_CHECKING:
    from types_boto3_bedrock import BedrockClient

    from distillation.run.evaluation import CustomMetric

TASK_TYPE = "General"
"""What every AWS sample of an LLM-as-a-judge job says, though the service model's enum does not have it."""


class EvaluationJobs:
    """Submits, finds, looks at and stops evaluation jobs."""

    def __init__(self, client: "BedrockClient") -> None:
        self._client = client

    def create(
        self,
        name: str,
        *,
        role_arn: str,
        judge_model: str,
        dataset_uri: str,
        output_uri: str,
        metrics: Sequence[str],
        custom_metrics: Sequence["CustomMetric"] = (),
        source_id: str,
        tags: dict[str, str],
    ) -> str:
        """Submits a job over one dataset of at most 1,000 lines whose modelIdentifier is `source_id`, and gives its
        ARN.

        `name`: 1-63 of [a-z0-9-], lower case only; it is the dataset's name too. `metrics`: built-in ones, as
        Builtin.Correctness. The results stand below `output_uri`/`name`/ in a file that ends with _output.jsonl. The
        client token makes a second call with the same name harmless.

        Raises:
            ThrottledByBedrock: Bedrock is busy.
        """
        automated = _automated(name, judge_model, dataset_uri, metrics, custom_metrics)
        with busy_is_retryable(f"CreateEvaluationJob {name}"):
            return self._client.create_evaluation_job(
                jobName=name,
                roleArn=role_arn,
                clientRequestToken=client_token(name),
                applicationType="ModelEvaluation",
                evaluationConfig={"automated": automated},
                inferenceConfig={"models": [{"precomputedInferenceSource": {"inferenceSourceIdentifier": source_id}}]},
                outputDataConfig={"s3Uri": output_uri},
                jobTags=[{"key": key, "value": value} for key, value in sorted(tags.items())],
            )["jobArn"]

    def find(self, name: str) -> str | None:
        """The ARN of the job with exactly this name, None where there is none."""
        return arn_by_name(
            self._client, "list_evaluation_jobs", name, summaries="jobSummaries", name_key="jobName", arn_key="jobArn"
        )

    def look(self, arn: str) -> JobLook:
        """The job as Bedrock sees it now."""
        return unless_gone(lambda: self._look(arn))

    def _look(self, arn: str) -> JobLook:
        with busy_is_retryable(f"GetEvaluationJob {arn}"):
            job = self._client.get_evaluation_job(jobIdentifier=arn)
        return JobLook(
            status=job["status"], message="; ".join(job.get("failureMessages", [])), created=job.get("creationTime")
        )

    def stop(self, arn: str) -> None:
        """Asks a job to stop; one that has ended already is left alone.

        Raises:
            ThrottledByBedrock: Bedrock is busy.
        """
        with busy_is_retryable(f"StopEvaluationJob {arn}"), passing_over(NOT_RUNNING):
            self._client.stop_evaluation_job(jobIdentifier=arn)


def _automated(
    name: str, judge_model: str, dataset_uri: str, metrics: Sequence[str], custom: Sequence["CustomMetric"]
) -> Any:
    judge = {"bedrockEvaluatorModels": [{"modelIdentifier": judge_model}]}
    # Bedrock ignores a custom metric that is defined and not listed among the names.
    names = [*metrics, *(metric.name for metric in custom)]
    dataset = {
        "taskType": TASK_TYPE,
        "dataset": {"name": name, "datasetLocation": {"s3Uri": dataset_uri}},
        "metricNames": names,
    }
    own = (
        {
            "customMetricConfig": {
                "customMetrics": [_definition(metric) for metric in custom],
                "evaluatorModelConfig": judge,
            }
        }
        if custom
        else {}
    )
    return {"datasetMetricConfigs": [dataset], "evaluatorModelConfig": judge, **own}


def _definition(metric: "CustomMetric") -> dict[str, Any]:
    scale = [{"definition": definition, "value": {"floatValue": value}} for definition, value in metric.scale.items()]
    return {"customMetricDefinition": {"name": metric.name, "instructions": metric.instructions, "ratingScale": scale}}
