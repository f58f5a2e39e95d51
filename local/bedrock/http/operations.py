"""Which code serves which operation."""

from collections.abc import Callable
from typing import Any

from local.bedrock import catalog
from local.bedrock.deployments import Deployments
from local.bedrock.http.runtime import Runtime
from local.bedrock.jobs.batch.operations import BatchJobs
from local.bedrock.jobs.customization.custom_models import CustomModels
from local.bedrock.jobs.customization.operations import CustomizationJobs
from local.bedrock.jobs.customization.student import BaseStudent
from local.bedrock.jobs.evaluation.operations import EvaluationJobs
from local.bedrock.models.conversation import Model
from local.bedrock.services import Services

# Checked parameters and the caller's Region in, the operation's output out. Raises ApiError.
Operation = Callable[[dict[str, Any], str], dict[str, Any]]


def operations(services: Services) -> dict[str, Operation]:
    """Every operation that is served, by its name in the service model."""
    engines: dict[str, Model] = {"teacher": services.teacher, "student": BaseStudent(services.embedder)}
    models = CustomModels(services.home / "custom-models", services.embedder)
    batches, tunings, deployments = (
        BatchJobs(services, engines),
        CustomizationJobs(services, models),
        Deployments(services, models),
    )
    evaluations = EvaluationJobs(services, engines)
    runtime = Runtime(engines, services.embedder, deployments)
    return {
        "CreateModelInvocationJob": batches.create,
        "GetModelInvocationJob": batches.get,
        "ListModelInvocationJobs": batches.list_jobs,
        "StopModelInvocationJob": batches.stop,
        "CreateModelCustomizationJob": tunings.create,
        "GetModelCustomizationJob": tunings.get,
        "ListModelCustomizationJobs": tunings.list_jobs,
        "StopModelCustomizationJob": tunings.stop,
        "GetCustomModel": models.get,
        "ListCustomModels": models.list_models,
        "DeleteCustomModel": lambda given, region: models.delete(
            given, region, deployments.of_model(given["modelIdentifier"], region)
        ),
        "CreateCustomModelDeployment": deployments.create,
        "GetCustomModelDeployment": deployments.get,
        "ListCustomModelDeployments": deployments.list_deployments,
        "UpdateCustomModelDeployment": deployments.update,
        "DeleteCustomModelDeployment": deployments.delete,
        "CreateEvaluationJob": evaluations.create,
        "GetEvaluationJob": evaluations.get,
        "ListEvaluationJobs": evaluations.list_jobs,
        "StopEvaluationJob": evaluations.stop,
        "GetFoundationModel": lambda given, region: catalog.get_foundation_model(given["modelIdentifier"], region),
        "GetFoundationModelAvailability": lambda given, region: catalog.availability(given["modelId"], region),
        "GetModelInvocationLoggingConfiguration": lambda given, region: {},
        "GetInferenceProfile": lambda given, region: catalog.get_inference_profile(
            given["inferenceProfileIdentifier"], region
        ),
        "TagResource": lambda given, region: services.tags.add(given["resourceARN"], given["tags"]),
        "UntagResource": lambda given, region: services.tags.remove(given["resourceARN"], given["tagKeys"]),
        "ListTagsForResource": lambda given, region: services.tags.listing(given["resourceARN"]),
        "Converse": runtime.converse,
        "InvokeModel": runtime.invoke,
    }
