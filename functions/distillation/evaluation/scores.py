"""The records of the evaluation, `7-evaluation/scores.json` and the verdict; reading them needs no numerical library.
Shares and scores are between 0 and 1. Every interval is at 95 % (two-sided).
"""

from enum import StrEnum

import msgspec

from distillation.records import Record
from distillation.task import Task

CONFIDENCE = 0.95


class Against(StrEnum):
    """What answers are compared with: references, the teacher's answers, a JSON Schema, or a judge's rubric."""

    REFERENCE = "reference"
    TEACHER = "teacher"
    FORM = "form"
    JUDGE = "judge"


class Metric(Record, frozen=True, omit_defaults=True):
    """One figure of one arm over `n` items. `low` or `high` is null where these items cannot bound it."""

    value: float
    low: float | None
    high: float | None
    n: int
    method: str
    against: Against | None = None


class ClassScore(Record, frozen=True):
    """One label: `support` items are it, `answered` were said to be it. Without items an interval is null."""

    support: int
    answered: int
    precision: Metric
    recall: Metric
    f1: Metric


class Confusion(Record, frozen=True):
    """Counts of items: a row a label that was right, a column a label that was answered, the last for none."""

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


class ArmScore(Record, frozen=True):
    """One arm on the holdout. `n` is the holdout's size for every arm: a missing answer is a wrong one. `missing` items
    have no answer (`errors` counts why), `format_failures` an unreadable one. Label tasks with references have
    `classes` (label -> scores) and `confusion`.
    """

    n: int
    model: str | None
    missing: int
    format_failures: int
    errors: dict[str, int]
    metrics: dict[str, Metric]
    classes: dict[str, ClassScore] = msgspec.field(default_factory=dict)
    confusion: Confusion | None = None


class SliceScore(Record, frozen=True):
    """The arms on the `n` items of one category: arm -> metric -> figure."""

    name: str
    n: int
    arms: dict[str, dict[str, Metric]]


