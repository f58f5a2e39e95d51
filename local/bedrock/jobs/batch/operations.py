"""The operations on batch jobs: Create, Get, List and StopModelInvocationJob."""

from typing import Any

from local.bedrock import catalog, job_faults
from local.bedrock.api.api_errors import ApiError, invalid
from local.bedrock.api.paging import Filters, Listed, page
from local.bedrock.api.tags import check_count
from local.bedrock.events import BATCH_EVENT, JobEvents
from local.bedrock.identifiers import arn, last_part, short_id
from local.bedrock.jobs.batch import run as batch_run
from local.bedrock.jobs.batch.job import BatchJob
from local.bedrock.jobs.registry import JobRegistry
from local.bedrock.models.conversation import Model
from local.bedrock.services import Services

# Submitted and in-progress jobs a model (L-FE130012 for Nova Pro, L-564C017C for Nova Micro).
MAX_RUNNING_A_MODEL = 20

# User guide, "Create a custom service role for batch inference".
ROLE_ACTIONS = ("bedrock:InvokeModel", "s3:GetObject", "s3:PutObject", "s3:ListBucket")


class BatchJobs:
    """All batch jobs since the start."""

    def __init__(self, services: Services, engines: dict[str, Model]) -> None:
        self._services, self._engines = services, engines
        self._jobs = JobRegistry[BatchJob]("CreateModelInvocationJob", "model invocation job", services.tags, "tags")

    def create(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        """CreateModelInvocationJob."""
        return {"jobArn": self._jobs.submit(parameters, lambda: self._accepted(parameters, region), self._run)}

    def _run(self, job: BatchJob) -> None:
        engine = catalog.text_model(job.request["modelId"], job.region).engine
        batch_run.run(job, self._engines[engine], self._services)

    def _accepted(self, parameters: dict[str, Any], region: str) -> BatchJob:
        """A new job; raises ApiError where it cannot be accepted."""
        if ":custom-model/" in parameters["modelId"]:
            raise invalid(
                "Batch inference is not supported for custom Amazon Nova models. Use Converse on a deployment of the "
                "model."
            )
        catalog.text_model(parameters["modelId"], region)
        check_count(len(parameters.get("tags", [])))
        if (
            "s3InputDataConfig" not in parameters["inputDataConfig"]
            or "s3OutputDataConfig" not in parameters["outputDataConfig"]
        ):
            raise invalid("inputDataConfig.s3InputDataConfig and outputDataConfig.s3OutputDataConfig are required.")
        self._services.aws.roles.check(parameters["roleArn"], ROLE_ACTIONS)
        self._jobs.check_name(parameters["jobName"])
        self._check_quota(parameters["modelId"])
        return self._new_job(parameters, region)

    def _check_quota(self, model_id: str) -> None:
        running = sum(
            job.running and last_part(job.request["modelId"]) == last_part(model_id) for job in self._jobs.all()
        )
        if running >= MAX_RUNNING_A_MODEL:
            raise ApiError(
                "ServiceQuotaExceededException",
                f"{running} batch jobs of {model_id} are running; the quota is {MAX_RUNNING_A_MODEL}.",
            )

    def _new_job(self, parameters: dict[str, Any], region: str) -> BatchJob:
        job_arn = arn(region, f"model-invocation-job/{short_id('batch', region, parameters['jobName'])}")
        faults = job_faults.take(self._services.faults, job_faults.BATCH_FAULTS, parameters["jobName"])
        events = JobEvents(self._services.aws.events, BATCH_EVENT, job_arn, "status", faults)
        return BatchJob(arn=job_arn, region=region, request=parameters, faults=faults, events=events)

    def get(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        """GetModelInvocationJob."""
        return self._jobs.find(parameters["jobIdentifier"], region).description()

    def list_jobs(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        """ListModelInvocationJobs."""
        listed = [Listed(job.created, job.name, job.status, job.description()) for job in self._jobs.of_region(region)]
        return page(listed, parameters, "invocationJobSummaries", Filters("submitTimeAfter", "submitTimeBefore"))

    def stop(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        """StopModelInvocationJob."""
        return self._jobs.stop(parameters["jobIdentifier"], region)
