"""The records of the evaluation: `7-evaluation/scores.json` and the verdict. Records only, so that reading them needs
no numerical library.

Shares and scores are between 0 and 1. Every interval is at 95 % (two-sided).
"""

from enum import StrEnum

import msgspec

from distillation.records import Record
from distillation.task import Task

CONFIDENCE = 0.95


class Against(StrEnum):
    """What a metric compares answers with: the seeds' references, the teacher's answers, the task's own form (a JSON
    Schema), or a judge model's rubric.
    """

    REFERENCE = "reference"
    TEACHER = "teacher"
    FORM = "form"
    JUDGE = "judge"


class Metric(Record, frozen=True, omit_defaults=True):
    """One figure of one arm over `n` items. `low` or `high` is null where these items cannot bound it.

    Made by `evaluation.score`.
    """

    value: float
    low: float | None
    high: float | None
    n: int
    method: str
    against: Against | None = None


class ClassScore(Record, frozen=True):
    """One label: `support` items are truly it, `answered` items were said to be it.

    An interval is null where there is nothing to divide by.
    """

    support: int
    answered: int
    precision: Metric
    recall: Metric
    f1: Metric


class Confusion(Record, frozen=True):
    """Counts of items: a row for each label that was right, a column for each label that was answered, and a last
    column for no label at all.
    """

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


class ArmScore(Record, frozen=True):
    """One arm on the holdout. `n` is the holdout's size for every arm: a missing answer is a wrong one, never a smaller
    sample.

    `missing` items have no answer (`errors` counts why), `format_failures` have one in which no answer of the task was
    found. `classes` (label -> scores) and `confusion` are there for label tasks with references.
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
    """Arm `arm` minus arm `minus` in one metric, on the same `n` items.

    `better` and `worse` count the items on which `arm` scores higher and lower. `low` and `high` come from `method`;
    beside them stands the paired bootstrap. `p_value` is of the hypothesis of no difference, `p_holm` the same after
    Holm's correction over this pair's metrics. `sd` is the standard deviation of the item differences, `detectable` the
    smallest true difference that so many items show in 80 of 100 repeats. `worst_low` is the lower end if every answer
    of `minus` that the service lost had been right; null where none was lost. `groups` counts the groups that the items
    belong to, null where each stands for itself.
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
    groups: int | None = None


class Yardstick(StrEnum):
    """TEACHER: the teacher's score against the references.

    TEACHER_SELF: how far its greedy answer agrees with its samples, beside the student's greedy answer with the same
    samples. FULL: agreement in every item.
    """

    TEACHER = "teacher"
    TEACHER_SELF = "teacherSelf"
    FULL = "full"


class GatedDifference(Record, frozen=True):
    """What a verdict is about: the student (scoring `student_value` in `metric`) minus its yardstick
    (`yardstick_value`) on the same items.

    `slice` is the category that the items are of, null for the whole holdout.
    """

    metric: str
    against: Against
    yardstick: Yardstick
    student_value: float
    yardstick_value: float
    difference: Difference
    slice: str | None = None


class TeacherDistribution(Record, frozen=True):
    """How sure the teacher is of its own answers on the holdout, from its sampled answers.

    Agreement of a prompt is the share of its samples that give the most frequent answer; `histogram` counts prompts in
    ten equal bins from 0 to 1.
    """

    prompts: int
    samples: int
    mean_agreement: float
    mean_entropy_bits: float
    histogram: tuple[int, ...]


class CalibrationBin(Record, frozen=True):
    """Prompts whose teacher samples agree to a share from `low` to `high`: their mean `agreement`, and the share
    (`right`) whose top answer is right.
    """

    low: float
    high: float
    n: int
    agreement: float
    right: Metric


class Calibration(Record, frozen=True):
    """Does the teacher's agreement with itself predict that it is right? The reliability table over `n` prompts with
    references and samples.

    `error` is the expected calibration error: the mean over prompts of |agreement - share right| of their bin (Guo et
    al. 2017, equation 3); 0 is perfect.
    """

    n: int
    error: Metric
    bins: tuple[CalibrationBin, ...]


class ItemAnswer(Record, frozen=True):
    """One arm's answer to one item; `text` is null where there is none, `score` is the item's score in the metric of
    `InstructiveItem.metric`.
    """

    text: str | None
    score: float


class InstructiveItem(Record, frozen=True):
    """An item on which the student's score differs from the teacher's or the base's. `kinds`: worseThanTeacher,
    betterThanTeacher, worseThanBase, betterThanBase, those that hold.

    Texts are cut at 2,000 characters.
    """

    prompt_id: str
    prompt: str
    category: str | None
    reference: str | None
    answers: dict[str, ItemAnswer]
    kinds: tuple[str, ...] = ()


class TrainingSpread(Record, frozen=True):
    """Trainings of the same data (`student` serves), or draws of few-shot examples, in one metric: arm -> its value,
    and their standard deviation.
    """

    metric: str
    values: dict[str, float]
    spread: float


