"""The input's section about how the student is trained, and what cannot be asked for when Bedrock's own distillation
trains it.
"""

from typing import Literal

from pydantic import Field
from pydantic.alias_generators import to_camel

from distillation.bedrock.limits import MIN_DISTILLATION_PROMPTS
from distillation.run.curation import Examples, Filters, Selection
from distillation.run.evaluation import Arms
from distillation.run.section import Section, problem

TrainingMethod = Literal["FINE_TUNING", "DISTILLATION"]


class Training(Section):
    """Who makes the answers that are learnt, and the hyperparameters of a fine-tuning job, within the limits of Nova
    Micro.
    """

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

    @property
    def managed(self) -> bool:
        """Whether Bedrock's own distillation makes the student."""
        return self.method == "DISTILLATION"


def check_method(training: Training, examples: Examples, filters: Filters, selection: Selection, arms: Arms) -> None:
    """Raises a problem that names every key that cannot be had with managed distillation: this run never sees the
    answers that are learnt.
    """
    if not training.managed:
        return
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