class Difference(Record, frozen=True):
    """Arm `arm` minus arm `minus` in one metric, on the same `n` items. `better` and `worse` count the items that `arm`
    wins and loses. `low` and `high` come from `method`, beside them the paired bootstrap. `p_value` is of no
    difference, `p_holm` the same after Holm over this pair's metrics. `sd`: standard deviation of the item differences.
    `detectable`: the smallest true difference that shows in 80 of 100 repeats. `worst_low`: the lower end if all lost
    answers of `minus` were right, `best_high` the upper one if those of `arm` were; null where none was lost. `groups`:
    how many groups the items form, null where each stands alone. `parts`: over several trainings, variance and degrees
    of freedom of the items and of each arm's trainings, for levels below 2.5 %.
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
    worst_low: float | None = None
    best_high: float | None = None
    groups: int | None = None
    parts: tuple[tuple[float, int], ...] = ()


class Yardstick(StrEnum):
    """TEACHER: the teacher's score against references. FULL: agreement in every item. TEACHER_SELF: how far its greedy
    answer agrees with its samples, beside the student's with the same samples.
    """

    TEACHER = "teacher"
    TEACHER_SELF = "teacherSelf"
    FULL = "full"


class GatedDifference(Record, frozen=True):
    """What a verdict is about: the student minus its yardstick in `metric`, on the same items. `slice`: their category,
    null for the whole holdout.
    """

    metric: str
    against: Against
    yardstick: Yardstick
    student_value: float
    yardstick_value: float
    difference: Difference
    slice: str | None = None


class TeacherDistribution(Record, frozen=True):
    """How sure the teacher is on the holdout. Agreement: the share of a prompt's samples that give the most frequent
    answer. `histogram` counts prompts in ten equal bins from 0 to 1.
    """

    prompts: int
    samples: int
    mean_agreement: float
    mean_entropy_bits: float
    histogram: tuple[int, ...]


class CalibrationBin(Record, frozen=True):
    """Prompts with a sample agreement from `low` to `high`: its mean, and the share whose top answer is `right`."""

    low: float
    high: float
    n: int
    agreement: float
    right: Metric


class Calibration(Record, frozen=True):
    """Does the teacher's agreement with itself predict that it is right? Over `n` prompts with references and samples.
    `error`: expected calibration error, the mean |agreement - share right| of a prompt's bin (Guo et al. 2017, eq. 3).
    """

    n: int
    error: Metric
    bins: tuple[CalibrationBin, ...]


class ItemAnswer(Record, frozen=True):
    """One arm's answer to one item, null where there is none, and its score in the gate's metric."""

    text: str | None
    score: float


class InstructiveItem(Record, frozen=True):
    """An item on which the student scores otherwise than teacher or base. `kinds`: those that hold of worseThanTeacher,
    betterThanTeacher, worseThanBase, betterThanBase. Texts are cut at 2,000 characters.
    """

    prompt_id: str
    prompt: str
    category: str | None
    reference: str | None
    answers: dict[str, ItemAnswer]
    kinds: tuple[str, ...] = ()


class TrainingSpread(Record, frozen=True):
    """Trainings of the same data (`student` serves) or draws of few-shot: arm -> value, their standard deviation."""

    metric: str
    values: dict[str, float]
    spread: float


class JudgedArm(Record, frozen=True):
    """How one metric of a judge came out for one arm; the four counts add up to the judged prompts. `unscored`: the
    judge gave no score. `missing`: the job brought no line. Both are left out. `unanswered`: the arm has no answer,
    which scores 0.
    """

    scored: int
    unscored: int
    missing: int
    unanswered: int


class JudgeCalibration(Record, frozen=True):
    """Does the judge know right from wrong? Its scores of answers that match their reference beside those that do not.
    `auc`: how often a right answer scores higher than a wrong one, ties half. Null where one side is empty.
    """

    metric: str
    right: int
    wrong: int
    mean_right: Metric | None
    mean_wrong: Metric | None
    auc: Metric | None


class ControlResult(Record, frozen=True):
    """`n` pairs whose worse answer is known, by `kind` (`judging.controls`): how often a judge chose the worse one in
    both orders (`won`), and the better one (`lost`).
    """

    kind: str
    n: int
    won: int
    lost: int


class Comparisons(Record, frozen=True):
    """What a judge said of the answers of `arm` beside those of `minus`, each pair in both orders.

    `n` = `win` + `tie` + `loss`. A pair is won when both orders say so; else, and without asking where the answers are
    `equal`, it is a tie. Nobody is asked about the `unanswered` among the `n`: the arm without an answer loses, two
    tie. Not among the `n`: `lost` (the service brought no answer) and `unjudged` (no reply, or one without a choice).

    `win_rate`: a tie counts half; null where the place decides. `p_value`: sign test on wins and losses. `consistent`:
    asked pairs whose orders agree. `first_place`: share of choices for the answer shown first; 0.5 is no bias.
    """

    arm: str
    minus: str
    n: int
    win: int
    tie: int
    loss: int
    equal: int
    consistent: int
    unanswered: int
    unjudged: int
    win_rate: Metric | None
    p_value: float
    first_place: Metric | None
    lost: int = 0
    controls: tuple[ControlResult, ...] = ()


class HumanAgreement(Record, frozen=True):
    """How often a judge chose as people did, in `n` pairs of a file of theirs; `kappa` is Cohen's (0 is chance)."""

    n: int
    agreed: int
    kappa: float | None


class JudgeScores(Record, frozen=True):
    """How a judge `model` was asked over `prompts` of the holdout; its scores are metrics of the arms. `arms`: arm ->
    metric -> how it came out. `same_family`: judge and teacher are relatives. `decides`: on free text its scores are
    the gate's first metric, and not word overlap.
    """

    model: str
    prompts: int
    same_family: bool
    warnings: tuple[str, ...]
    arms: dict[str, dict[str, JudgedArm]]
    calibration: tuple[JudgeCalibration, ...] = ()
    comparisons: Comparisons | None = None
    decides: bool = False
    human: HumanAgreement | None = None


