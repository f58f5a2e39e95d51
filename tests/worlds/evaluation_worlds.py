"""Made-up holdouts with known truth, for the tests of scores, verdict and report."""

import random
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from pydantic.alias_generators import to_camel

from distillation.bedrock.prices import load_prices
from distillation.evaluation import score as scoring
from distillation.evaluation.answer_metrics import EXACT
from distillation.evaluation.answer_sheet import read_sheet
from distillation.evaluation.columns import Column
from distillation.evaluation.differences import Pairing
from distillation.evaluation.scores import Against, Scores, Verdict
from distillation.evaluation.uncertainty.statistics import Draw
from distillation.evaluation.verdict import reach_verdict
from distillation.evaluation.yardstick import gated_differences
from distillation.records import HoldoutItem, Prediction
from distillation.run.evaluation import Gate, NumericTolerance
from distillation.task import Task, TaskKind

SENTIMENT = Task(kind=TaskKind.LABEL, labels=("positive", "negative"))
OTHER = {"positive": "negative", "negative": "positive"}

MODELS = {"teacher": "amazon.nova-pro-v1:0", "base": "amazon.nova-micro-v1:0", "student": "amazon.nova-micro-v1:0"}

Predictions = dict[str, list[Prediction]]


def score(
    holdout: Sequence[HoldoutItem],
    predictions: Mapping[str, Sequence[Prediction]],
    task: Task,
    *,
    seed: int,
    resamples: int = scoring.RESAMPLES,
    tolerance: NumericTolerance = EXACT,
    teacher_samples: Mapping[str, Sequence[str]] | None = None,
    **more: Any,
) -> Scores:
    """The sheet and its scores in one call."""
    sheet = read_sheet(holdout, predictions, task, tolerance=tolerance, teacher_samples=teacher_samples)
    return scoring.score(sheet, Draw(resamples, seed), **more)


def decide(scores: Scores, **gate: Any) -> Verdict:
    """The verdict by a gate that is set as in an input, keys in snake case."""
    return reach_verdict(scores, Gate.model_validate({to_camel(name): value for name, value in gate.items()}))


class Slice(NamedTuple):
    """`n` items, of which the student alone is right with probability `better` and the teacher alone with probability
    `worse`.
    """

    n: int
    better: float
    worse: float


Columns = dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]
"""Slice -> the student's and the teacher's right (1) and wrong (0) answers."""


def sliced_columns(slices: Mapping[str, Slice], rng: np.random.Generator) -> Columns:
    """One draw of a world in which both are right in 80 of 100 of the items that they share."""
    found = {}
    for name, one in slices.items():
        alike = 1 - one.better - one.worse
        counts = rng.multinomial(one.n, [one.better, one.worse, 0.8 * alike, 0.2 * alike])
        found[name] = np.repeat([1.0, 0.0, 1.0, 0.0], counts), np.repeat([0.0, 1.0, 1.0, 0.0], counts)
    return found


def sliced_scores(columns: Columns, *, resamples: int = 19, metric: str = "accuracy") -> Scores:
    """What `evaluation.score` finds for the verdict in such columns, made without texts: hundreds of worlds in a
    second.
    """
    student, teacher = (np.concatenate([pair[side] for pair in columns.values()]) for side in (0, 1))
    ends = np.cumsum([0, *(len(pair[0]) for pair in columns.values())]).tolist()
    rows = tuple(range(ends[-1]))
    slices = (
        {name: frozenset(range(ends[place], ends[place + 1])) for place, name in enumerate(columns)}
        if len(columns) > 1
        else {}
    )
    columns_ = (Column(rows, right, Against.REFERENCE) for right in (student, teacher))
    comparisons = gated_differences([Pairing(metric, "student", "teacher", *columns_)], slices, Draw(resamples, 1))
    arms = {arm: _CHEAP.arms[arm] for arm in ("teacher", "student")}
    return msgspec.structs.replace(
        _CHEAP, n=ends[-1], arms=arms, differences=(), gate=comparisons[0], comparisons=comparisons
    )


def sliced_world(columns: Columns) -> tuple[list[HoldoutItem], Predictions]:
    """The same world as texts: every right answer is positive, every wrong one negative."""
    holdout, predictions = [], Predictions(teacher=[], base=[], student=[])
    for name, (student, teacher) in columns.items():
        for number, (own, teachers) in enumerate(zip(student, teacher, strict=True)):
            item = f"{name}-{number:05d}"
            holdout.append(HoldoutItem(prompt_id=item, prompt="?", reference="positive", category=name))
            for arm, right in (("student", own), ("teacher", teachers), ("base", 0.0)):
                predictions[arm].append(answer(item, arm, "positive" if right else "negative"))
    return holdout, predictions


def label_world(
    n: int, accuracy: Mapping[str, float], *, seed: int = 0, shared: float = 0.5, references: bool = True
) -> tuple[list[HoldoutItem], Predictions]:
    """`n` items; each arm is right with its accuracy.

    In a share `shared` of the cases an item's luck is the same for all arms: it is hard or easy for all.
    """
    rng = random.Random(seed)
    holdout, predictions = [], {arm: [] for arm in accuracy}
    for number in range(n):
        truth, item = rng.choice(SENTIMENT.labels), f"p{number:05d}"
        holdout.append(
            HoldoutItem(prompt_id=item, prompt=f"sentence {number}", reference=truth if references else None)
        )
        item_luck = rng.random()
        for arm, share in accuracy.items():
            luck = item_luck if rng.random() < shared else rng.random()
            predictions[arm].append(answer(item, arm, truth if luck < share else OTHER[truth]))
    return holdout, predictions


def answer(prompt_id: str, arm: str, text: str | None, *, latency_ms: int | None = None) -> Prediction:
    """A prediction with plausible token counts."""
    error = None if text is not None else "throttled"
    return Prediction(
        prompt_id=prompt_id,
        arm=arm,
        text=text,
        error=error,
        input_tokens=60,
        output_tokens=2 if text else 0,
        latency_ms=latency_ms,
    )


_CHEAP = score(
    *label_world(1, {"teacher": 1.0, "base": 0.0, "student": 1.0}),
    SENTIMENT,
    seed=1,
    models=MODELS,
    prices=load_prices(),
    resamples=19,
)
