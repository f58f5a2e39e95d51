"""Families of models. A judge prefers answers of its own family (Panickssery et al.

2024, LLM Evaluators Recognize and Favor Their Own Generations).
"""

_REGIONS = frozenset({"us", "us-gov", "eu", "apac", "jp", "au", "ca", "global"})
"""What an inference profile's id begins with."""


def family_of(model_id: str) -> str:
    """Provider and family of a model id, inference profile or ARN of one: `amazon.nova` of
    `us.amazon.nova-pro-v1:0`.
    """
    name = model_id.rsplit("/", 1)[-1]
    region, _, rest = name.partition(".")
    provider, _, model = (rest if region in _REGIONS else name).partition(".")
    return f"{provider}.{model.split('-')[0]}"


def takes_flex(model_id: str) -> bool:
    """Whether Converse takes the flex service tier for the model.

    Read for Nova; a family of which nothing was read is asked at the standard tier.
    """
    return family_of(model_id) == "amazon.nova"


def self_preference_warning(judge: str, teacher: str) -> str | None:
    """What to say where the judge is of the teacher's family; None where it is not."""
    if family_of(judge) != family_of(teacher):
        return None
    return (
        f"The judge {judge} is of the family of the teacher {teacher} ({family_of(teacher)}): a model tends to "
        "prefer answers of its own family. "
        "Deploy with a judge of another family (judgeModelId) to be sure."
    )
