"""The operations on customization jobs: Create, Get, List and StopModelCustomizationJob."""

import re
import threading
from typing import Any

from local.bedrock import catalog, customization_run, job_faults
from local.bedrock.api_errors import ApiError, conflict, invalid, not_found
from local.bedrock.custom_models import MAX_MODELS, CustomModels
from local.bedrock.customization_job import CustomizationJob
from local.bedrock.events import CUSTOMIZATION_EVENT, JobEvents
from local.bedrock.hyperparameters import read_hyperparameters
from local.bedrock.idempotency import Tokens
from local.bedrock.identifiers import arn, last_part, short_id
from local.bedrock.paging import Filters, Listed, page
from local.bedrock.services import Services
from local.bedrock.tags import check_count

# Scheduled customization jobs an account.
MAX_RUNNING = 2
_DATA_URI = re.compile(r"s3://[^/]+/[\w\-/.]+\.jsonl")


class CustomizationJobs:
    """All customization jobs since the start."""

    def __init__(self, services: Services, models: CustomModels) -> None:
        self._services, self._models = services, models
        self._jobs: dict[str, CustomizationJob] = {}
        self._tokens, self._lock = Tokens(), threading.RLock()

    def create(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        """CreateModelCustomizationJob."""
        with self._lock:
            known = self._tokens.replay("CreateModelCustomizationJob", parameters)
            if known:
                return {"jobArn": known}
            self._accept(parameters, region)
            job = self._new_job(parameters, region)
            self._jobs[job.job_id] = job
            self._tokens.remember("CreateModelCustomizationJob", parameters, job.arn)
        self._services.tags.add(job.arn, parameters.get("jobTags", []))
        job.events.announce_early(job.event_detail())
        job.events.announce(job.event_detail(), ended=False)
        threading.Thread(target=customization_run.run, args=(job, self._models, self._services), daemon=True, name=job.name).start()
        return {"jobArn": job.arn}

    def _accept(self, parameters: dict[str, Any], region: str) -> None:
        """Raise ApiError where the job cannot be accepted."""
        catalog.tunable_model(parameters["baseModelIdentifier"], region)
        if parameters.get("customizationType", "FINE_TUNING") != "FINE_TUNING":
            raise invalid(f"The local Bedrock does FINE_TUNING only, not {parameters['customizationType']}.")
        _check_data(parameters)
        check_count(max(len(parameters.get("jobTags", [])), len(parameters.get("customModelTags", []))))
        problem = self._services.aws.roles.problem(parameters["roleArn"])
        if problem:
            raise invalid(problem)
        self._check_names(parameters, region)
        self._check_quotas()

    def _check_names(self, parameters: dict[str, Any], region: str) -> None:
        if any(job.name == parameters["jobName"] for job in self._jobs.values()):
            raise conflict(f"The job name {parameters['jobName']} is already in use. Choose another name, or adopt the job that has it.")
        name = parameters["customModelName"]
        if self._models.find(name, region) or any(job.running and job.request["customModelName"] == name for job in self._jobs.values()):
            raise conflict(f"The custom model name {name} is already in use. Choose another name, or adopt the model that has it.")

    def _check_quotas(self) -> None:
        if sum(job.running for job in self._jobs.values()) >= MAX_RUNNING:
            raise ApiError("ServiceQuotaExceededException", f"{MAX_RUNNING} customization jobs are scheduled already; wait for one to end.")
        if self._models.count() >= MAX_MODELS:
            raise ApiError("ServiceQuotaExceededException", f"The account has {MAX_MODELS} custom models; delete one that is not needed.")

    def _new_job(self, parameters: dict[str, Any], region: str) -> CustomizationJob:
        base = catalog.tunable_model(parameters["baseModelIdentifier"], region).model_id
        job_arn = arn(region, f"model-customization-job/{base}/{short_id('customization', region, parameters['jobName'])}")
        faults = job_faults.take(self._services.faults, job_faults.CUSTOMIZATION_FAULTS, parameters["jobName"])
        events = JobEvents(self._services.aws.events, CUSTOMIZATION_EVENT, job_arn, "jobStatus", faults)
        return CustomizationJob(job_arn, region, base, parameters, read_hyperparameters(parameters.get("hyperParameters", {})), faults, events)

    def get(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        """GetModelCustomizationJob, by ARN or name."""
        return self._find(parameters["jobIdentifier"], region).description()

    def list_jobs(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        """ListModelCustomizationJobs."""
        listed = [Listed(job.created, job.name, job.status, job.summary()) for job in list(self._jobs.values()) if job.region == region]
        return page(listed, parameters, "modelCustomizationJobSummaries", Filters("creationTimeAfter", "creationTimeBefore"))

    def stop(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        """StopModelCustomizationJob."""
        job = self._find(parameters["jobIdentifier"], region)
        if not job.begin_stopping():
            raise conflict(f"The job {job.name} is {job.status} and cannot be stopped.")
        return {}

    def _find(self, identifier: str, region: str) -> CustomizationJob:
        by_name = next((job for job in list(self._jobs.values()) if job.name == identifier), None)
        job = self._jobs.get(last_part(identifier)) or by_name
        if job is None or job.region != region:
            raise not_found(f"The model customization job {identifier}")
        return job


def _check_data(parameters: dict[str, Any]) -> None:
    read_hyperparameters(parameters.get("hyperParameters", {}))
    uris = [parameters["trainingDataConfig"].get("s3Uri", "")]
    uris += [validator["s3Uri"] for validator in parameters.get("validationDataConfig", {}).get("validators", [])]
    for uri in uris:
        if not _DATA_URI.fullmatch(uri):
            raise invalid(f"'{uri}' is not a data file: s3://bucket/key with a key of letters, digits, _, -, /, . that ends with .jsonl.")
