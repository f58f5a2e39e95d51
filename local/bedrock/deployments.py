"""On-demand deployments of custom models: Create, Get, List, Update and DeleteCustomModelDeployment."""

import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.bedrock import job_faults
from local.bedrock.api.api_errors import ApiError, conflict, invalid, not_found
from local.bedrock.api.idempotency import Tokens
from local.bedrock.api.paging import Filters, Listed, page
from local.bedrock.api.tags import check_count
from local.bedrock.clock import now
from local.bedrock.identifiers import arn, last_part, short_id
from local.bedrock.job_faults import JobFaults
from local.bedrock.jobs.customization.custom_models import CustomModels
from local.bedrock.models.conversation import Model
from local.bedrock.services import Services

_UPDATING = "Updating"


@dataclass
class Deployment:
    """A deployment. `update` is the model that it is being moved to and how far that is."""

    arn: str
    region: str
    name: str
    model_arn: str
    description: str | None
    faults: JobFaults
    created: datetime = field(default_factory=now)
    updated: datetime = field(default_factory=now)
    status: str = "Creating"
    failure: str | None = None
    update: dict[str, str] | None = None

    @property
    def updating(self) -> bool:
        """Whether it is being moved to another model."""
        return (self.update or {}).get("updateStatus") == _UPDATING

    def serves(self, model_arn: str) -> bool:
        """Whether it serves a model or is being moved to it."""
        return model_arn == self.model_arn or (self.updating and (self.update or {}).get("modelArn") == model_arn)

    def output(self) -> dict[str, Any]:
        """The output of GetCustomModelDeployment."""
        return {
            "customModelDeploymentArn": self.arn,
            "modelDeploymentName": self.name,
            "modelArn": self.model_arn,
            "createdAt": self.created,
            "status": self.status,
            "description": self.description,
            "updateDetails": self.update,
            "failureMessage": self.failure,
            "lastUpdatedAt": self.updated,
        }

    def summary(self) -> dict[str, Any]:
        """An entry of ListCustomModelDeployments."""
        shown = ("customModelDeploymentArn", "modelArn", "createdAt", "status", "lastUpdatedAt", "failureMessage")
        output = self.output()
        return {"customModelDeploymentName": self.name, **{name: output[name] for name in shown}}


