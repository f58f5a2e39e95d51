"""Sampled answers: how far an arm's distribution is from the teacher's, how sure the teacher is, and if rightly so."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from distillation.evaluation.answer_metrics import jensen_shannon_bits, outcome, same_answer
from distillation.evaluation.answer_sheet import AnswerSheet, sampled_texts
from distillation.evaluation.columns import Column
from distillation.evaluation.scores import Against, Calibration, CalibrationBin, TeacherDistribution
from distillation.evaluation.targets import Target
from distillation.evaluation.uncertainty.statistics import (
    Draw,
    Floats,
    bounds_of,
    metric_of,
    paired_bootstrap,
    share_of,
)
from distillation.inference.samples import agreement, entropy, majority
from distillation.records import Arm
from distillation.task import TaskKind

BINS = 10
SHUFFLES = 10
"""Random splits of the pooled samples that say how far two samples of one distribution lie apart."""

Drawn = Mapping[int, Sequence[str | None]]
"""Row -> outcomes; None is an answer without canonical form, or a missing one."""


def outcomes(sheet: AnswerSheet, drawn: Drawn) -> Drawn:
    """Sampled texts in the form in which they are counted."""
    return {row: [outcome(sheet.forms.of(text), sheet.task) for text in texts] for row, texts in drawn.items()}


def divergence_columns(sheet: AnswerSheet, arm: str, teacher: Drawn, seed: int) -> dict[str, Column]:
    """Per prompt, the Jensen-Shannon divergence (bits) of the arm's samples from the teacher's, and its value by
    chance: the mean over random splits of the pooled samples. Only what lies above that is a difference. Empty for free
    text, where no two samples are the same, and for an arm without samples.
    """
    if sheet.task.kind is TaskKind.TEXT or arm == Arm.TEACHER or arm not in sheet.samples:
        return {}
    own, rng = outcomes(sheet, sampled_texts(sheet.samples[arm])), np.random.default_rng(seed)
    if Arm.TEACHER in sheet.samples:
        # As many as the arm's own, refused ones among them.
        teacher = outcomes(sheet, sampled_texts(sheet.samples[Arm.TEACHER]))
    rows = tuple(row for row in own if row in teacher)
    if not rows:
        return {}
    values = np.array([jensen_shannon_bits(own[row], teacher[row]) for row in rows])
    chance = np.array([_by_chance(own[row], teacher[row], rng) for row in rows])
    return {
        "jensenShannonBits": Column(rows, values, Against.TEACHER),
        "jensenShannonByChance": Column(rows, chance, Against.TEACHER),
    }


def _by_chance(left: Sequence[str | None], right: Sequence[str | None], rng: np.random.Generator) -> float:
    pooled, size = [*left, *right], len(left)
    if len(set(pooled)) == 1:
        return 0.0
    orders = [rng.permutation(len(pooled)) for _ in range(SHUFFLES)]
    return (
        sum(
            jensen_shannon_bits([pooled[i] for i in order[:size]], [pooled[i] for i in order[size:]])
            for order in orders
        )
        / SHUFFLES
    )


def teacher_distribution(teacher: Drawn) -> TeacherDistribution | None:
    """Agreement and entropy of the teacher's usable samples, as the dataset counts them; None without any."""
    usable = list(filter(None, map(_found, teacher.values())))
    if not usable:
        return None
    agreements = [agreement(answers) for answers in usable]
    return TeacherDistribution(
        prompts=len(usable),
        samples=sum(map(len, usable)),
        mean_agreement=sum(agreements) / len(usable),
        mean_entropy_bits=sum(entropy(Counter(answers).values()) for answers in usable) / len(usable),
        histogram=tuple(map(_bin_numbers(agreements).count, range(BINS))),
    )


def _found(answers: Sequence[str | None]) -> list[str]:
    return [answer for answer in answers if answer is not None]


def _bin_numbers(shares: Sequence[float]) -> list[int]:
    return [min(int(share * BINS), BINS - 1) for share in shares]


Vote = tuple[float, float]
"""How far a prompt's samples agree, and whether their top answer is right."""


def teacher_calibration(sheet: AnswerSheet, teacher: Drawn, draw: Draw) -> Calibration | None:
    """Is the teacher's most frequent answer right as often as its samples agree? None without references or samples,
    and for free text.
    """
    rows = [row for row in teacher if sheet.references[row] is not None and _found(teacher[row])]
    if not rows or sheet.task.kind is TaskKind.TEXT:
        return None
    given = [_found(teacher[row]) for row in rows]
    wanted = [outcome(sheet.references[row], sheet.task) for row in rows]
    votes = [
        (agreement(answers), same_answer(majority(answers), right, sheet.tolerance))
        for answers, right in zip(given, wanted, strict=True)
    ]
    numbers = np.array(_bin_numbers([agreed for agreed, _ in votes]))
    inside = (numbers[:, None] == np.arange(BINS)).astype(float)
    gaps = inside * np.array([agreed - right for agreed, right in votes])[:, None]
    error = float(_expected_error(gaps.sum(axis=0)[None], len(votes))[0, 0])
    ends = [(error, error)]
    if len(votes) > 1:
        ends = paired_bootstrap(gaps, lambda sums: _expected_error(sums[:, :-1], sums[:, -1:]), draw, draw.codes(rows))
    return Calibration(
        n=len(votes),
        error=metric_of(error, bounds_of(error, *ends[0]), len(votes)),
        bins=tuple(
            _bin(number, [vote for vote, of in zip(votes, numbers.tolist(), strict=True) if of == number])
            for number in sorted(set(numbers.tolist()))
        ),
    )


def _expected_error(sums: Floats, n: Floats | int) -> Floats:
    return np.asarray(np.abs(sums).sum(axis=1, keepdims=True) / n)


def _bin(number: int, votes: list[Vote]) -> CalibrationBin:
    right, n = int(sum(right for _, right in votes)), len(votes)
    return CalibrationBin(
        low=number / BINS,
        high=(number + 1) / BINS,
        n=n,
        agreement=sum(agreed for agreed, _ in votes) / n,
        right=share_of(right, n),
    )


def draw_grades(sheet: AnswerSheet, target: Target, arm: str) -> dict[int, float]:
    """Row -> mean grade of an arm's greedy answer against the teacher's samples; rows without samples are left out."""
    drawn, alike = sheet.teacher_samples, target.alike
    if alike is None:
        return {}
    texts = {row: [one.text for one in sheet.answers[arm][row]] for row in target.rows if row in drawn}
    return {
        row: sum(alike(text, draw) for text in given for draw in drawn[row]) / (len(given) * len(drawn[row]))
        if given
        else 0.0
        for row, given in texts.items()
    }
