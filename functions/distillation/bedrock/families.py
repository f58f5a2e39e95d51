"""Families of models. A judge prefers answers of its own family (Panickssery et al. 2024, arXiv 2404.13076)."""

_REGIONS = frozenset({"us", "us-gov", "eu", "apac", "jp", "au", "ca", "global"})
"""What an inference profile's id begins with."""


_FLEX_MODELS = ("amazon.nova-pro-", "amazon.nova-premier-", "amazon.nova-2-lite-")
"""Amazon's models with the flex tier (Bedrock user guide, "Service tiers for optimizing performance and cost")."""


def family_of(model_id: str) -> str:
    """Provider and family of a model id, inference profile or ARN: `amazon.nova` of `us.amazon.nova-pro-v1:0`."""
    provider, _, model = _bare(model_id).partition(".")
    return f"{provider}.{model.split('-')[0]}"


def takes_flex(model_id: str) -> bool:
    """Whether Converse takes the flex tier for the model; one that is not listed is asked at the standard tier."""
    return _bare(model_id).startswith(_FLEX_MODELS)


def takes_top_p_beside_temperature(model_id: str) -> bool:
    """Whether a request may hold both, which Claude from Haiku 4.5 on refuses (aws-samples/bedrock-access-gateway,
    issue 191).
    """
    return not _bare(model_id).startswith("anthropic.")


def self_preference_warning(judge: str, teacher: str) -> str | None:
    """What to say where the judge is of the teacher's family; None where it is not."""
    if family_of(judge) != family_of(teacher):
        return None
    return (
        f"The judge {judge} is of the family of the teacher {teacher} ({family_of(teacher)}): a model tends to "
        "prefer answers of its own family. "
        "Deploy with a judge of another family (judgeModelId) to be sure."
    )


def _bare(model_id: str) -> str:
    """The model id without what an ARN or an inference profile puts before it."""
    name = model_id.rsplit("/", 1)[-1]
    region, _, rest = name.partition(".")
    return rest if region in _REGIONS else name
