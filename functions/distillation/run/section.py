"""What every section of a run's input shares: camelCase keys, nothing guessed, errors "found ..., expected ..."."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError


def problem(found: str, expected: str, field: str = "") -> PydanticCustomError:
    """An error "found ..., expected ...". `field`: the key below the place of a cross-field check."""
    return PydanticCustomError(
        "run_input", "found {found}, expected {expected}", {"found": found, "expected": expected, "field": field}
    )


class Section(BaseModel):
    """A part of the input: immutable, unknown keys are problems, and so are numbers in quotes and true for 1."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,  # for our own code; what users give is read by alias alone (`RunConfig.from_json`)
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )
