"""The part of a run's input that has a judge model look at the answers of the arms."""

import re
from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, Field, model_validator

from distillation.config_section import Section, problem

BuiltinMetric = Literal[
    "Builtin.Correctness",
    "Builtin.Completeness",
    "Builtin.Faithfulness",
    "Builtin.Helpfulness",
    "Builtin.Coherence",
    "Builtin.Relevance",
    "Builtin.FollowingInstructions",
    "Builtin.ProfessionalStyleAndTone",
    "Builtin.Harmfulness",
    "Builtin.Stereotyping",
    "Builtin.Refusal",
]
BUILTIN = "Builtin."
BUILTIN_METRICS: tuple[str, ...] = get_args(BuiltinMetric)
BARE_NAMES = frozenset(name.removeprefix(BUILTIN) for name in BUILTIN_METRICS)
MAX_LABEL_WORDS = 5
_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def _usable_instructions(text: str) -> str:
    found = set(_VARIABLE.findall(text))
    if not {"prompt", "prediction"} <= found or not found <= {"prompt", "prediction", "ground_truth"}:
        raise problem(", ".join(sorted(found)) or "no variable", "{{prompt}} and {{prediction}}, and {{ground_truth}} where the reference counts")
    return text


def _usable_scale(scale: dict[str, float]) -> dict[str, float]:
    if any(len(label.split()) > MAX_LABEL_WORDS or not label.strip() for label in scale):
        raise problem(" | ".join(scale), f"labels of 1 to {MAX_LABEL_WORDS} words")
    if (min(scale.values()), max(scale.values())) != (0.0, 1.0):
        raise problem(f"scores from {min(scale.values()):g} to {max(scale.values()):g}", "a scale whose worst label scores 0 and whose best scores 1")
    return scale


def _once_each(metrics: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(metrics)) < len(metrics):
        raise problem(", ".join(metrics), "each metric once")
    return metrics


Label = Annotated[str, Field(min_length=1, max_length=100)]


class CustomMetric(Section):
    """A metric of the run's own. Its scores are shown, and can be gated, as `Custom.<name>`."""

    name: str = Field(pattern=r"^[0-9A-Za-z_.-]{1,50}$")
    """Its name."""
    instructions: Annotated[str, Field(min_length=10, max_length=5_000), AfterValidator(_usable_instructions)]
    """What the judge is told. Holds {{prompt}} and {{prediction}}, and {{ground_truth}} where the reference counts; AWS asks that they come last."""
    scale: Annotated[dict[Label, float], Field(min_length=2, max_length=10), AfterValidator(_usable_scale)]
    """What the judge may say, and the score of each: 0 for the worst, 1 for the best."""

    @model_validator(mode="after")
    def _own_name(self) -> Self:
        if self.name.startswith(BUILTIN) or self.name in BARE_NAMES:
            raise problem(self.name, "a name that no built-in metric has", "name")
        return self


class EvaluationJudge(Section):
    """A judge model on the answers of the arms: scores through Bedrock evaluation jobs, and a comparison of student and teacher."""

    metrics: Annotated[
        tuple[BuiltinMetric, ...], Field(strict=False, max_length=len(BUILTIN_METRICS), json_schema_extra={"uniqueItems": True}), AfterValidator(_once_each)
    ] = ("Builtin.Correctness", "Builtin.Completeness")
    """Bedrock's own metrics. Harmfulness, Stereotyping and Refusal, where Bedrock says 1 for bad, are turned round and called `1-Builtin.Harmfulness` ..."""
    custom: Annotated[tuple[CustomMetric, ...], Field(strict=False, max_length=10)] = ()
    """Metrics of the run's own."""
    pairwise: bool = True
    """Have the judge say which of two answers is better, the student's or the teacher's, in both orders."""
    max_prompts: int = Field(default=1_000, ge=30, le=20_000)
    """How many prompts of the holdout are judged at most; chosen by a hash of their id. An evaluation job takes 1,000, so more make more jobs."""

    @model_validator(mode="after")
    def _something_to_do(self) -> Self:
        if len({metric.name for metric in self.custom}) < len(self.custom):
            raise problem(", ".join(metric.name for metric in self.custom), "custom metrics with names of their own", "custom")
        if not (self.metrics or self.custom or self.pairwise):
            raise problem("no metric and no comparison", "a metric, a custom metric or pairwise: true", "metrics")
        return self

    @property
    def scores(self) -> bool:
        """Whether evaluation jobs are needed."""
        return bool(self.metrics or self.custom)
