"""The operations on evaluation jobs: Create, Get, List and StopEvaluationJob."""

from typing import Any

from local.bedrock import job_faults
from local.bedrock.api.api_errors import ApiError
from local.bedrock.api.paging import Filters, Listed, page
from local.bedrock.api.tags import check_count
from local.bedrock.identifiers import arn, short_id
from local.bedrock.jobs.evaluation import run as evaluation_run
from local.bedrock.jobs.evaluation.job import EvaluationJob
from local.bedrock.jobs.evaluation.request import read_plan
from local.bedrock.jobs.registry import JobRegistry
from local.bedrock.models.conversation import Model
from local.bedrock.services import Services

# "(Model evaluation) Number of concurrent automatic model evaluation jobs": the default of the quota, not checked
# against an account.
MAX_RUNNING = 20
# The service model allows five summaries a page, whatever maxResults says.
_LARGEST_PAGE = 5


# User guide, "Service role requirements for model evaluation jobs that use a judge model".
ROLE_ACTIONS = (
    "bedrock:InvokeModel",
    "bedrock:CreateModelInvocationJob",
    "bedrock:StopModelInvocationJob",
    "s3:ListBucket",
    "s3:GetBucketLocation",
    "s3:GetObject",
    "s3:PutObject",
    "s3:AbortMultipartUpload",
    "s3:ListBucketMultipartUploads",
    "s3:ListMultipartUploadParts",
)


class EvaluationJobs:
    """All evaluation jobs since the start."""

    def __init__(self, services: Services, engines: dict[str, Model]) -> None:
        self._services, self._engines = services, engines
        self._jobs = JobRegistry[EvaluationJob]("CreateEvaluationJob", "evaluation job", services.tags, "jobTags")

    def create(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        """CreateEvaluationJob."""
        return {"jobArn": self._jobs.submit(parameters, lambda: self._accepted(parameters, region), self._run)}

    def _run(self, job: EvaluationJob) -> None:
        evaluation_run.run(job, self._engines, self._services)

    def _accepted(self, parameters: dict[str, Any], region: str) -> EvaluationJob:
        """A new job; raises ApiError where it cannot be accepted."""
        plan = read_plan(parameters, region)
        check_count(len(parameters.get("jobTags", [])))
        self._services.aws.roles.check(parameters["roleArn"], ROLE_ACTIONS)
        self._jobs.check_name(parameters["jobName"])
        if sum(job.running for job in self._jobs.all()) >= MAX_RUNNING:
            raise ApiError(
                "ServiceQuotaExceededException",
                f"{MAX_RUNNING} evaluation jobs are running already; wait for one to end.",
            )
        job_arn = arn(region, f"evaluation-job/{short_id('evaluation', region, parameters['jobName'])}")
        faults = job_faults.take(self._services.faults, job_faults.EVALUATION_FAULTS, parameters["jobName"])
        return EvaluationJob(arn=job_arn, region=region, request=parameters, faults=faults, plan=plan)

    def get(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        """GetEvaluationJob."""
        return self._jobs.find(parameters["jobIdentifier"], region).description()

    def list_jobs(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        """ListEvaluationJobs."""
        wanted = parameters.get("applicationTypeEquals", "ModelEvaluation") == "ModelEvaluation"
        listed = [
            Listed(job.created, job.name, job.status, job.summary()) for job in self._jobs.of_region(region) if wanted
        ]
        return page(
            listed,
            parameters,
            "jobSummaries",
            Filters("creationTimeAfter", "creationTimeBefore", largest_page=_LARGEST_PAGE),
        )

    def stop(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        """StopEvaluationJob."""
        return self._jobs.stop(parameters["jobIdentifier"], region)
