"""Bedrock evaluation jobs: an LLM judges answers that were made before."""

from typing import TYPE_CHECKING, Any

from distillation.bedrock.job_names import client_token
from distillation.bedrock.waiting import JobLook
from gateways.aws_errors import NOT_RUNNING, busy_is_retryable, passing_over
from gateways.bedrock.named_jobs import Listing, NamedJobs

if TYPE_CHECKING:
    from types_boto3_bedrock import BedrockClient


class EvaluationJobs(NamedJobs):
    """Submits, finds, looks at and stops evaluation jobs."""

    listing = Listing("list_evaluation_jobs", "jobSummaries")

    def __init__(self, client: "BedrockClient", role_arn: str) -> None:
        """`role_arn`: what Bedrock reads the answers, asks the judge and writes the results as."""
        self._client, self._role = client, role_arn

    def create(self, name: str, *, judging: Any, output_uri: str, source_id: str, tags: dict[str, str]) -> str:
        """Submits a job over one dataset of at most 1,000 lines whose modelIdentifier is `source_id`. Gives its ARN.

        `name`: 1-63 of [a-z0-9-], lower case only; a second call with the same name changes nothing. `judging`: the
        config that `judging_config` gave. The results stand below `output_uri`/`name`/ in a file *_output.jsonl.
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

    def _look(self, arn: str) -> JobLook:
        with busy_is_retryable(f"GetEvaluationJob {arn}"):
            job = self._client.get_evaluation_job(jobIdentifier=arn)
        return JobLook(
            status=job["status"], message="; ".join(job.get("failureMessages", [])), created=job.get("creationTime")
        )

    def stop(self, arn: str) -> None:
        """Asks a job to stop; one that has ended already is left alone."""
        with busy_is_retryable(f"StopEvaluationJob {arn}"), passing_over(NOT_RUNNING):
            self._client.stop_evaluation_job(jobIdentifier=arn)