class JudgedArm(Record, frozen=True):
    """How one metric of a judge came out for one arm, over the judged prompts: their number is `scored` + `unscored` +
    `missing` + `unanswered`.

    `unscored`: the judge gave no score (the metric does not apply, or the judge failed on it). `missing`: the job
    brought no line, or failed. Both are left out. `unanswered`: the arm has no answer, which scores 0.
    """

    scored: int
    unscored: int
    missing: int
    unanswered: int


class JudgeCalibration(Record, frozen=True):
    """Does the judge know right from wrong? Its scores of answers (of all arms) whose item has a reference: `right` of
    them match it, `wrong` do not.

    `auc` is the chance that a right answer scores higher than a wrong one, ties half (0.5: the judge does not know).
    Figures are null where one side is empty.
    """

    metric: str
    right: int
    wrong: int
    mean_right: Metric | None
    mean_wrong: Metric | None
    auc: Metric | None


class ControlResult(Record, frozen=True):
    """What a judge said of `n` pairs whose worse answer is known, by `kind` (`judging.controls`): how often it chose
    the worse one in both orders (`won`), and how often the better one (`lost`).
    """

    kind: str
    n: int
    won: int
    lost: int


class Comparisons(Record, frozen=True):
    """What a judge said of the answers of `arm` beside those of `minus`, each pair in both orders.

    `n` = `win` + `tie` + `loss`. A pair is won only when both orders say so; one with equal answers (`equal`) is a tie
    that nobody was asked about, one whose orders contradict each other or say tie is a tie too. Among the `n` are the
    `unanswered` items, which nobody was asked about: who refuses or gives no answer of the task loses; where both do,
    they tie. Not among them: `lost` items (the service brought no answer of one of the two) and `unjudged` ones (a
    reply is missing or names no choice).
    `win_rate` counts a tie half: 0.5 is as good; null where the place decides and not the answers. `p_value` is of
    the sign test on wins and losses. `consistent` counts the asked pairs whose orders agree. `first_place` is the
    share of choices for the answer shown first, among the choices for one of the two: 0.5 is no bias.
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
    """How a judge `model` was asked, over `prompts` of the holdout, and what is to be known about it. Its scores
    themselves are metrics of the arms.

    `arms`: arm -> metric -> how it came out. `same_family`: the judge is a relative of the teacher. `decides`: on
    free text its scores, and not word overlap, are the gate's first metric. `warnings` are for the report to show.
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
    """Everything that was measured on the holdout: `7-evaluation/scores.json`. Made by `evaluation.score`, read by the
    verdict and the report.

    `comparisons` are the student against its yardstick in every metric, over the whole holdout (slice null) and in
    every slice; `gate` is the first of them. `slices_left_out` counts categories that are too many to be shown.
    `decisions`: how many runs of the dataset have decided on these items, this one included (`decisions_on`).
    `direct_prompts`: how many prompts with a reference the direct arm learnt from.

    `groups` counts the groups of the items, an item without one for itself, null where no two belong together; `alike`
    the items without a group that share a long beginning with another one.
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
    """A run that has come to a verdict on the holdout `prompt_ids`: `decisions/<dataset>/<run id>.json`. Made by
    ScoreRun, read by those of later runs of the dataset.

    `earlier` are the runs that had decided on the same items before, so that a rerun counts as it did the first time.
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
    """The student minus the arm `minus` against its margin. Only a `gated` check can stand in the way of promotion; one
    that is not gated can still be shown worse.

    `p_worse` is of "not worse than the margin", `p_worse_holm` the same after Holm's correction over all checks.
    `items_needed` is of the whole holdout: with so many this check passes in 80 of 100 runs where the student is in
    truth equal; null where it is settled, or where so many are there already. It follows from how many items are
    answered differently, never from the difference seen.
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
    """PROMOTE: shown as good as the teacher within the margins, better than the untouched base, not worse than its
    rivals, and cheaper. REJECT: shown worse than the teacher, the base or the champion. HOLD: neither is shown.
    """

    PROMOTE = "promote"
    HOLD = "hold"
    REJECT = "reject"


class Verdict(Record, frozen=True):
    """The gate's decision with its numbers. Made by `evaluation.verdict`, read by the state machine and the report.

    `checks` are against the teacher, `rivals` against base, few-shot, direct and champion in the first metric.
    `metric`, `slice`, `minus`, `difference`, `low`, `high` and `margin` are of the check that decides: the first one
    for promote, the widest loss for reject, the one that needs most items for hold. `items_needed` is null where no
    more items are needed, or would not help. `cost_saved` is the share of the teacher's cost of an answer that the
    student saves (negative: costs more), null where it is unknown; `break_even` how many answers a month pay for
    keeping its model, null where nothing is saved.

    `serve` is the arm that should answer tomorrow, of those that were measured. `warnings` say why the teacher may not
    be fit to teach, `what_now` what would change the verdict.
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
