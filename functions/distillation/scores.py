"""The records of the evaluation: `7-evaluation/scores.json` and the verdict. Records only, so that reading them needs no numerical library.

Shares and scores are between 0 and 1. Every interval is at 95 % (two-sided).
"""

from enum import StrEnum

from distillation.records import Record
from distillation.task import Task

CONFIDENCE = 0.95


class Against(StrEnum):
    """What a metric compares answers with: the seeds' own references, or the teacher's answers where there are too few references."""

    REFERENCE = "reference"
    TEACHER = "teacher"


class Metric(Record, frozen=True, omit_defaults=True):
    """One figure of one arm over `n` items. `low` or `high` is null where these items cannot bound it. Made by `predictions_to_scores`."""

    value: float
    low: float | None
    high: float | None
    n: int
    method: str
    against: Against | None = None


class ArmScore(Record, frozen=True):
    """One arm on the holdout. `n` is the holdout's size for every arm: a missing answer is a wrong one, never a smaller sample.

    `missing` items have no answer (`errors` counts why), `format_failures` have one in which no answer of the task was found.
    """

    n: int
    model: str | None
    missing: int
    format_failures: int
    errors: dict[str, int]
    metrics: dict[str, Metric]


class Difference(Record, frozen=True):
    """Arm `arm` minus arm `minus` in one metric, on the same `n` items.

    `better` and `worse` count the items on which `arm` scores higher and lower. `low` and `high` come from `method`; beside them stands the paired
    bootstrap. `p_value` is of the hypothesis of no difference, `p_holm` the same after Holm's correction over this pair's metrics.
    `sd` is the standard deviation of the item differences, `detectable` the smallest true difference that so many items show in 80 of 100 repeats.
    """

    metric: str
    arm: str
    minus: str
    n: int
    value: float
    low: float
    high: float
    method: str
    bootstrap_low: float
    bootstrap_high: float
    better: int
    worse: int
    test: str
    p_value: float
    p_holm: float
    sd: float
    detectable: float


class Yardstick(StrEnum):
    """TEACHER: the teacher's score against the references. TEACHER_SELF: how far its samples agree with its greedy answer. FULL: agreement in every item."""

    TEACHER = "teacher"
    TEACHER_SELF = "teacherSelf"
    FULL = "full"


class Gate(Record, frozen=True):
    """What the verdict is about: the student (scoring `student_value` in `metric`) minus its yardstick (`yardstick_value`) on the same items."""

    metric: str
    against: Against
    yardstick: Yardstick
    student_value: float
    yardstick_value: float
    difference: Difference


class TeacherDistribution(Record, frozen=True):
    """How sure the teacher is of its own answers on the holdout, from its sampled answers.

    Agreement of a prompt is the share of its samples that give the most frequent answer; `histogram` counts prompts in ten equal bins from 0 to 1.
    """

    prompts: int
    samples: int
    mean_agreement: float
    mean_entropy_bits: float
    histogram: tuple[int, ...]


class ItemAnswer(Record, frozen=True):
    """One arm's answer to one item; `text` is null where there is none, `score` is the item's score in the metric of `InstructiveItem.metric`."""

    text: str | None
    score: float


class InstructiveItem(Record, frozen=True):
    """An item on which student and teacher part. `kind` is studentWorse or studentBetter. Texts are cut at 2,000 characters."""

    prompt_id: str
    kind: str
    prompt: str
    category: str | None
    reference: str | None
    answers: dict[str, ItemAnswer]


class Scores(Record, frozen=True):
    """Everything that was measured on the holdout: `7-evaluation/scores.json`. Made by `predictions_to_scores`, read by the verdict and the report."""

    task: Task
    n: int
    references: int
    unusable_references: int
    quality_against: Against
    arms: dict[str, ArmScore]
    differences: tuple[Difference, ...]
    gate: Gate | None
    teacher: TeacherDistribution | None
    items: tuple[InstructiveItem, ...]
    confidence: float
    resamples: int
    seed: int


class Decision(StrEnum):
    """PROMOTE: shown as good as the teacher within the margin. REJECT: shown worse. HOLD: not shown either way."""

    PROMOTE = "promote"
    HOLD = "hold"
    REJECT = "reject"


class Verdict(Record, frozen=True):
    """The gate's decision with its numbers. Made by `scores_to_verdict`, read by the state machine and the report.

    `items_needed` is null where no more items are needed, or would not help.
    """

    decision: Decision
    headline: str
    reasons: tuple[str, ...]
    margin: float
    metric: str | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    items_needed: int | None = None
