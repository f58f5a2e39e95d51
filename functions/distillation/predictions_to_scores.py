"""Predictions of all arms on the holdout -> metrics with 95 % intervals and paired differences.

    scores = score(holdout, predictions, task, seed=..., models=..., prices=..., teacher_samples=...)

Every arm is scored on every holdout item. A missing answer, or one in which the task's pattern finds nothing, is wrong; it never shrinks the sample. An arm may
answer a prompt several times: the item's score is the mean, so the samples of one prompt are one observation. The order of the items changes nothing.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from distillation.answer_sheet import AnswerSheet, Target, quality_targets, read_sheet, scores_arm
from distillation.arm_columns import Column, error_counts, failure_columns, latencies, macro_f1_of_arms, quality_column, usage_columns
from distillation.costs import Prices, price_of
from distillation.instructive_items import instructive_items, self_grades, teacher_distribution
from distillation.paired_differences import Draw, Pairing, differences_of, intervals
from distillation.paired_statistics import Bounds, Floats, bounds_of, paired_bootstrap, quantile_interval
from distillation.records import Arm, HoldoutItem, Prediction
from distillation.scores import CONFIDENCE, Against, ArmScore, Difference, Gate, Metric, Scores, Yardstick
from distillation.task import Task, TaskKind

RESAMPLES = 9_999
LATENCIES = {"latencyMedianMs": 0.5, "latencyP95Ms": 0.95}
FIRST_METRICS = ("accuracy", "macroF1", "tokenF1", "teacherAgreement")

Key = tuple[str, str]
"""Metric and arm."""


def score(
    holdout: Sequence[HoldoutItem],
    predictions: Mapping[str, Sequence[Prediction]],
    task: Task,
    *,
    seed: int,
    models: Mapping[str, str] | None = None,
    prices: Prices | None = None,
    teacher_samples: Mapping[str, Sequence[str]] | None = None,
    resamples: int = RESAMPLES,
) -> Scores:
    """Measures every arm in `predictions` (arm -> its answers) and compares them on the same items.

    `models` (arm -> model id) and `prices` give the cost of 1,000 answers. `teacher_samples` (prompt id -> the teacher's sampled texts) give its agreement with
    itself. Raises RecordsLost where a prediction belongs to no holdout item.
    """
    sheet, draw, samples = read_sheet(holdout, predictions, task), Draw(resamples, seed), teacher_samples or {}
    targets = quality_targets(sheet) if sheet.answers else []
    quality = {(t.metric, arm): quality_column(sheet, t, arm) for t in targets for arm in sheet.answers if scores_arm(t, arm)}
    return Scores(
        task=task,
        n=len(sheet.items),
        references=sum(reference is not None for reference in sheet.references),
        unusable_references=sum(item.reference is not None and usable is None for item, usable in zip(sheet.items, sheet.references, strict=True)),
        quality_against=sheet.against,
        arms=_arm_scores(sheet, targets, quality, models or {}, prices=prices, draw=draw) if sheet.items else {},
        differences=_differences(list(sheet.answers), targets, quality, draw),
        gate=_gate(sheet, targets, quality, samples, draw),
        teacher=teacher_distribution(sheet, samples),
        items=instructive_items(sheet, targets[0]) if targets else (),
        confidence=CONFIDENCE,
        resamples=resamples,
        seed=seed,
    )


def _arm_scores(
    sheet: AnswerSheet, targets: list[Target], quality: Mapping[Key, Column], models: Mapping[str, str], *, prices: Prices | None, draw: Draw
) -> dict[str, ArmScore]:
    columns = dict(quality)
    for arm in sheet.answers:
        price = price_of(prices, models[arm]) if prices and arm in models else None
        columns |= {(metric, arm): column for metric, column in (failure_columns(sheet, arm) | usage_columns(sheet, arm, price)).items()}
    found = _metrics({key: column for key, column in columns.items() if column.rows}, draw) | _macro_f1(sheet, targets, draw)
    return {arm: _arm_score(sheet, arm, models.get(arm), found) for arm in sheet.answers}


def _arm_score(sheet: AnswerSheet, arm: str, model: str | None, found: Mapping[Key, Metric]) -> ArmScore:
    failures = failure_columns(sheet, arm)
    metrics = {metric: figure for (metric, of_arm), figure in found.items() if of_arm == arm} | _latency_metrics(sheet, arm)
    return ArmScore(
        n=len(sheet.items),
        model=model,
        missing=int((failures["missingRate"].values > 0).sum()),
        format_failures=int((failures["formatFailureRate"].values > 0).sum()),
        errors=error_counts(sheet, arm),
        metrics={metric: metrics[metric] for metric in dict.fromkeys((*FIRST_METRICS, *metrics)) if metric in metrics},
    )


def _metrics(columns: Mapping[Key, Column], draw: Draw) -> dict[Key, Metric]:
    bounds = intervals(columns, draw)
    return {key: _metric(float(column.values.mean()), bounds[key], len(column.rows), column.against) for key, column in columns.items()}


def _metric(value: float, bounds: Bounds, n: int, against: Against | None) -> Metric:
    return Metric(value=value, low=bounds.low, high=bounds.high, n=n, method=bounds.method, against=against)


def _macro_f1(sheet: AnswerSheet, targets: list[Target], draw: Draw) -> dict[Key, Metric]:
    target = next((target for target in targets if target.metric == "accuracy"), None)
    if target is None or sheet.task.kind is not TaskKind.LABEL:
        return {}
    arms, n = list(sheet.answers), len(target.rows)
    statistic = macro_f1_of_arms(sheet, target, arms)
    values = statistic(np.ones((1, n)))[0].tolist()
    raw = paired_bootstrap(n, statistic, resamples=draw.resamples, seed=draw.seed) if n > 1 else [(value, value) for value in values]
    bounds = [bounds_of(value, low, high) for value, (low, high) in zip(values, raw, strict=True)]
    return {("macroF1", arm): _metric(value, bound, n, Against.REFERENCE) for arm, value, bound in zip(arms, values, bounds, strict=True)}


def _latency_metrics(sheet: AnswerSheet, arm: str) -> dict[str, Metric]:
    values = latencies(sheet, arm)
    return {name: _latency_metric(values, share) for name, share in LATENCIES.items()} if values.size else {}


def _latency_metric(values: Floats, share: float) -> Metric:
    interval = quantile_interval(values, share)
    return Metric(value=float(np.quantile(values, share)), low=interval.low, high=interval.high, n=len(values), method=interval.method)


def _differences(arms: list[str], targets: list[Target], quality: Mapping[Key, Column], draw: Draw) -> tuple[Difference, ...]:
    """Student minus every other arm and teacher minus base, in every quality metric that both arms have."""
    pairs = [(str(Arm.STUDENT), arm) for arm in arms if arm != Arm.STUDENT and Arm.STUDENT in arms] + [(str(Arm.TEACHER), str(Arm.BASE))]
    keys = [(target.metric, arm, minus) for arm, minus in pairs for target in targets if {(target.metric, arm), (target.metric, minus)} <= quality.keys()]
    return tuple(differences_of([Pairing(metric, arm, minus, quality[metric, arm], quality[metric, minus]) for metric, arm, minus in keys], draw))


def _gate(sheet: AnswerSheet, targets: list[Target], quality: Mapping[Key, Column], samples: Mapping[str, Sequence[str]], draw: Draw) -> Gate | None:
    """The student against its yardstick in the first metric: the teacher where there are references, else the teacher's agreement with itself."""
    if not targets or not {Arm.STUDENT, Arm.TEACHER} <= sheet.answers.keys():
        return None
    target = targets[0]
    student = quality[target.metric, Arm.STUDENT]
    if target.against is Against.REFERENCE:
        yardstick, kind = quality[target.metric, Arm.TEACHER], Yardstick.TEACHER
    else:
        student, yardstick, kind = _against_teacher(sheet, target, student, samples)
    (difference,) = differences_of([Pairing(target.metric, Arm.STUDENT, Arm.TEACHER, student, yardstick)], draw)
    values = float(student.values.mean()), float(yardstick.values.mean())
    return Gate(metric=target.metric, against=target.against, yardstick=kind, student_value=values[0], yardstick_value=values[1], difference=difference)


def _against_teacher(sheet: AnswerSheet, target: Target, student: Column, samples: Mapping[str, Sequence[str]]) -> tuple[Column, Column, Yardstick]:
    itself = self_grades(sheet, target, samples)
    if 2 * len(itself) < len(target.rows):
        return student, Column(student.rows, np.ones(len(student.rows))), Yardstick.FULL
    kept = [place for place, row in enumerate(target.rows) if row in itself]
    rows = tuple(target.rows[place] for place in kept)
    own = Column(rows, np.array([itself[row] for row in rows]), target.against)
    return Column(rows, student.values[kept], target.against), own, Yardstick.TEACHER_SELF
