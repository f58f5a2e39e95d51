"""The deployment's settings: CDK context (cdk.json, or `cdk deploy -c name=value`) in, one validated model out."""

import difflib
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AliasGenerator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic.alias_generators import to_camel

TUNING_REGION = "us-east-1"

# Nova models that answer to their bare id in us-east-1 ("Supported Regions and models for inference profiles", Amazon
# Bedrock user guide).
# Every other one is reached through the United States profile.
ON_DEMAND_IN_TUNING_REGION = frozenset({"amazon.nova-pro-v1:0", "amazon.nova-lite-v1:0", "amazon.nova-micro-v1:0"})

# Model -> the day from which Bedrock answers no call of it (model cards, read 2025-2026).
ENDED_MODELS = {"amazon.nova-premier-v1:0": "2026-09-14"}

# What the ids of inference profiles begin with, beside `us.`: such a profile may send a request to Regions that the
# roles are not granted.
PROFILE_PREFIXES = frozenset({"global", "us-gov", "eu", "apac", "jp", "au", "ca"})

# Where the `us.` profiles send a request from us-east-1 (same page): the roles need the foundation model in each of
# them.
UNITED_STATES_DESTINATIONS = ("us-east-1", "us-east-2", "us-west-2")

# The retention periods that CloudWatch Logs knows (PutRetentionPolicy); another number fails only at deploy time.
LOG_RETENTION_DAYS = frozenset(
    {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
)


class InvalidSettings(ValueError):
    """The CDK context cannot be used; the message lists every problem and where to change it."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        lines = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(
            f"{len(problems)} problem(s) in the settings (the `context` of cdk.json, or `-c name=value`):\n{lines}"
        )


class Settings(BaseModel):
    """What can be chosen at deployment.

    Context keys are the field names in camelCase; a key that is not here is an error.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=AliasGenerator(validation_alias=to_camel))

    app_name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=12)] = "nova-distill"
    account: Annotated[str, Field(pattern=r"^\d{12}$")] | None = None
    region: str = TUNING_REGION
    architecture: Literal["arm64", "x86_64"] = "arm64"
    python_version: Annotated[str, Field(pattern=r"^3\.\d+$")] = "3.13"
    wheel_platform: Annotated[str, Field(pattern=r"^[a-z0-9_-]+$")] | None = None
    trigger_quiet_seconds: Annotated[int, Field(ge=0, le=900)] = 60
    await_heartbeat_seconds: Annotated[int, Field(ge=1, le=86_400)] = 900
    deployment_heartbeat_seconds: Annotated[int, Field(ge=1, le=86_400)] = 60
    retire_again_seconds: Annotated[int, Field(ge=1, le=3_600)] = 120
    """Between two passes of the failure rail's clean-up: longer than a function may take to submit a job."""
    teacher_model_id: Annotated[str, Field(pattern=r"^amazon\.nova-[a-z0-9-]+:\d+$")] = "amazon.nova-pro-v1:0"
    teacher_inference_profile: str | None = None
    student_model_id: Annotated[str, Field(pattern=r"^amazon\.nova-[a-z0-9-]+:\d+:\d+k$")] = (
        "amazon.nova-micro-v1:0:128k"
    )
    judge_model_id: Annotated[str, Field(pattern=r"^[a-z0-9-]+\.[A-Za-z0-9.-]+(:\d+)*$")] | None = None
    embedding_model_id: Annotated[str, Field(pattern=r"^[a-z0-9-]+\.[A-Za-z0-9.-]+(:\d+)*$")] = (
        "amazon.titan-embed-text-v2:0"
    )
    largest_gate_margin: Annotated[float, Field(ge=0, le=1)] = 0.1
    smallest_canary_agreement: Annotated[float, Field(ge=0, le=1)] = 0.8
    teacher_requests_per_minute: Annotated[int, Field(ge=1)] = 100
    teacher_tokens_per_minute: Annotated[int, Field(ge=1)] = 400_000
    """What the account may ask of the teacher on demand (Service Quotas): a run's deadline is reckoned by it."""
    auto_promotion_datasets: Annotated[str, Field(pattern=r"^(\*|([a-z0-9][a-z0-9-]{0,31}(,|$))*)$")] = ""
    max_usd_per_run: Annotated[float, Field(ge=0)] = 100
    max_usd_per_month: Annotated[float, Field(ge=0)] = 1000
    """US dollars that no input can raise; 0 sets no bound."""
    notification_email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")] | None = None
    log_retention_days: int = 90
    data_removal: Literal["retain", "delete"] = "retain"

    @classmethod
    def from_context(cls, context: Mapping[str, Any]) -> Self:
        """Settings of the app's whole context. Keys with `:` or `/` are the CDK's own (feature flags, look-ups) and
        pass by; an empty value means the default.

        Raises InvalidSettings with all problems at once.
        """
        ours = {key: value for key, value in context.items() if re.fullmatch(r"\w+", key)}
        try:
            return cls.model_validate({key: value for key, value in ours.items() if value not in (None, "")})
        except ValidationError as error:
            raise InvalidSettings(
                [
                    _problem(details["loc"], details["msg"], details["type"], details["input"])
                    for details in error.errors()
                ]
            ) from None

    @field_validator("region")
    @classmethod
    def _region_can_tune(cls, region: str) -> str:
        if region != TUNING_REGION:
            raise ValueError(
                f"Amazon Nova Micro can be fine-tuned only in {TUNING_REGION}, so the pipeline can run only there: "
                f"deploy to {TUNING_REGION}"
            )
        return region

    @field_validator("log_retention_days")
    @classmethod
    def _retention_exists(cls, days: int) -> int:
        if days not in LOG_RETENTION_DAYS:
            raise ValueError(f"CloudWatch Logs keeps logs for one of {sorted(LOG_RETENTION_DAYS)} days")
        return days

    @field_validator("teacher_model_id")
    @classmethod
    def _teacher_is_alive(cls, model_id: str) -> str:
        if model_id in ENDED_MODELS:
            raise ValueError(
                f"the model's life ended on {ENDED_MODELS[model_id]}, so no call of it is answered: choose "
                "amazon.nova-pro-v1:0"
            )
        return model_id

    @field_validator("judge_model_id", "embedding_model_id")
    @classmethod
    def _profile_is_one_of_here(cls, model_id: str | None) -> str | None:
        prefix = (model_id or "").split(".")[0]
        if prefix in PROFILE_PREFIXES:
            raise ValueError(
                f"inference profiles that begin with {prefix}. are not granted to the functions: take the model's "
                f"us. profile, or its bare id where {TUNING_REGION} answers to it"
            )
        return model_id

    @model_validator(mode="after")
    def _profile_is_of_the_teacher(self) -> Self:
        if self.teacher_inference_profile not in (None, f"us.{self.teacher_model_id}"):
            raise ValueError(
                f"teacherInferenceProfile: in {TUNING_REGION} the teacher's profile is us.{self.teacher_model_id}; "
                "leave it out to take what the region needs"
            )
        return self

    @property
    def stack_name(self) -> str:
        """`nova-distill` -> `NovaDistill`."""
        return "".join(part.capitalize() for part in self.app_name.split("-"))

    @property
    def keeps_data(self) -> bool:
        """Whether bucket and ledger outlive the stack: they hold what was paid for."""
        return self.data_removal == "retain"

    @property
    def wheels_for(self) -> str:
        """The platform of the layers' wheels, as uv names it.

        Amazon Linux 2023, below the runtime python3.13, has glibc 2.34, so manylinux_2_28 fits.
        """
        return self.wheel_platform or {"arm64": "aarch64", "x86_64": "x86_64"}[self.architecture] + "-manylinux_2_28"

    @property
    def teacher_profile(self) -> str | None:
        """The inference profile that the teacher is called through; None where its bare id works."""
        needs_profile = self.teacher_model_id not in ON_DEMAND_IN_TUNING_REGION
        return self.teacher_inference_profile or (f"us.{self.teacher_model_id}" if needs_profile else None)

    @property
    def teacher_invoke_id(self) -> str:
        """The modelId of the teacher's Converse calls and batch jobs."""
        return self.teacher_profile or self.teacher_model_id

    @property
    def judge_invoke_id(self) -> str:
        """The modelId that ratings go to.

        Without a judge of its own the teacher judges, and a model likes its own family's answers: the report warns.
        """
        return self.judge_model_id or self.teacher_invoke_id

    @property
    def student_invoke_id(self) -> str:
        """The untuned student on demand: the tuning id without its context window (`amazon.nova-micro-v1:0:128k` ->
        `amazon.nova-micro-v1:0`).
        """
        return self.student_model_id.rpartition(":")[0]


def context_keys() -> list[str]:
    """The names of all settings, as the context spells them."""
    return [to_camel(name) for name in Settings.model_fields]


def _problem(location: tuple[str | int, ...], message: str, kind: str, found: object) -> str:
    if not location:
        return message.removeprefix("Value error, ")
    key = str(location[0])
    if kind == "extra_forbidden":
        return f"{key}: there is no such setting; {_suggestion(key)}"
    return f"{key}: {message.removeprefix('Value error, ')} (found {found!r})"


def _suggestion(key: str) -> str:
    close = difflib.get_close_matches(key, context_keys(), n=1)
    return f"did you mean {close[0]}?" if close else f"the settings are {', '.join(context_keys())}"
