"""The input of a run: one typed model with every default and limit. `docs/run-input.schema.json` is made from it. JSON
keys are camelCase. Unknown keys, numbers in quotes and true for 1 are problems. `run.input` merges the sources.
"""

import math
from collections.abc import Callable
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from distillation.answer_pattern import compiled
from distillation.bedrock.job_names import RUN_ID_MAX
from distillation.bedrock.limits import MAX_DISTILLATION_PROMPTS, reserved_word_in
from distillation.output_schema import trouble_of_schema
from distillation.run.curation import (
    Decontamination,
    Duplicates,
    Examples,
    Expansion,
    Filters,
    Selection,
    check_expansion,
    check_policy,
)
from distillation.run.evaluation import Arms, Evaluation, Gate, PromotionMode, Serving
from distillation.run.section import Section, problem
from distillation.run.template import PromptTemplate
from distillation.run.training import Training, check_candidates, check_method, examples_of
from distillation.task import Task, TaskKind, canonical_answer

LABELS_MIN, LABELS_MAX, LABEL_MAX_CHARACTERS = 2, 200, 64
RUN_ID_PATTERN = r"^[a-z0-9](-?[a-z0-9]){0,35}$"
DATASET_PATTERN = r"^[a-z0-9][a-z0-9-]{0,31}$"


def trouble_of_labels(labels: tuple[str, ...]) -> str | None:
    """Why these cannot be the labels of a task ("2 to 200 labels", ...), or None where they can."""
    task = Task(kind=TaskKind.LABEL, labels=labels)
    rules: list[tuple[str, Callable[[], bool]]] = [
        (f"{LABELS_MIN} to {LABELS_MAX} labels", lambda: LABELS_MIN <= len(labels) <= LABELS_MAX),
        (
            f"labels of 1 to {LABEL_MAX_CHARACTERS} characters",
            lambda: all(label.strip() and len(label) <= LABEL_MAX_CHARACTERS for label in labels),
        ),
        (
            "labels that differ in more than upper and lower case",
            lambda: len({label.casefold() for label in labels}) == len(labels),
        ),
        (
            "labels without | and line breaks",
            lambda: not any("|" in label or len(label.splitlines()) > 1 for label in labels),
        ),
        ("labels without Nova's reserved words", lambda: not any(map(reserved_word_in, labels))),
        (
            "labels without quotes, space or a full stop at their ends",
            lambda: all(canonical_answer(label, task) == label for label in labels),
        ),
    ]
    return next((expected for expected, holds in rules if not holds()), None)


def _usable_labels(labels: tuple[str, ...]) -> tuple[str, ...]:
    if expected := trouble_of_labels(labels):
        raise problem(" | ".join(labels) or "no label", expected)
    return labels


def _usable_pattern(pattern: str) -> str:
    try:
        expression = compiled(pattern)
    except ValueError as error:
        expected = "a regular expression that RE2 can run, so without look-around and backreferences"
        raise problem(repr(pattern), f"{expected} ({error})") from None
    if expression.groups > 1:
        raise problem(
            f"{expression.groups} groups",
            "at most one group: what it matches is the answer; write (?:...) for the others",
        )
    if expression.search(""):
        raise problem(repr(pattern), "a pattern that does not match an empty text")
    return pattern


def _usable_schema(schema: dict[str, Any]) -> dict[str, Any]:
    if expected := trouble_of_schema(schema):
        raise problem("a schema that cannot be used", expected)
    return schema


def _usable_template(template: str) -> str:
    try:
        PromptTemplate(template)
    except ValueError as error:
        raise problem(repr(template), str(error)) from None
    if word := reserved_word_in(template):
        raise problem(repr(word), "a text without Nova's reserved words: they fail the fine-tuning job")
    return template


Labels = Annotated[
    tuple[str, ...],
    Field(json_schema_extra={"minItems": LABELS_MIN, "maxItems": LABELS_MAX}),
    AfterValidator(_usable_labels),
]


MACHINE_HOURS = 8_750
"""How long an execution of the machine may take (its TimeoutSeconds); Step Functions ends each after a year."""
JOB_GRACE_HOURS = 3
"""Beyond a batch job's own time: until it says Expired, and until the wait gives up after stopping it."""
TRAINING_HOURS = 72
TRAININGS_AT_ONCE = 2
"""Customization jobs of an account at the same time (Amazon Bedrock quotas); what TrainStudents allows."""
OTHER_WAITS_HOURS = 90
"""One training (three days), deployments, a promotion and its way back."""


