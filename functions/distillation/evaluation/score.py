"""Predictions of all arms on the holdout -> metrics with 95 % intervals and paired differences.

    scores = score(holdout, predictions, task, seed=..., models=..., prices=..., teacher_samples=...)

Every arm is scored on every holdout item. A missing answer, or one in which the task's pattern finds nothing, is wrong;
it never shrinks the sample. An arm may answer a prompt several times: the item's score is the mean, so the samples of
one prompt are one observation. The order of the items changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from distillation.bedrock.prices import Prices
from distillation.evaluation.answer_metrics import EXACT, Tolerance
from distillation.evaluation.answer_sheet import AnswerSheet, read_sheet
from distillation.evaluation.arm_metrics import ArmFigures, Measured, figures, latency_metrics, measure
from distillation.evaluation.classes import confusion
from distillation.evaluation.columns import error_counts, quality_columns
from distillation.evaluation.differences import Draw, Pairing, corrected, differences_of, macro_f1_differences
from distillation.evaluation.distributions import Drawn, Samples, calibration, teacher_distribution, teacher_outcomes
from distillation.evaluation.items import instructive_items
from distillation.evaluation.scores import CONFIDENCE, ArmScore, Difference, Gate, Metric, Scores, SliceScore
from distillation.evaluation.targets import Judged, Target, quality_targets
from distillation.evaluation.yardstick import Contest, Quality, Slices, compare, compare_macro_f1, contests, slices_of
from distillation.records import Arm, HoldoutItem, Prediction
from distillation.task import Task

RESAMPLES = 9_999
MAX_SLICES = 100
FIRST_METRICS = (
    "accuracy",
    "macroF1",
    "exactMatch",
    "fieldAccuracy",
    "schemaValid",
    "jsonValid",
    "tokenF1",
    "rougeL",
    "chrF",
    "teacherAgreement",
)

Pairs = Sequence[tuple[str, str]]
"""Arm and the arm that is subtracted."""


def score(
    holdout: Sequence[HoldoutItem],
    predictions: Mapping[str, Sequence[Prediction]],
    task: Task,
    *,
    seed: int,
    models: Mapping[str, str] | None = None,
    prices: Prices | None = None,
    teacher_samples: Mapping[str, Sequence[str]] | None = None,
    judged: Judged | None = None,
    pairs: Pairs | None = None,
    tolerance: Tolerance = EXACT,
    resamples: int = RESAMPLES,
) -> Scores:
    """Measures every arm in `predictions` (arm -> its answers) and compares them on the same items.

    `models` (arm -> model id) and `prices` give the cost of 1,000 answers. `teacher_samples` (prompt id -> the
    teacher's sampled texts) give its agreement with itself. `judged` (metric -> arm -> prompt id -> 0 to 1) are a judge
    model's scores. `pairs` are the differences to take; by default every arm minus the teacher, and the student minus
    every other arm. Raises RecordsLost where a prediction belongs to no holdout item.
    """
    sheet, samples = read_sheet(holdout, predictions, task, tolerance=tolerance), teacher_samples or {}
    targets = quality_targets(sheet, judged) if sheet.answers else []
    quality = quality_columns(sheet, targets)
    teacher = teacher_outcomes(sheet, samples)
    measured = measure(sheet, quality, models or {}, teacher, prices=prices, seed=seed)
    draw, compared = Draw(resamples, seed), _pairs(list(sheet.answers)) if pairs is None else pairs
    return _scores(
        sheet,
        targets,
        quality,
        samples=samples,
        teacher=teacher,
        measured=measured,
        models=models or {},
        pairs=compared,
        draw=draw,
    )


def _scores(
    sheet: AnswerSheet,
    targets: list[Target],
    quality: Quality,
    *,
    samples: Samples,
    teacher: Drawn,
    measured: Measured,
    models: Mapping[str, str],
    pairs: Pairs,
    draw: Draw,
) -> Scores:
    every_slice = slices_of(sheet)
    slices = dict(islice(every_slice.items(), MAX_SLICES))
    comparisons = _comparisons(sheet, contests(sheet, targets, quality, samples), measured, slices, draw)
    return Scores(
        task=sheet.task,
        n=len(sheet.items),
        references=sum(reference is not None for reference in sheet.references),
        unusable_references=_unusable_references(sheet),
        quality_against=sheet.against,
        arms=_arm_scores(sheet, measured, models, draw) if sheet.items else {},
        differences=_differences(pairs, targets, quality, measured, draw),
        gate=next(iter(comparisons), None),
        teacher=teacher_distribution(teacher),
        items=instructive_items(sheet, targets[0], quality) if targets else (),
        confidence=CONFIDENCE,
        resamples=draw.resamples,
        seed=draw.seed,
        comparisons=comparisons,
        slices=_slice_scores(sheet, measured, slices, draw),
        slices_left_out=len(every_slice) - len(slices),
        calibration=calibration(sheet, teacher, resamples=draw.resamples, seed=draw.seed),
    )


def _unusable_references(sheet: AnswerSheet) -> int:
    return sum(
        item.reference is not None and usable is None
        for item, usable in zip(sheet.items, sheet.references, strict=True)
    )


def _comparisons(
    sheet: AnswerSheet, given: Iterable[Contest], measured: Measured, slices: Slices, draw: Draw
) -> tuple[Gate, ...]:
    found = compare(list(given), slices, draw)
    both = {Arm.STUDENT, Arm.TEACHER} <= sheet.answers.keys()
    return (*found, *compare_macro_f1(measured.labels, slices, draw)) if measured.labels and both else found


def _arm_scores(sheet: AnswerSheet, measured: Measured, models: Mapping[str, str], draw: Draw) -> dict[str, ArmScore]:
    found = figures(measured, draw)
    return {arm: _arm_score(sheet, arm, models.get(arm), found, measured) for arm in sheet.answers}


def _arm_score(sheet: AnswerSheet, arm: str, model: str | None, found: ArmFigures, measured: Measured) -> ArmScore:
    return ArmScore(
        n=len(sheet.items),
        model=model,
        missing=int((measured.columns["missingRate", arm].values > 0).sum()),
        format_failures=int((measured.columns["formatFailureRate", arm].values > 0).sum()),
        errors=error_counts(sheet, arm),
        metrics=_in_order(found.of_arm(arm)) | latency_metrics(sheet, arm),
        classes=found.classes[arm].classes if arm in found.classes else {},
        confusion=confusion(measured.labels, arm) if measured.labels else None,
    )


def _in_order(metrics: Mapping[str, Metric]) -> dict[str, Metric]:
    return {metric: metrics[metric] for metric in dict.fromkeys((*FIRST_METRICS, *metrics)) if metric in metrics}


def _slice_scores(sheet: AnswerSheet, measured: Measured, slices: Slices, draw: Draw) -> tuple[SliceScore, ...]:
    found = {name: figures(measured.within(rows), draw.in_a_slice()) for name, rows in slices.items()}
    return tuple(
        SliceScore(name=name, n=len(rows), arms={arm: _in_order(found[name].of_arm(arm)) for arm in sheet.answers})
        for name, rows in slices.items()
    )


def _pairs(arms: list[str]) -> Pairs:
    """Every arm minus the teacher, and the student minus every other arm."""
    taught = [(arm, str(Arm.TEACHER)) for arm in arms if arm != Arm.TEACHER and Arm.TEACHER in arms]
    lifts = [(str(Arm.STUDENT), arm) for arm in arms if arm not in (Arm.STUDENT, Arm.TEACHER) and Arm.STUDENT in arms]
    return sorted(taught, key=lambda pair: pair[0] != Arm.STUDENT) + lifts


def _differences(
    pairs: Pairs, targets: Sequence[Target], quality: Quality, measured: Measured, draw: Draw
) -> tuple[Difference, ...]:
    """Each pair in every quality metric that both arms have."""
    keys = [
        (target.metric, arm, minus)
        for arm, minus in pairs
        for target in targets
        if {(target.metric, arm), (target.metric, minus)} <= quality.keys()
    ]
    found = differences_of(
        [Pairing(metric, arm, minus, quality[metric, arm], quality[metric, minus]) for metric, arm, minus in keys], draw
    )
    if measured.labels:
        found += macro_f1_differences(measured.labels, pairs, draw)
    return corrected(found)
