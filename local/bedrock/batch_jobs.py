"""The operations on batch jobs: Create, Get, List and StopModelInvocationJob."""

import threading
from typing import Any

from local.bedrock import batch_run, catalog, job_faults
from local.bedrock.api_errors import ApiError, conflict, invalid, not_found
from local.bedrock.batch_job import BatchJob
from local.bedrock.conversation import Model
from local.bedrock.events import BATCH_EVENT, JobEvents
from local.bedrock.idempotency import Tokens
from local.bedrock.identifiers import arn, last_part, short_id
from local.bedrock.paging import Filters, Listed, page
from local.bedrock.services import Services
from local.bedrock.tags import check_count

# Submitted and in-progress jobs a model (L-FE130012 for Nova Pro, L-564C017C for Nova Micro).
MAX_RUNNING_A_MODEL = 20


class BatchJobs:
    """All batch jobs since the start."""

    def __init__(self, services: Services, engines: dict[str, Model]) -> None:
        self._services, self._engines = services, engines
        self._jobs: dict[str, BatchJob] = {}
        self._tokens, self._lock = Tokens(), threading.RLock()

    def create(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        """CreateModelInvocationJob."""
        with self._lock:
            known = self._tokens.replay("CreateModelInvocationJob", parameters)
            if known:
                return {"jobArn": known}
            model = self._accept(parameters, region)
            job = self._new_job(parameters, region)
            self._jobs[job.job_id] = job
            self._tokens.remember("CreateModelInvocationJob", parameters, job.arn)
        self._services.tags.add(job.arn, parameters.get("tags", []))
        job.events.announce_early(job.event_detail())
        job.events.announce(job.event_detail(), ended=False)
        threading.Thread(target=batch_run.run, args=(job, self._engines[model.engine], self._services), daemon=True, name=job.name).start()
        return {"jobArn": job.arn}

    def _accept(self, parameters: dict[str, Any], region: str) -> catalog.FoundationModel:
        """The job's model; raises ApiError where the job cannot be accepted."""
        if ":custom-model/" in parameters["modelId"]:
            raise invalid("Batch inference is not supported for custom Amazon Nova models. Use Converse on a deployment of the model.")
        model = catalog.invocable_model(parameters["modelId"], region)
        check_count(len(parameters.get("tags", [])))
        if "s3InputDataConfig" not in parameters["inputDataConfig"] or "s3OutputDataConfig" not in parameters["outputDataConfig"]:
            raise invalid("inputDataConfig.s3InputDataConfig and outputDataConfig.s3OutputDataConfig are required.")
        problem = self._services.aws.roles.problem(parameters["roleArn"])
        if problem:
            raise invalid(problem)
        if any(job.name == parameters["jobName"] for job in self._jobs.values()):
            raise conflict(f"The job name {parameters['jobName']} is already in use. Choose another name, or adopt the job that has it.")
        running = sum(job.running and last_part(job.request["modelId"]) == last_part(parameters["modelId"]) for job in self._jobs.values())
        if running >= MAX_RUNNING_A_MODEL:
            raise ApiError("ServiceQuotaExceededException", f"{running} batch jobs of {parameters['modelId']} are running; the quota is {MAX_RUNNING_A_MODEL}.")
        return model

    def _new_job(self, parameters: dict[str, Any], region: str) -> BatchJob:
        job_arn = arn(region, f"model-invocation-job/{short_id('batch', region, parameters['jobName'])}")
        faults = job_faults.take(self._services.faults, job_faults.BATCH_FAULTS, parameters["jobName"])
        return BatchJob(job_arn, region, parameters, faults, JobEvents(self._services.aws.events, BATCH_EVENT, job_arn, "status", faults))

    def get(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        """GetModelInvocationJob."""
        return self._find(parameters["jobIdentifier"], region).description()

    def list_jobs(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        """ListModelInvocationJobs."""
        listed = [Listed(job.submitted, job.name, job.status, job.description()) for job in list(self._jobs.values()) if job.region == region]
        return page(listed, parameters, "invocationJobSummaries", Filters("submitTimeAfter", "submitTimeBefore"))

    def stop(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        """StopModelInvocationJob."""
        job = self._find(parameters["jobIdentifier"], region)
        if not job.begin_stopping():
            raise conflict(f"The job {job.name} is {job.status} and cannot be stopped.")
        return {}

    def _find(self, identifier: str, region: str) -> BatchJob:
        job = self._jobs.get(last_part(identifier))
        if job is None or job.region != region:
            raise not_found(f"The model invocation job {identifier}")
        return job
