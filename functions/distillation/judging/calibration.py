"""Does the judge know right from wrong? Its scores of answers that match their reference beside the others."""

from collections.abc import Mapping, Sequence

import numpy as np

from distillation.evaluation.answer_metrics import same_answer
from distillation.evaluation.scores import Against, JudgeCalibration
from distillation.evaluation.uncertainty.statistics import Draw, Figures, Floats, bounds_of, metric_of, paired_bootstrap
from distillation.judging.scores import Judgements
from distillation.run.evaluation import NumericTolerance
from distillation.task import Task, TaskKind, answer_reader, canonical_reference

ROUNDED_TO = 2
"""Decimals that are told apart: a judge's scale has at most ten steps."""
UNKNOWN = 0.5
"""A figure of a resample in which no answer is right, or none is wrong: that of a judge who knows nothing."""

Right = Mapping[tuple[str, str], bool]
"""Arm and prompt id -> whether the answer matches the reference."""


Graded = tuple[list[float], list[float]]
"""The scores of one item's right and of its wrong answers, over all arms."""


def judge_calibration(
    given: Judgements, task: Task, tolerance: NumericTolerance, draw: Draw
) -> tuple[JudgeCalibration, ...]:
    """One entry a metric, where items have references; none for free text, which never matches word for word."""
    references = {
        item.prompt_id: reference
        for item in given.items
        if (reference := canonical_reference(item.reference, task)) is not None
    }
    if task.kind is TaskKind.TEXT or not references:
        return ()
    right = _right_answers(given, references, task, tolerance)
    return tuple(calibration_of(metric, _graded(given, metric, right), draw) for metric in given.metrics)


def calibration_of(metric: str, items: Sequence[Graded], draw: Draw) -> JudgeCalibration:
    """The figures over `items`, which are resampled whole: the arms' answers to one prompt stay together."""
    right, wrong = (sum(len(item[side]) for item in items) for side in (0, 1))
    if not right or not wrong:
        return JudgeCalibration(metric=metric, right=right, wrong=wrong, mean_right=None, mean_wrong=None, auc=None)
    features, levels = _counts(items)
    values = _figures(levels)(features.sum(axis=0, keepdims=True))[0].tolist()
    raw = paired_bootstrap(features, _figures(levels), draw)
    mean_right, mean_wrong, auc = (
        metric_of(value, bounds_of(value, *ends), n, Against.REFERENCE)
        for value, ends, n in zip(values, raw, (right, wrong, right + wrong), strict=True)
    )
    return JudgeCalibration(
        metric=metric, right=right, wrong=wrong, mean_right=mean_right, mean_wrong=mean_wrong, auc=auc
    )


def _counts(items: Sequence[Graded]) -> tuple[Floats, Floats]:
    """Items x (right answers at each score, wrong answers at each score), and the scores in rising order."""
    levels = sorted({score for right, wrong in items for score in (*right, *wrong)})
    counts = [[side.count(level) for side in item for level in levels] for item in items]
    return np.array(counts, dtype=float), np.array(levels)


def _figures(levels: Floats) -> Figures:
    """Mean score of right and of wrong answers, and the area under the ROC curve: Mann-Whitney's U over all pairs, ties
    half (Hanley, McNeil 1982).
    """
    size = len(levels)

    def figures(sums: Floats) -> Floats:
        right, wrong = sums[:, :size], sums[:, size : 2 * size]
        rights, wrongs = right.sum(axis=1), wrong.sum(axis=1)
        pairs = (right * (np.cumsum(wrong, axis=1) - wrong / 2)).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            found = np.stack([right @ levels / rights, wrong @ levels / wrongs, pairs / (rights * wrongs)], axis=1)
        return np.asarray(np.nan_to_num(found, nan=UNKNOWN))

    return figures


def _right_answers(given: Judgements, references: Mapping[str, str], task: Task, tolerance: NumericTolerance) -> Right:
    read, found = answer_reader(task), dict[tuple[str, str], bool]()
    within = tolerance if task.kind is TaskKind.ANSWER else None
    for arm, texts in given.texts.items():
        for prompt_id in references.keys() & texts.keys():
            form = read(texts[prompt_id])
            answer = form if isinstance(form, str) else None
            same = (
                same_answer(answer, references[prompt_id], within) == 1 if within else answer == references[prompt_id]
            )
            found[arm, prompt_id] = same
    return found


def _graded(given: Judgements, metric: str, right: Right) -> list[Graded]:
    found: list[Graded] = []
    for item in given.items:
        scores = [(given.score(arm, item, metric), right.get((arm, item.prompt_id))) for arm in given.texts]
        known = [
            (round(score, ROUNDED_TO), is_right)
            for score, is_right in scores
            if score is not None and is_right is not None
        ]
        if known:
            right_ones = [score for score, is_right in known if is_right]
            found.append((right_ones, [score for score, is_right in known if not is_right]))
    return found
