"""The operations on customization jobs: Create, Get, List and StopModelCustomizationJob."""

import re
from typing import Any

from local.bedrock import catalog, job_faults
from local.bedrock.api.api_errors import ApiError, conflict, invalid
from local.bedrock.api.paging import Filters, Listed, page
from local.bedrock.api.tags import check_count
from local.bedrock.events import CUSTOMIZATION_EVENT, JobEvents
from local.bedrock.identifiers import arn, short_id
from local.bedrock.jobs.customization import distillation_data
from local.bedrock.jobs.customization import run as customization_run
from local.bedrock.jobs.customization.custom_models import MAX_MODELS, CustomModels
from local.bedrock.jobs.customization.hyperparameters import read_hyperparameters
from local.bedrock.jobs.customization.job import DISTILLATION, FINE_TUNING, CustomizationJob
from local.bedrock.jobs.registry import JobRegistry
from local.bedrock.services import Services

# User guide, "Create a service role for model customization".
ROLE_ACTIONS = ("s3:GetObject", "s3:PutObject", "s3:ListBucket")
_DATA_URI = re.compile(r"s3://[^/]+/[\w\-/.]+\.jsonl")


class CustomizationJobs:
    """All customization jobs since the start."""

    def __init__(self, services: Services, models: CustomModels) -> None:
        self._services, self._models = services, models
        self._jobs = JobRegistry[CustomizationJob](
            "CreateModelCustomizationJob", "model customization job", services.tags, "jobTags"
        )

    def create(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        """CreateModelCustomizationJob."""
        return {"jobArn": self._jobs.submit(parameters, lambda: self._accepted(parameters, region), self._run)}

    def _run(self, job: CustomizationJob) -> None:
        customization_run.run(job, self._models, self._services)

    def _accepted(self, parameters: dict[str, Any], region: str) -> CustomizationJob:
        """A new job; raises ApiError where it cannot be accepted."""
        catalog.tunable_model(parameters["baseModelIdentifier"], region)
        _check_kind(parameters, region)
        _check_data(parameters)
        check_count(max(len(parameters.get("jobTags", [])), len(parameters.get("customModelTags", []))))
        self._services.aws.roles.check(parameters["roleArn"], ROLE_ACTIONS)
        self._jobs.check_name(parameters["jobName"])
        self._check_model_name(parameters["customModelName"], region)
        self._check_quotas()
        return self._new_job(parameters, region)

    def _check_model_name(self, name: str, region: str) -> None:
        if self._models.find(name, region) or any(
            job.running and job.request["customModelName"] == name for job in self._jobs.all()
        ):
            raise conflict(
                f"The custom model name {name} is already in use. Choose another name, or adopt the model that has it."
            )

    def _check_quotas(self) -> None:
        most = self._services.customization_jobs
        if sum(job.running for job in self._jobs.all()) >= most:
            raise ApiError(
                "ServiceQuotaExceededException",
                f"{most} customization jobs are scheduled already; wait for one to end.",
            )
        if self._models.count() >= MAX_MODELS:
            raise ApiError(
                "ServiceQuotaExceededException",
                f"The account has {MAX_MODELS} custom models; delete one that is not needed.",
            )

    def _new_job(self, parameters: dict[str, Any], region: str) -> CustomizationJob:
        base = catalog.tunable_model(parameters["baseModelIdentifier"], region).model_id
        job_arn = arn(
            region, f"model-customization-job/{base}/{short_id('customization', region, parameters['jobName'])}"
        )
        faults = job_faults.take(self._services.faults, job_faults.CUSTOMIZATION_FAULTS, parameters["jobName"])
        return CustomizationJob(
            arn=job_arn,
            region=region,
            request=parameters,
            faults=faults,
            events=JobEvents(self._services.aws.events, CUSTOMIZATION_EVENT, job_arn, "jobStatus", faults),
            base_model_id=base,
            hyperparameters=read_hyperparameters(parameters.get("hyperParameters", {})),
        )

    def get(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        """GetModelCustomizationJob, by ARN or name."""
        return self._jobs.find(parameters["jobIdentifier"], region).description()

    def list_jobs(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        """ListModelCustomizationJobs."""
        listed = [Listed(job.created, job.name, job.status, job.summary()) for job in self._jobs.of_region(region)]
        return page(
            listed, parameters, "modelCustomizationJobSummaries", Filters("creationTimeAfter", "creationTimeBefore")
        )

    def stop(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        """StopModelCustomizationJob."""
        return self._jobs.stop(parameters["jobIdentifier"], region)


def _check_kind(parameters: dict[str, Any], region: str) -> None:
    kind = parameters.get("customizationType", FINE_TUNING)
    if kind == DISTILLATION:
        distillation_data.check_request(parameters, region)
    elif kind != FINE_TUNING:
        raise invalid(f"The local Bedrock does FINE_TUNING and DISTILLATION, not {kind}.")
    elif "customizationConfig" in parameters:
        raise invalid(
            "customizationConfig is for distillation. Leave it out, or set customizationType to DISTILLATION."
        )


def _check_data(parameters: dict[str, Any]) -> None:
    read_hyperparameters(parameters.get("hyperParameters", {}))
    uris = [parameters["trainingDataConfig"].get("s3Uri", "")]
    uris += [validator["s3Uri"] for validator in parameters.get("validationDataConfig", {}).get("validators", [])]
    for uri in uris:
        if not _DATA_URI.fullmatch(uri):
            raise invalid(
                f"'{uri}' is not a data file: s3://bucket/key with a key of letters, digits, _, -, /, . that ends "
                "with .jsonl."
            )
