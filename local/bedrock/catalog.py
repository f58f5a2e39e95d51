"""The foundation models and inference profiles that the local Bedrock knows, with the Region rules of Nova."""

from typing import Any, NamedTuple

from local.bedrock.api.api_errors import ApiError, invalid, not_found
from local.bedrock.identifiers import arn, foundation_model_arn, last_part

HOME_REGION = "us-east-1"


EMBEDDINGS = "embedder"


class FoundationModel(NamedTuple):
    """A model of the catalogue. `engine` is what stands in for it.

    `bare_regions` are the Regions in which its bare id can be called (None: every one), `profiles` the prefixes of its
    inference profiles, `judges` whether evaluation jobs take it as evaluator model, `flex` whether it has that tier.
    """

    model_id: str
    name: str
    engine: str
    provider: str = "Amazon"
    bare_regions: tuple[str, ...] | None = (HOME_REGION,)
    profiles: tuple[str, ...] = ("us", "eu", "apac")
    customizations: tuple[str, ...] = ()
    judges: bool = False
    flex: bool = False

    def bare_in(self, region: str) -> bool:
        """Whether the bare id can be called in `region`."""
        return self.bare_regions is None or region in self.bare_regions

    def inference_types(self, region: str) -> list[str]:
        """How the model can be called in `region`."""
        if self.bare_in(region):
            return ["ON_DEMAND"]
        return ["INFERENCE_PROFILE"] if self.profiles else ["PROVISIONED"]


MODELS = {
    model.model_id: model
    for model in (
        FoundationModel("amazon.nova-pro-v1:0", "Nova Pro", "teacher", judges=True, flex=True),
        FoundationModel("amazon.nova-micro-v1:0", "Nova Micro", "student", judges=True),
        # The identifier with the context size is the one that is tuned and that nobody can call on demand.
        FoundationModel(
            "amazon.nova-micro-v1:0:128k", "Nova Micro", "student", "Amazon", (), (), ("FINE_TUNING", "DISTILLATION")
        ),
        FoundationModel("amazon.titan-embed-text-v2:0", "Titan Text Embeddings V2", EMBEDDINGS, "Amazon", None, ()),
        # Two judges that are not of the teacher's family (user guide, "Supported evaluator models").
        FoundationModel(
            "mistral.mistral-large-2402-v1:0", "Mistral Large (24.02)", "teacher", "Mistral AI", None, (), judges=True
        ),
        FoundationModel(
            "anthropic.claude-haiku-4-5-20251001-v1:0",
            "Claude Haiku 4.5",
            "teacher",
            "Anthropic",
            (),
            ("us", "eu"),
            judges=True,
        ),
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
    details = {
        "modelArn": foundation_model_arn(region, model.model_id),
        "modelId": model.model_id,
        "modelName": model.name,
        "providerName": model.provider,
        "inputModalities": ["TEXT"],
        "outputModalities": ["EMBEDDING" if model.engine == EMBEDDINGS else "TEXT"],
        "responseStreamingSupported": model.engine != EMBEDDINGS,
        "customizationsSupported": list(model.customizations if region == HOME_REGION else ()),
        "inferenceTypesSupported": model.inference_types(region),
        "modelLifecycle": {"status": "ACTIVE"},
    }
    return {"modelDetails": details}


def availability(identifier: str, region: str) -> dict[str, Any]:
    """The output of GetFoundationModelAvailability: every model of the catalogue may be called."""
    model = MODELS.get(last_part(identifier))
    if model is None:
        raise not_found(f"The foundation model {identifier}")
    return {
        "modelId": model.model_id,
        "agreementAvailability": {"status": "AVAILABLE"},
        "authorizationStatus": "AUTHORIZED",
        "entitlementAvailability": "AVAILABLE",
        "regionAvailability": "AVAILABLE" if model.inference_types(region) else "NOT_AVAILABLE",
    }


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
    """The foundation model that a call with `identifier` in `region` reaches; raises ValidationException as Bedrock
    does where there is none.
    """
    name = last_part(identifier)
    model, regions = _profile(name)
    if model and region in regions:
        return model
    bare = MODELS.get(name)
    if bare is None:
        raise invalid("The provided model identifier is invalid.")
    if not bare.bare_in(region):
        raise invalid(
            f"Invocation of model ID {name} with on-demand throughput isn't supported. "
            "Retry your request with the ID or ARN of an inference profile that contains this model."
        )
    return bare


def text_model(identifier: str, region: str) -> FoundationModel:
    """As `invocable_model`, for a model that answers with text. Raises ValidationException."""
    model = invocable_model(identifier, region)
    if model.engine == EMBEDDINGS:
        raise invalid(
            "This action doesn't support the model that you provided. Try again with a supported text or chat model."
        )
    return model


def judge_model(identifier: str, region: str) -> FoundationModel:
    """As `text_model`, for a model that evaluation jobs take as evaluator model. Raises ValidationException."""
    model = text_model(identifier, region)
    if not model.judges:
        judges = ", ".join(sorted(name for name, known in MODELS.items() if known.judges))
        raise invalid(f"The evaluator model {identifier} is not supported. Use one of {judges}.")
    return model


def tunable_model(identifier: str, region: str) -> FoundationModel:
    """The base model of a customization job; raises ValidationException for a model that cannot be tuned in
    `region`.
    """
    if region != HOME_REGION:
        raise ApiError(
            "ValidationException",
            f"Model customization of Amazon Nova models is not supported in {region}. Use {HOME_REGION}.",
        )
    if last_part(identifier) != TUNABLE:
        raise invalid(
            f"The provided base model identifier {identifier} is invalid or does not support customization. Use "
            f"{TUNABLE}."
        )
    return MODELS[TUNABLE]


def _profile(profile_id: str) -> tuple[FoundationModel | None, tuple[str, ...]]:
    prefix, _, model_id = profile_id.partition(".")
    model = MODELS.get(model_id)
    return (model if model and prefix in model.profiles else None), PROFILE_REGIONS.get(prefix, ())


def check_inference(model: FoundationModel, body: Any) -> None:
    """Raise ValidationException for sampling fields that the model does not take together."""
    config = body.get("inferenceConfig") if isinstance(body, dict) else None
    if model.provider == "Anthropic" and isinstance(config, dict) and {"temperature", "topP"} <= config.keys():
        raise invalid(
            "The model returned the following errors: `temperature` and `top_p` cannot both be specified for this "
            "model. Please use only one."
        )


def check_tier(model: FoundationModel | None, tier: str) -> None:
    """Raise ValidationException for a service tier that the model (None: a custom one) does not have."""
    if tier in ("flex", "priority") and not (model and model.flex):
        raise invalid(f"The provided service tier {tier} is not supported for this model.")
