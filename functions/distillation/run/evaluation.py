"""The parts of a run's input that decide how the student is measured and what it must reach."""

import re
from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, Field, model_validator

from distillation.run.section import Section, problem

PromotionMode = Literal["auto", "approve", "never"]
"""`auto` promotes a student that passes the gate, `approve` asks a person first, `never` only reports."""


class Arms(Section):
    """Models that are compared beside teacher, base and student."""

    few_shot: int = Field(default=0, ge=0, le=32)
    """Training examples that the untouched small model is shown before each question; 0 leaves this arm out."""
    direct: bool = False
    """Tune a second small model on the seeds' own references, with the same prompts and steps: a second training job.
    Most seeds need a reference.
    """


class Serving(Section):
    """How a student comes to serve, and what becomes of one that does not."""

    approval_hours: int = Field(default=72, ge=1, le=2160)
    """Hours that a run with `promotion: approve` waits for an answer. Without one the student is not promoted."""
    canary_items: int = Field(default=20, ge=1, le=200)
    """Holdout prompts that the stable deployment is asked before it is believed."""
    canary_agreement: float = Field(default=0.9, ge=0, le=1)
    """Share of them on which it must answer as the student did in its run; below it the previous model serves again.
    Not 1: Bedrock's replies vary a little.
    """
    keep_rejected_model: bool = True
    """Keep the model of a student that was not promoted, for `promote` by hand. Its storage costs 1.95 USD a month;
    `false` deletes it.
    """


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
        raise problem(
            ", ".join(sorted(found)) or "no variable",
            "{{prompt}} and {{prediction}}, and {{ground_truth}} where the reference counts",
        )
    return text


def _usable_scale(scale: dict[str, float]) -> dict[str, float]:
    if any(len(label.split()) > MAX_LABEL_WORDS or not label.strip() for label in scale):
        raise problem(" | ".join(scale), f"labels of 1 to {MAX_LABEL_WORDS} words")
    if (min(scale.values()), max(scale.values())) != (0.0, 1.0):
        raise problem(
            f"scores from {min(scale.values()):g} to {max(scale.values()):g}",
            "a scale whose worst label scores 0 and whose best scores 1",
        )
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
    """What the judge is told: holds {{prompt}} and {{prediction}}, and {{ground_truth}} where the reference counts. AWS
    asks that they come last.
    """
    scale: Annotated[dict[Label, float], Field(min_length=2, max_length=10), AfterValidator(_usable_scale)]
    """What the judge may say, and the score of each: 0 for the worst, 1 for the best."""

    @model_validator(mode="after")
    def _own_name(self) -> Self:
        if self.name.startswith(BUILTIN) or self.name in BARE_NAMES:
            raise problem(self.name, "a name that no built-in metric has", "name")
        return self


class EvaluationJudge(Section):
    """A judge model: scores by Bedrock evaluation jobs, and a comparison of the student with the teacher."""

    metrics: Annotated[
        tuple[BuiltinMetric, ...],
        Field(strict=False, max_length=len(BUILTIN_METRICS), json_schema_extra={"uniqueItems": True}),
        AfterValidator(_once_each),
    ] = ("Builtin.Correctness", "Builtin.Completeness")
    """Bedrock's own metrics. Harmfulness, Stereotyping and Refusal, where Bedrock says 1 for bad, are turned round and
    called `1-Builtin.Harmfulness` ...
    """
    custom: Annotated[tuple[CustomMetric, ...], Field(strict=False, max_length=10)] = ()
    """Metrics of the run's own."""
    pairwise: bool = True
    """Have the judge say which of two answers is better, the student's or the teacher's, in both orders."""
    preferences: Annotated[str, Field(pattern=r"^evaluation/[A-Za-z0-9_.\-/]+\.jsonl$")] | None = None
    """Key of a file of people's choices, below `evaluation/` in the bucket. The judge is asked about the same pairs,
    and the report says how far it agrees (Cohen's kappa).
    """
    max_prompts: int = Field(default=1_000, ge=30, le=20_000)
    """How many prompts of the holdout are judged at most, chosen by a hash of their id. An evaluation job takes 1,000,
    so more make more jobs.
    """

    @model_validator(mode="after")
    def _something_to_do(self) -> Self:
        if len({metric.name for metric in self.custom}) < len(self.custom):
            raise problem(
                ", ".join(metric.name for metric in self.custom), "custom metrics with names of their own", "custom"
            )
        if not (self.metrics or self.custom or self.pairwise):
            raise problem("no metric and no comparison", "a metric, a custom metric or pairwise: true", "metrics")
        if self.preferences and not self.pairwise:
            raise problem(self.preferences, "nothing, because pairwise is false", "preferences")
        return self

    @property
    def scores(self) -> bool:
        """Whether evaluation jobs are needed."""
        return bool(self.metrics or self.custom)


Margin = Annotated[float, Field(ge=0, le=1)]


class NumericTolerance(Section):
    """When two numbers count as equal: within either of the two."""

    relative: float = Field(default=0.0, ge=0, le=1)
    """Share of the larger number (0.01 is 1 %)."""
    absolute: float = Field(default=0.0, ge=0)
    """Amount."""


class Evaluation(Section):
    """How answers are compared."""

    samples: int = Field(default=0, ge=0, le=32)
    """Answers at `sampling.temperature` that each arm gives to each holdout prompt beside its greedy one, so that
    distributions are compared with the teacher's (its own first `sampling.sampled`). 0: only greedy answers are
    compared."""
    numeric_tolerance: NumericTolerance = NumericTolerance()
    """How far the number of an `answer` task may be off. "1,000" and "1000.0" are equal in any case."""
    judge: EvaluationJudge | None = None
    """Have a judge model score the answers of every arm, and compare the student's with the teacher's. Off by default;
    it costs calls of the judge.
    """


class Gate(Section):
    """What the student must reach to be promoted."""

    margin: Margin = 0.05
    """How far the student may be below the teacher and still count as not inferior (0.05 is 5 percentage points)."""
    margins: dict[Annotated[str, Field(min_length=1, max_length=64)], Margin] = Field(default={}, max_length=20)
    """Margins of single metrics by name (`accuracy`, `macroF1`, `fieldAccuracy`, a judge's metric ...). A metric that
    is named here is gated, beside the task's own; when it was not measured, the student is held."""
    slice_margin: Margin | None = None
    """Margin within a slice (the items of one category), by default that of the metric."""
    min_slice_items: int = Field(default=200, ge=30)
    """A slice with fewer items is shown, but cannot hold a promotion back; from 30 items on it can still reject, where
    a loss beyond the margin is shown.
    """
    over_base: bool = True
    """Promote only a student that is shown to be better than the untouched base model."""
    over_rivals: bool = True
    """Promote no student that is shown to be worse than few-shot or direct training, where these arms exist."""
    champion_margin: Margin = 0.02
    """How far the student may be below the champion, the model that serves this dataset today, where it answers the
    holdout too. Where both are equal, the newer one may take over.
    """
    minimum: dict[Annotated[str, Field(min_length=1, max_length=64)], Margin] = Field(default={}, max_length=20)
    """Lowest score of the student by metric (`accuracy`: 0.8): its whole 95 % interval must lie at or above it."""
    monthly_answers: int | None = Field(default=None, ge=1, le=10**12)
    """Answers that are expected each month. The student must then save more than keeping its model costs."""
