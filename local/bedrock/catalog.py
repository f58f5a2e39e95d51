"""The foundation models and inference profiles that the local Bedrock knows, with the Region rules of Nova."""

from typing import Any, NamedTuple

from local.bedrock.api_errors import ApiError, invalid, not_found
from local.bedrock.identifiers import arn, foundation_model_arn, last_part

HOME_REGION = "us-east-1"


class FoundationModel(NamedTuple):
    """A model of the catalogue. `engine` is the embedded model that stands in for it; `invocable` whether it can be called on demand."""

    model_id: str
    name: str
    engine: str
    invocable: bool = True
    customizations: tuple[str, ...] = ()
    inference_types: tuple[str, ...] = ("ON_DEMAND",)


MODELS = {
    model.model_id: model
    for model in (
        FoundationModel("amazon.nova-pro-v1:0", "Nova Pro", "teacher"),
        FoundationModel("amazon.nova-micro-v1:0", "Nova Micro", "student"),
        # The identifier with the context size is the one that is tuned and that nobody can call on demand.
        FoundationModel("amazon.nova-micro-v1:0:128k", "Nova Micro", "student", False, ("FINE_TUNING", "DISTILLATION"), ("PROVISIONED",)),
    )
}
TUNABLE = "amazon.nova-micro-v1:0:128k"
# Prefix of an inference profile's id -> the Regions that it can be called from.
PROFILE_REGIONS = {
    "us": ("us-east-1", "us-east-2", "us-west-2"),
    "eu": ("eu-central-1", "eu-north-1", "eu-west-1", "eu-west-3"),
    "apac": ("ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2"),
}


def get_foundation_model(identifier: str, region: str) -> dict[str, Any]:
    """The output of GetFoundationModel."""
    model = MODELS.get(last_part(identifier))
    if model is None:
        raise not_found(f"The foundation model {identifier}")
    on_demand = model.inference_types if region == HOME_REGION or not model.invocable else ("INFERENCE_PROFILE",)
    details = {
        "modelArn": foundation_model_arn(region, model.model_id),
        "modelId": model.model_id,
        "modelName": model.name,
        "providerName": "Amazon",
        "inputModalities": ["TEXT"],
        "outputModalities": ["TEXT"],
        "responseStreamingSupported": True,
        "customizationsSupported": list(model.customizations if region == HOME_REGION else ()),
        "inferenceTypesSupported": list(on_demand),
        "modelLifecycle": {"status": "ACTIVE"},
    }
    return {"modelDetails": details}


def get_inference_profile(identifier: str, region: str) -> dict[str, Any]:
    """The output of GetInferenceProfile."""
    profile_id = last_part(identifier)
    model, regions = _profile(profile_id)
    if model is None or region not in regions:
        raise not_found(f"The inference profile {identifier}")
    prefix = profile_id.split(".", 1)[0]
    return {
        "inferenceProfileName": f"{prefix.upper()} {model.name}",
        "description": f"Routes requests to {model.name} in {' '.join(regions)}.",
        "inferenceProfileArn": arn(region, f"inference-profile/{profile_id}"),
        "models": [{"modelArn": foundation_model_arn(destination, model.model_id)} for destination in regions[:5]],
        "inferenceProfileId": profile_id,
        "status": "ACTIVE",
        "type": "SYSTEM_DEFINED",
    }


def invocable_model(identifier: str, region: str) -> FoundationModel:
    """The foundation model that a call with `identifier` in `region` reaches; raises ValidationException as Bedrock does where there is none."""
    name = last_part(identifier)
    model, regions = _profile(name)
    if model and region in regions:
        return model
    bare = MODELS.get(name)
    if bare is None:
        raise invalid("The provided model identifier is invalid.")
    if region != HOME_REGION or not bare.invocable:
        raise invalid(
            f"Invocation of model ID {name} with on-demand throughput isn't supported. "
            "Retry your request with the ID or ARN of an inference profile that contains this model."
        )
    return bare


def tunable_model(identifier: str, region: str) -> FoundationModel:
    """The base model of a customization job; raises ValidationException for a model that cannot be tuned in `region`."""
    if region != HOME_REGION:
        raise ApiError("ValidationException", f"Model customization of Amazon Nova models is not supported in {region}. Use {HOME_REGION}.")
    if last_part(identifier) != TUNABLE:
        raise invalid(f"The provided base model identifier {identifier} is invalid or does not support customization. Use {TUNABLE}.")
    return MODELS[TUNABLE]


def _profile(profile_id: str) -> tuple[FoundationModel | None, tuple[str, ...]]:
    prefix, _, model_id = profile_id.partition(".")
    model = MODELS.get(model_id) if prefix in PROFILE_REGIONS else None
    return (model if model and model.invocable else None), PROFILE_REGIONS.get(prefix, ())
