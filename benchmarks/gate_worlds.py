"""Holdouts with known truth for the simulation of the gate: what each arm answers to each item, drawn anew for every
repeat.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from distillation.records import HoldoutItem, Prediction
from distillation.task import Task, TaskKind

Rng = np.random.Generator
Flags = np.typing.NDArray[np.bool_]
RIGHT, WRONG = "positive", "negative"
SENTIMENT = Task(kind=TaskKind.LABEL, labels=(RIGHT, WRONG))
TEXT = Task(kind=TaskKind.TEXT)
WORDS = 20
"""Words of a text: the overlap of an answer with its reference is a multiple of a twentieth."""


class Holdout(NamedTuple):
    """What `evaluation.score` reads. `teacher_samples` maps prompt ids to sampled answers."""

    task: Task
    items: list[HoldoutItem]
    predictions: dict[str, list[Prediction]]
    teacher_samples: dict[str, list[str]] | None = None


class Differs(NamedTuple):
    """An arm against the teacher: probability that it alone is right, and that the teacher alone is."""

    better: float
    worse: float


Draw = Callable[[Rng], Holdout]


class World(NamedTuple):
    """A world, what is asked of it, and the bound on the share of repeats that promote.

    `tries` students meet each holdout in turn, and one promotion counts. `agrees`: what counts is the check against the
    teacher that passes, since no world without references promotes.
    """

    name: str
    draw: Draw
    at_most: float | None = None
    at_least: float | None = None
    gate: Mapping[str, Any] = {}
    tries: int = 1
    repeats: int = 400
    agrees: bool = False


def rng_of(name: str, seed: int) -> Rng:
    """The luck of one repeat of a world: the same in every process."""
    return np.random.default_rng([zlib.crc32(name.encode()), seed])


def labelled(n: int, teacher: float, arms: Mapping[str, Differs], *, lost: float = 0.0, group: int = 1) -> Draw:
    """`n` items with references; the teacher is right with probability `teacher`.

    A share `lost` of its answers never came. Items come in groups of `group` that share their luck in six of ten cases.
    """

    def draw(rng: Rng) -> Holdout:
        taught = _luck(rng, n, group) < teacher
        right = {"teacher": taught} | {arm: _differing(rng, taught, one, teacher, group) for arm, one in arms.items()}
        gone = rng.random(n) < lost
        predictions = {
            arm: [
                _prediction(arm, i, None if arm == "teacher" and gone[i] else RIGHT if flag else WRONG)
                for i, flag in enumerate(flags)
            ]
            for arm, flags in right.items()
        }
        return Holdout(SENTIMENT, _items(n, [RIGHT] * n, group), predictions)

    return draw


def _luck(rng: Rng, n: int, group: int) -> np.typing.NDArray[np.float64]:
    """Uniform on [0, 1); alone where groups are of one."""
    own, common = rng.random(n), np.repeat(rng.random(-(-n // group)), group)[:n]
    return np.where(rng.random(n) < 0.6, common, own) if group > 1 else own


def _differing(rng: Rng, taught: Flags, one: Differs, teacher: float, group: int) -> Flags:
    luck = _luck(rng, len(taught), group)
    return np.where(taught, luck >= one.worse / teacher, luck < one.better / (1 - teacher))


def unreferenced(n: int, sure: float, agrees: float, accuracy: float) -> Draw:
    """No references: the teacher's draws are its own mode with probability `sure`, the student's answer is that mode
    with probability `agrees`, the base model's with probability `accuracy`.
    """

    def draw(rng: Rng) -> Holdout:
        shares = {"teacher": 1.0, "student": agrees, "base": accuracy}
        predictions = {
            arm: [_prediction(arm, i, RIGHT if flag else WRONG) for i, flag in enumerate(rng.random(n) < share)]
            for arm, share in shares.items()
        }
        samples = {
            _id(i): [RIGHT if flag else WRONG for flag in flags] for i, flags in enumerate(rng.random((n, 4)) < sure)
        }
        return Holdout(SENTIMENT, _items(n, [None] * n), predictions, samples)

    return draw


def graded(n: int, loss: Callable[[Rng, int], Sequence[int]]) -> Draw:
    """Free texts: the teacher's overlap with the reference is high, the student's lower by `loss` (in words)."""

    def draw(rng: Rng) -> Holdout:
        teacher = rng.integers(14, WORDS + 1, n)
        student = np.maximum(teacher - np.asarray(loss(rng, n)), 0)
        base = np.maximum(teacher - 10, 0)
        arms = {"teacher": teacher, "student": student, "base": base}
        predictions = {
            arm: [_prediction(arm, i, _text(i, int(kept))) for i, kept in enumerate(words)]
            for arm, words in arms.items()
        }
        return Holdout(TEXT, _items(n, [_text(i, WORDS) for i in range(n)]), predictions)

    return draw


def total_losses(rng: Rng, n: int) -> Sequence[int]:
    """One word of 20 in the mean (the margin): 1 in 17 answers is lost completely, the others are equal."""
    return np.where(rng.random(n) < 1 / 17, WORDS, 0).tolist()


def skewed_losses(rng: Rng, n: int) -> Sequence[int]:
    """One word of 20 in the mean: most lose nothing, a few much (a gamma distribution of shape a quarter, in words; its
    scale makes the mean of what is left under the cap 1).
    """
    return np.minimum(rng.poisson(rng.gamma(0.25, 4.06, n)), 14).tolist()


def many_labels(n: int, count: int, zipf: bool) -> Draw:
    """`count` labels, equally frequent or by Zipf's law; teacher and student are right alike and independently in 80 of
    100, so that the true difference of their macro-F1 is 0.
    """
    labels = [f"label{number:03d}" for number in range(count)]
    weights = 1 / np.arange(1, count + 1) if zipf else np.ones(count)

    def draw(rng: Rng) -> Holdout:
        truth = rng.choice(count, n, p=weights / weights.sum())
        arms = {arm: np.where(rng.random(n) < 0.8, truth, rng.integers(0, count, n)) for arm in ("teacher", "student")}
        predictions = {
            arm: [_prediction(arm, i, labels[said]) for i, said in enumerate(answers)] for arm, answers in arms.items()
        }
        task = Task(kind=TaskKind.LABEL, labels=tuple(labels))
        return Holdout(task, _items(n, [labels[one] for one in truth]), predictions)

    return draw


def _text(item: int, kept: int) -> str:
    words = [f"w{item}x{number}" for number in range(kept)]
    return " ".join([*words, *(f"other{number}" for number in range(WORDS - kept))])


def _id(item: int) -> str:
    return f"p{item:05d}"


def _items(n: int, references: Sequence[str | None], group: int = 1) -> list[HoldoutItem]:
    # A holdout item names its group where the seeds do.
    grouped = group > 1 and "group" in HoldoutItem.__struct_fields__
    return [
        HoldoutItem(
            prompt_id=_id(i), prompt="?", reference=references[i], **({"group": str(i // group)} if grouped else {})
        )
        for i in range(n)
    ]


def _prediction(arm: str, item: int, text: str | None) -> Prediction:
    error = None if text is not None else "no_reply"
    return Prediction(prompt_id=_id(item), arm=arm, text=text, error=error, input_tokens=60, output_tokens=2)