class TaskInput(Section):
    """What kind of answer is wanted, and so how answers are compared."""

    kind: Literal["auto", "label", "answer", "json", "text"] = "auto"
    """`label`: one of a closed set. `answer`: a value that `answerPattern` finds in the text. `json`: a JSON value that
    fits `outputSchema`. `text`: free text. `auto`: found from the rest."""
    labels: Labels | None = Field(default=None, strict=False)
    """The labels of a `label` task. Without them they are the distinct references of the seeds."""
    answer_pattern: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_usable_pattern)] | None = None
    """Regular expression (Python's spelling, RE2's engine: no look-around, no backreference) of an `answer` task. The
    answer is group 1, or the whole, of its last match.
    """

    output_schema: Annotated[dict[str, Any], AfterValidator(_usable_schema)] | None = None
    """JSON Schema (draft 2020-12 unless it names another, references within itself only, at most 64 KiB) that the
    answers of a `json` task must fit. Without it any JSON object or list will do.
    """

    @model_validator(mode="after")
    def _keys_fit_the_kind(self) -> Self:
        if self.kind not in ("json", "auto") and self.output_schema is not None:
            raise problem("a schema", f"nothing, because task.kind is {self.kind}", "outputSchema")
        if self.kind == "answer" and self.answer_pattern is None:
            raise problem("nothing", "a regular expression, because task.kind is answer", "answerPattern")
        if self.kind not in ("answer", "auto") and self.answer_pattern is not None:
            raise problem(repr(self.answer_pattern), f"nothing, because task.kind is {self.kind}", "answerPattern")
        if self.kind not in ("label", "auto") and self.labels is not None:
            raise problem(" | ".join(self.labels), f"nothing, because task.kind is {self.kind}", "labels")
        given = {"labels": self.labels, "answerPattern": self.answer_pattern, "outputSchema": self.output_schema}
        found = [name for name, value in given.items() if value is not None]
        if self.kind == "auto" and len(found) > 1:
            raise problem(" and ".join(found), "one of them", "kind")
        return self


class Sampling(Section):
    """How often and how the teacher is asked the same prompt."""

    greedy: int = Field(default=1, ge=0, le=1)
    """Answers at the lowest temperature (0.00001): the best single answer."""
    sampled: int = Field(default=4, ge=0, le=32)
    """Answers at `temperature`: they estimate the teacher's distribution."""
    temperature: float = Field(default=1.0, ge=0.00001, le=1)
    """Temperature of the sampled answers."""
    top_p: float = Field(default=1.0, gt=0, le=1)
    """Nucleus of the sampled answers; 1 leaves the distribution whole."""
    max_tokens: int = Field(default=512, ge=1, le=5000)
    """Most tokens of an answer. A longer one is cut by Bedrock and then rejected as truncated."""

    @model_validator(mode="after")
    def _asks_at_least_once(self) -> Self:
        if self.answers == 0:
            raise problem("greedy 0 and sampled 0", "at least one answer a prompt", "sampled")
        return self

    @property
    def answers(self) -> int:
        """Answers of the teacher to a prompt."""
        return self.greedy + self.sampled


class Batches(Section):
    """How the requests are cut into Bedrock batch jobs."""

    max_shard_records: int = Field(default=10_000, ge=100, le=50_000)
    """Records of a batch job (Bedrock takes 100 to 50,000). Jobs are smaller where that fills all slots, and larger
    where it saves waits in the queue.
    """
    max_concurrent: int = Field(default=10, ge=1, le=20)
    """Batch jobs at the same time (Bedrock's quota is 20 a model, less in new accounts), and shards reduced at the same
    time (a new account runs ten Lambda functions at once).
    """
    retry_waves: int = Field(default=2, ge=0, le=5)
    """Rounds in which requests without a usable answer are asked again."""
    timeout_hours: int = Field(default=24, ge=24, le=168)
    """Hours after which Bedrock ends a batch job."""


class Split(Section):
    """How the prompts are divided, by a hash of their content."""

    holdout_share: float = Field(default=0.2, ge=0.01, le=0.9)
    """Share of all prompts that is never trained on: the scores are measured there."""
    validation_share: float = Field(default=0.1, ge=0, le=0.5)
    """Share of the rest that the fine-tuning job uses for its validation loss."""


class Pilot(Section):
    """A few prompts that are asked before anything else is paid for. `"pilot": 0` turns it off."""

    prompts: int = Field(default=10, ge=0, le=50)
    """How many prompts are asked once each, of those that the run asks anyway."""
    min_score: Annotated[float, Field(ge=0, le=1)] | None = None
    """The run ends where clearly fewer of the pilot's answers match their reference. Null: half of the answers of a
    `label` or `answer` task, none of others; 0: none.
    """


def _pilot_of(value: object) -> object:
    return {"prompts": value} if isinstance(value, int) and not isinstance(value, bool) else value


