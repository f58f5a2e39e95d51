"""Custom models: what customization jobs made. The artefacts live in files and outlast a restart."""

import json
import shutil
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

from local.bedrock.api.api_errors import conflict, not_found
from local.bedrock.api.paging import Filters, Listed, page
from local.bedrock.identifiers import ACCOUNT, last_part
from local.bedrock.jobs.customization import student
from local.bedrock.jobs.customization.training import TrainedStudent
from local.bedrock.models.embedder import Embedder

# An account's quota of custom models.
MAX_MODELS = 100
_TIMES = ("creationTime",)


class CustomModels:
    """The custom models in `folder`, one folder each: model.json (as GetCustomModel shows it) and the trained head."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        self._folder, self._embedder, self._lock = folder, embedder, threading.RLock()
        self._models = {path.parent.name: _read(path) for path in sorted(folder.glob("*/model.json"))}
        self._loaded: dict[str, student.CustomStudent] = {}

    def add(self, description: dict[str, Any], trained: TrainedStudent) -> None:
        """Store a trained model; `description` is the output of GetCustomModel."""
        model_id = last_part(description["modelArn"])
        student.save(trained, self._folder / model_id)
        (self._folder / model_id / "model.json").write_text(
            json.dumps(description, default=datetime.isoformat, indent=1), encoding="utf-8"
        )
        with self._lock:
            self._models[model_id] = description

    def find(self, identifier: str, region: str) -> dict[str, Any] | None:
        """The model of that ARN or name; None where there is none."""
        with self._lock:
            candidates = list(self._models.values())
        return next(
            (
                model
                for model in candidates
                if identifier in (model["modelArn"], model["modelName"]) and f":{region}:" in model["modelArn"]
            ),
            None,
        )

    def count(self) -> int:
        """How many models there are."""
        return len(self._models)

    def student_of(self, model_arn: str) -> student.CustomStudent:
        """The trained student, loaded once."""
        model_id = last_part(model_arn)
        with self._lock:
            if model_id not in self._loaded:
                self._loaded[model_id] = student.CustomStudent(self._embedder, student.load(self._folder / model_id))
            return self._loaded[model_id]

    def get(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        """GetCustomModel."""
        return self.existing(parameters["modelIdentifier"], region)

    def existing(self, identifier: str, region: str) -> dict[str, Any]:
        """The model of that ARN or name. Raises ResourceNotFoundException."""
        model = self.find(identifier, region)
        if model is None:
            raise not_found(f"The custom model {identifier}")
        return model

    def list_models(self, parameters: dict[str, Any], region: str) -> dict[str, Any]:
        """ListCustomModels."""
        wanted = parameters.get("baseModelArnEquals") or parameters.get("foundationModelArnEquals")
        models = [
            model
            for model in list(self._models.values())
            if f":{region}:" in model["modelArn"] and wanted in (None, model["baseModelArn"])
        ]
        listed = [Listed(model["creationTime"], model["modelName"], "Active", _summary(model)) for model in models]
        return page(
            listed, parameters, "modelSummaries", Filters("creationTimeAfter", "creationTimeBefore", "modelStatus")
        )

    def delete(self, parameters: dict[str, Any], region: str, deployed: list[str]) -> dict[str, Any]:
        """DeleteCustomModel. `deployed` names the deployments of the model; they keep it from being deleted."""
        model = self.existing(parameters["modelIdentifier"], region)
        if deployed:
            raise conflict(
                f"The custom model {model['modelName']} is deployed as {', '.join(deployed)}. Delete the deployment "
                "first."
            )
        model_id = last_part(model["modelArn"])
        with self._lock:
            del self._models[model_id]
            self._loaded.pop(model_id, None)
        shutil.rmtree(self._folder / model_id)
        return {}


def _read(path: Path) -> dict[str, Any]:
    description: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return description | {name: datetime.fromisoformat(description[name]) for name in _TIMES}


def _summary(model: dict[str, Any]) -> dict[str, Any]:
    shown = ("modelArn", "modelName", "creationTime", "baseModelArn", "customizationType", "modelStatus")
    return {
        **{name: model[name] for name in shown},
        "baseModelName": last_part(model["baseModelArn"]).split(":")[0],
        "ownerAccountId": ACCOUNT,
    }
