"""Bedrock evaluation jobs: an LLM judges answers that were made before."""

from typing import TYPE_CHECKING, Any

from distillation.bedrock.job_names import client_token
from distillation.bedrock.waiting import JobLook
from gateways.aws_errors import NOT_RUNNING, busy_is_retryable, passing_over, unless_gone
from gateways.bedrock.listings import arn_by_name

if TYPE_CHECKING:
    from types_boto3_bedrock import BedrockClient


class EvaluationJobs:
    """Submits, finds, looks at and stops evaluation jobs."""

    def __init__(self, client: "BedrockClient", role_arn: str) -> None:
        """`role_arn`: what Bedrock reads the answers, asks the judge and writes the results as."""
        self._client, self._role = client, role_arn

    def create(self, name: str, *, judging: Any, output_uri: str, source_id: str, tags: dict[str, str]) -> str:
        """Submits a job over one dataset of at most 1,000 lines whose modelIdentifier is `source_id`, and gives its
        ARN.

        `name`: 1-63 of [a-z0-9-], lower case only. `judging`: the config that `judging_config` gave. The results stand
        below `output_uri`/`name`/ in a file that ends with _output.jsonl. The client token makes a second call with the
        same name harmless.

        Raises:
            ThrottledByBedrock: Bedrock is busy.
        """
        with busy_is_retryable(f"CreateEvaluationJob {name}"):
            return self._client.create_evaluation_job(
                jobName=name,
                roleArn=self._role,
                clientRequestToken=client_token(name),
                applicationType="ModelEvaluation",
                evaluationConfig={"automated": judging},
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