class RunConfig(Section):
    """The resolved input of a run: made by `run.input.resolve_config`, in run.json as `config`, read by every stage."""

    dataset: Annotated[str, Field(pattern=DATASET_PATTERN)]
    """Name of the dataset: its files are under `seeds/<dataset>/`."""
    run_id: Annotated[str, Field(pattern=RUN_ID_PATTERN, max_length=RUN_ID_MAX)]
    """Name of the run and of its folder `runs/<runId>/`, by default that of the execution. The same id again takes up
    the work of the earlier run.
    """
    prompt_template: Annotated[str, Field(min_length=1, max_length=20_000), AfterValidator(_usable_template)] | None = (
        None
    )
    """The prompt of CSV seeds: a text with {column} for each value."""
    max_rejected_seed_share: float = Field(default=0.05, ge=0, le=1)
    """Share of seeds that may be unusable; above it the run fails before anything is paid for."""
    max_usd: Annotated[float, Field(gt=0)] | None = None
    """Most US dollars of the run: checked against the estimate, and against what was spent before each wave and stage.
    A rerun of the same run id may raise it.
    """
    approve_above_usd: Annotated[float, Field(ge=0)] | None = None
    """A run whose estimate is above this many US dollars asks a person before it spends anything."""
    deadline_hours: Annotated[float, Field(gt=0, le=720)] | None = None
    """Hours from the run's start until the teacher's answers are in. Batch jobs are stopped in time for the rest to be
    asked through Converse; what they wrote counts. Training, deployment and scoring come after it.
    """
    task: TaskInput = TaskInput()
    pilot: Annotated[Pilot, BeforeValidator(_pilot_of, json_schema_input_type=Pilot | int)] = Pilot()
    """A few prompts that are asked before anything else is paid for; a number is `pilot.prompts`."""
    expansion: Expansion = Expansion()
    sampling: Sampling = Sampling()
    batches: Batches = Batches()
    examples: Examples = Examples()
    filters: Filters = Filters()
    duplicates: Duplicates = Duplicates()
    decontamination: Decontamination = Decontamination()
    selection: Selection = Selection()
    split: Split = Split()
    licence: Annotated[str, Field(min_length=1, max_length=200)] = "unknown"
    """Licence of the seeds, for the dataset's card: an SPDX identifier (cc-by-4.0) or a sentence."""
    training: Training = Training()
    evaluation: Evaluation = Evaluation()
    gate: Gate = Gate()
    arms: Arms = Arms()
    promotion: PromotionMode = "auto"
    """`auto` promotes a student that passes the gate, `approve` asks a person first, `never` only reports."""
    serving: Serving = Serving()
    keep_model_on_failure: bool | None = None
    """Keep a tuned model when the run fails later; it costs storage every month."""

    @model_validator(mode="after")
    def _policy_can_work(self) -> Self:
        check_method(self.training, self.examples, self.filters, self.selection, self.arms)
        check_candidates(self.training, self.filters, self.split.validation_share)
        for tried in (self.examples, *(examples_of(self.examples, one) for one in self.training.candidates)):
            check_policy(tried, self.filters)
        check_expansion(self.expansion)
        if self.longest_hours > MACHINE_HOURS:
            raise problem(
                f"waits of up to {self.longest_hours:,} hours together",
                f"at most {MACHINE_HOURS:,}, since no execution lasts longer: lower this, batches.retryWaves, "
                "expansion.maxRounds, evaluation.judge.maxPrompts or serving.approvalHours",
                "batches.timeoutHours",
            )
        if self.evaluation.samples and not self.sampling.sampled:
            raise problem(
                str(self.evaluation.samples),
                "0, or sampling.sampled above 0: the teacher has no samples to compare with",
                "evaluation.samples",
            )
        return self

    @property
    def longest_hours(self) -> int:
        """Hours that a run of one round of shards takes if every job takes as long as it may and is asked again."""
        judge, job = self.evaluation.judge, self.batches.timeout_hours + JOB_GRACE_HOURS
        in_waves = 1 + (self.filters.judge is not None) + (judge is not None and judge.pairwise)
        rounds = in_waves * (1 + self.batches.retry_waves)
        rounds += self.expansion.max_rounds if self.expansion.target_prompts else 0
        parts = math.ceil(judge.max_prompts / 1_000) if judge and judge.scores else 0
        asked = self.serving.approval_hours * ((self.promotion == "approve") + (self.approve_above_usd is not None))
        more = math.ceil((self.training.trainings + self.arms.direct) / TRAININGS_AT_ONCE) - 1
        more += bool(self.training.candidates) and self.training.repeats > 1
        return (rounds + 1 + parts) * job + OTHER_WAITS_HOURS + more * TRAINING_HOURS + asked

    @property
    def most_lines(self) -> int:
        """Most lines of training and validation together: what the input allows, and what the kind of job takes."""
        return (
            min(self.selection.max_examples, MAX_DISTILLATION_PROMPTS)
            if self.training.managed
            else self.selection.max_examples
        )

    @property
    def shares(self) -> Split:
        """The shares by which prompts are divided. A managed distillation watches no validation lines."""
        return self.split.model_copy(update={"validation_share": 0.0}) if self.training.managed else self.split

    @property
    def without_budget(self) -> Self:
        """All but what the run may spend: a rerun may be allowed more."""
        return self.model_copy(update={"max_usd": None, "approve_above_usd": None})

    def to_json(self) -> dict[str, Any]:
        """The form in run.json: every key, camelCase."""
        return self.model_dump(mode="json", by_alias=True)

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Reads `to_json`'s form back, or what a user gave: keys in camelCase and no others."""
        return cls.model_validate(data, by_alias=True, by_name=False)