class Deployments:
    """All deployments since the start."""

    def __init__(self, services: Services, models: CustomModels) -> None:
        self._services, self._models = services, models
        self._deployments: dict[str, Deployment] = {}
        self._tokens, self._lock = Tokens(), threading.RLock()

    def create(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        """CreateCustomModelDeployment."""
        with self._lock:
            known = self._tokens.replay("CreateCustomModelDeployment", parameters)
            if known:
                return {"customModelDeploymentArn": known}
            name, model = parameters["modelDeploymentName"], self._models.existing(parameters["modelArn"], region)
            if any(deployment.name == name for deployment in self._deployments.values()):
                raise invalid(
                    f"The deployment name {name} is already in use. Choose another name, or adopt the deployment "
                    "that has it."
                )
            check_count(len(parameters.get("tags", [])))
            deployment = self._new(parameters, model["modelArn"], region)
            self._tokens.remember("CreateCustomModelDeployment", parameters, deployment.arn)
        self._services.tags.add(deployment.arn, parameters.get("tags", []))
        threading.Thread(target=self._activate, args=(deployment,), daemon=True, name=name).start()
        return {"customModelDeploymentArn": deployment.arn}

    def _new(self, parameters: dict[str, Any], model_arn: str, region: str) -> Deployment:
        name = parameters["modelDeploymentName"]
        # The time is part of the id: a name may be used again after a deletion.
        deployment_id = short_id("deployment", region, name, now().isoformat())
        faults = job_faults.take(self._services.faults, job_faults.DEPLOYMENT_FAULTS, name)
        deployment = Deployment(
            arn(region, f"custom-model-deployment/{deployment_id}"),
            region,
            name,
            model_arn,
            parameters.get("description"),
            faults,
        )
        self._deployments[deployment_id] = deployment
        return deployment

    def _activate(self, deployment: Deployment) -> None:
        threading.Event().wait(self._services.state_seconds + deployment.faults.delay)
        failed = deployment.faults.get("failed")
        if not failed:
            self._models.student_of(deployment.model_arn)
        with self._lock:
            deployment.status, deployment.failure = ("Failed", failed.message) if failed else ("Active", None)
            deployment.updated = now()

    def get(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        """GetCustomModelDeployment, by ARN or name."""
        return self._find(parameters["customModelDeploymentIdentifier"], region).output()

    def list_deployments(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        """ListCustomModelDeployments."""
        wanted = parameters.get("modelArnEquals")
        own = [
            item
            for item in list(self._deployments.values())
            if item.region == region and wanted in (None, item.model_arn)
        ]
        listed = [Listed(item.created, item.name, item.status, item.summary()) for item in own]
        return page(listed, parameters, "modelDeploymentSummaries", Filters("createdAfter", "createdBefore"))

    def update(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        """UpdateCustomModelDeployment: the model behind the ARN changes when the update has completed."""
        deployment = self._find(parameters["customModelDeploymentIdentifier"], region)
        model_arn = self._models.existing(parameters["modelArn"], region)["modelArn"]
        if deployment.status != "Active" or deployment.updating:
            state = "being updated" if deployment.updating else deployment.status
            raise invalid(
                f"The deployment {deployment.name} is {state}; only an Active one that is not being updated can be "
                "updated."
            )
        faults = job_faults.take(self._services.faults, job_faults.DEPLOYMENT_FAULTS, deployment.name)
        deployment.update = {"modelArn": model_arn, "updateStatus": _UPDATING}
        threading.Thread(
            target=self._swap, args=(deployment, model_arn, faults), daemon=True, name=deployment.name
        ).start()
        return {"customModelDeploymentArn": deployment.arn}

    def _swap(self, deployment: Deployment, model_arn: str, faults: JobFaults) -> None:
        threading.Event().wait(self._services.state_seconds + faults.delay)
        failed = faults.get("failed")
        if not failed:
            self._models.student_of(model_arn)
        with self._lock:
            # The deployment itself stays Active either way: after a failure it serves the model that it served before.
            deployment.model_arn = deployment.model_arn if failed else model_arn
            deployment.failure, deployment.updated = failed.message if failed else None, now()
            deployment.update = {"modelArn": model_arn, "updateStatus": "UpdateFailed" if failed else "UpdateCompleted"}

    def delete(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        """DeleteCustomModelDeployment."""
        deployment = self._find(parameters["customModelDeploymentIdentifier"], region)
        if deployment.status == "Creating":
            raise conflict(f"The deployment {deployment.name} is being created. Delete it when it is Active or Failed.")
        with self._lock:
            self._deployments.pop(last_part(deployment.arn), None)
        return {}

    def of_model(self, identifier: str, region: str) -> list[str]:
        """Names of the deployments that serve a model, or are being moved to it."""
        model = self._models.find(identifier, region)
        return [item.name for item in list(self._deployments.values()) if model and item.serves(model["modelArn"])]

    def model(self, deployment_arn: str, region: str) -> Model:
        """The student behind a deployment's ARN.

        Raises ResourceNotFoundException, or ModelNotReadyException before it is Active.
        """
        deployment = self._find(deployment_arn, region)
        if deployment.status != "Active":
            raise ApiError(
                "ModelNotReadyException",
                f"The deployment {deployment.name} is {deployment.status}. Wait until it is Active.",
            )
        return self._models.student_of(deployment.model_arn)

    def _find(self, identifier: str, region: str) -> Deployment:
        with self._lock:
            candidates = [item for item in self._deployments.values() if item.region == region]
        found = next((item for item in candidates if identifier in (item.arn, item.name)), None)
        if found is None:
            raise not_found(f"The custom model deployment {identifier}")
        return found