class Scores(Record, frozen=True):
    """Everything that was measured on the holdout: `7-evaluation/scores.json`. Read by the verdict and the report.

    `comparisons`: the student against its yardstick, over the whole holdout (slice null) and in every slice; `gate` is
    the first. `slices_left_out` counts categories too many to show. `decisions`: runs that have decided on these items,
    this one included. `direct_prompts`: prompts with a reference that the direct arm learnt from. `groups`: groups of
    the items, null where each stands alone; `alike`: items without a group that begin as another one does.
    """

    task: Task
    n: int
    references: int
    unusable_references: int
    quality_against: Against
    arms: dict[str, ArmScore]
    differences: tuple[Difference, ...]
    gate: GatedDifference | None
    teacher: TeacherDistribution | None
    items: tuple[InstructiveItem, ...]
    confidence: float
    resamples: int
    seed: int
    comparisons: tuple[GatedDifference, ...] = ()
    slices: tuple[SliceScore, ...] = ()
    slices_left_out: int = 0
    calibration: Calibration | None = None
    judge: JudgeScores | None = None
    groups: int | None = None
    alike: int = 0
    decisions: int = 1
    direct_prompts: int | None = None
    trainings: TrainingSpread | None = None
    few_shot: TrainingSpread | None = None


class DecidedHoldout(Record, frozen=True):
    """A run that has decided on the holdout `prompt_ids`: `decisions/<dataset>/<run id>.json`. Made by ScoreRun, read
    by later runs. `earlier`: runs that had decided before it, so that a rerun counts as it did the first time.
    """

    run_id: str
    prompt_ids: tuple[str, ...]
    earlier: tuple[str, ...] = ()


class CheckOutcome(StrEnum):
    """PASSED: shown to be within the margin. WORSE: shown to lose more. OPEN: not shown either way."""

    PASSED = "passed"
    OPEN = "open"
    WORSE = "worse"


class Check(Record, frozen=True):
    """The student minus the arm `minus` against its margin. Only a `gated` check can stand in the way of promotion;
    every check can be shown worse. `p_worse` is of "not worse than the margin", `p_worse_holm` after Holm over all
    checks. `items_needed`: holdout items with which an equal student passes in 80 of 100 runs; null where settled or
    enough are there.
    """

    metric: str
    slice: str | None
    gated: bool
    n: int
    difference: float
    low: float
    high: float
    margin: float
    outcome: CheckOutcome
    p_worse: float
    p_worse_holm: float
    items_needed: int | None = None
    minus: str = "teacher"


class GateDecision(StrEnum):
    """PROMOTE: as good as the teacher within the margins, better than the base, no worse than rivals, and cheaper.
    REJECT: shown worse than the teacher, the base or the champion. HOLD: neither is shown.
    """

    PROMOTE = "promote"
    HOLD = "hold"
    REJECT = "reject"


class Verdict(Record, frozen=True):
    """The gate's decision with its numbers. Read by the state machine and the report.

    `checks` are against the teacher, `rivals` against the other arms in the first metric. `metric`, `slice`, `minus`,
    `margin` and the figures are of the check that decides: the first for promote, the widest loss for reject, the one
    that needs most items for hold. `items_needed` is null where more would not help. `cost_saved`: share of the
    teacher's cost of an answer (negative: costs more), null where unknown. `break_even`: answers a month that pay for
    keeping the model, null where nothing is saved. `serve`: the arm that should answer tomorrow. `warnings`: why the
    teacher may not be fit. `what_now`: what would change the verdict.
    """

    decision: GateDecision
    headline: str
    reasons: tuple[str, ...]
    margin: float
    metric: str | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    items_needed: int | None = None
    slice: str | None = None
    cost_saved: float | None = None
    checks: tuple[Check, ...] = ()
    minus: str = "teacher"
    rivals: tuple[Check, ...] = ()
    serve: str | None = None
    warnings: tuple[str, ...] = ()
    what_now: tuple[str, ...] = ()
    break_even: int | None = None
