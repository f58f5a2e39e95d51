"""Made-up holdouts with known truth, for the tests of scores, verdict and report."""

import random
from collections.abc import Mapping

from distillation.records import HoldoutItem, Prediction
from distillation.task import Task, TaskKind

SENTIMENT = Task(kind=TaskKind.LABEL, labels=("positive", "negative"))
OTHER = {"positive": "negative", "negative": "positive"}

Predictions = dict[str, list[Prediction]]


def label_world(n: int, accuracy: Mapping[str, float], *, seed: int = 0, shared: float = 0.5, references: bool = True) -> tuple[list[HoldoutItem], Predictions]:
    """`n` items; each arm is right with its accuracy. In a share `shared` of the cases an item's luck is the same for all arms: it is hard or easy for all."""
    rng = random.Random(seed)
    holdout, predictions = [], {arm: [] for arm in accuracy}
    for number in range(n):
        truth, item = rng.choice(SENTIMENT.labels), f"p{number:05d}"
        holdout.append(HoldoutItem(prompt_id=item, prompt=f"sentence {number}", reference=truth if references else None))
        item_luck = rng.random()
        for arm, share in accuracy.items():
            luck = item_luck if rng.random() < shared else rng.random()
            predictions[arm].append(answer(item, arm, truth if luck < share else OTHER[truth]))
    return holdout, predictions


def answer(prompt_id: str, arm: str, text: str | None, *, latency_ms: int | None = None) -> Prediction:
    """A prediction with plausible token counts."""
    error = None if text is not None else "throttled"
    return Prediction(prompt_id=prompt_id, arm=arm, text=text, error=error, input_tokens=60, output_tokens=2 if text else 0, latency_ms=latency_ms)
