"""How the student is trained, and what Bedrock's own distillation, where it trains the student, rules out."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic.alias_generators import to_camel

from distillation.bedrock.limits import MIN_DISTILLATION_PROMPTS
from distillation.run.curation import Examples, Filters, Selection
from distillation.run.evaluation import Arms
from distillation.run.section import Section, problem

TrainingMethod = Literal["FINE_TUNING", "DISTILLATION"]
MAX_REPEATS = 5
MIN_CANDIDATES, MAX_CANDIDATES = 2, 4


class CandidateSetting(Section):
    """What one training is to try. What it does not name is as in the rest of the input."""

    epoch_count: Annotated[int, Field(ge=1, le=5)] | None = None
    """Passes over the training set."""
    learning_rate: Annotated[float, Field(ge=0.000001, le=0.0001)] | None = None
    """Learning rate."""
    policy: Literal["consensus", "proportional", "best"] | None = None
    """As `examples.policy`, from the same answers; no answer is paid for twice."""
    rationale: bool | None = None
    """As `examples.rationale`."""
    max_examples: Annotated[int, Field(ge=8, le=20_000)] | None = None
    """Train on so many lines, chosen by hash."""


class Training(Section):
    """Who makes the answers that are learnt, and hyperparameters of fine-tuning within Nova Micro's limits."""

    method: TrainingMethod = "FINE_TUNING"
    """`FINE_TUNING` trains on the answers that this run asks for, filters and chooses. `DISTILLATION` sends the prompts
    to Bedrock's managed distillation, which asks the teacher itself and shows nothing of it; the run then asks the
    teacher about the holdout only."""
    epoch_count: int = Field(default=2, ge=1, le=5)
    """Passes over the training set."""
    learning_rate: float = Field(default=0.00001, ge=0.000001, le=0.0001)
    """Learning rate."""
    learning_rate_warmup_steps: int = Field(default=10, ge=0, le=100)
    """Steps in which the learning rate rises from 0."""
    repeats: int = Field(default=1, ge=1, le=MAX_REPEATS)
    """How often the student is trained: each time beyond the first on another order and another 90 % of the lines. The
    interval then holds the luck of training too; the training that answers validation best may serve."""
    candidates: Annotated[
        tuple[CandidateSetting, ...], Field(json_schema_extra={"minItems": MIN_CANDIDATES, "maxItems": MAX_CANDIDATES})
    ] = Field(default=(), strict=False)
    """2 to 4 settings: each is trained and asked about validation, the best one alone meets the holdout, and is what
    `repeats` repeat."""

    @property
    def chooses(self) -> bool:
        """Whether there is more than one training, so that the one that serves is chosen."""
        return self.repeats > 1 or bool(self.candidates)

    @property
    def trainings(self) -> int:
        """How many customization jobs the student takes."""
        return max(len(self.candidates), 1) + self.repeats - 1

    @property
    def managed(self) -> bool:
        """Whether Bedrock's own distillation makes the student."""
        return self.method == "DISTILLATION"


def check_method(training: Training, examples: Examples, filters: Filters, selection: Selection, arms: Arms) -> None:
    """Raises a problem that names every key that managed distillation rules out: it shows no answers."""
    if not training.managed:
        return
    if training.chooses:
        raise problem(
            f"DISTILLATION with {'candidates' if training.candidates else f'{training.repeats} repeats'}",
            "one training: Bedrock's distillation asks the teacher itself, so its lines cannot be trained on again, "
            "and there are no validation lines to choose by",
            "training.candidates" if training.candidates else "training.repeats",
        )
    # What looks at prompts alone stays possible: filters.personalData, duplicates, decontamination, selection.
    idle: list[tuple[str, Section, Section, tuple[str, ...]]] = [
        ("examples", examples, Examples(), ("policy", "min_agreement", "rationale", "trust_reference")),
        (
            "filters",
            filters,
            Filters(),
            ("min_characters", "max_characters", "repetition", "refusals", "boilerplate", "language", "judge"),
        ),
        ("arms", arms, Arms(), ("few_shot",)),
    ]
    if not arms.direct:  # that arm is fine-tuned in any case
        idle.append(("training", training, Training(), ("epoch_count", "learning_rate", "learning_rate_warmup_steps")))
    if changed := [
        f"{name}.{key}" for name, given, default, fields in idle for key in _changed(given, default, fields)
    ]:
        expected = "the defaults of these: Bedrock asks the teacher itself and shows no answers"
        raise problem(f"DISTILLATION with {', '.join(changed)}", expected, "training.method")
    if selection.max_examples < MIN_DISTILLATION_PROMPTS:
        raise problem(
            f"{selection.max_examples}",
            f"at least {MIN_DISTILLATION_PROMPTS} with training.method DISTILLATION",
            "selection.maxExamples",
        )


def _changed(given: Section, default: Section, fields: tuple[str, ...]) -> list[str]:
    return [to_camel(field) for field in fields if getattr(given, field) != getattr(default, field)]


def examples_of(examples: Examples, setting: CandidateSetting) -> Examples:
    """What a candidate learns from the teacher's answers to a prompt."""
    given = {"policy": setting.policy, "rationale": setting.rationale}
    return examples.model_copy(update={key: value for key, value in given.items() if value is not None})


def check_candidates(training: Training, filters: Filters, validation_share: float) -> None:
    """Raises a problem where there is nothing to choose a training by, or nothing to choose from."""
    if training.chooses and not validation_share:
        found = "candidates" if training.candidates else f"repeats {training.repeats}"
        raise problem(
            f"0 with training.{found}",
            "a share above 0: the training that serves is chosen on it",
            "split.validationShare",
        )
    if training.candidates and not MIN_CANDIDATES <= len(training.candidates) <= MAX_CANDIDATES:
        raise problem(
            f"{len(training.candidates)} settings",
            f"{MIN_CANDIDATES} to {MAX_CANDIDATES} settings, or none",
            "training.candidates",
        )
    if filters.judge and any(one.policy or one.rationale is not None for one in training.candidates):
        raise problem(
            "policy or rationale with filters.judge",
            "settings without them: the judge has rated the answers that examples.policy chose",
            "training.candidates",
        )
