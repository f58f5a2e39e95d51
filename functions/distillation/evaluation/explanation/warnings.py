"""What may be wrong with a teacher or with the items, beside the verdict."""

from collections.abc import Iterator

from distillation.evaluation.checks import difference_between
from distillation.evaluation.scores import Scores
from distillation.evaluation.uncertainty.noninferiority import MIN_ITEMS
from distillation.records import Arm
from distillation.task import TaskKind
from distillation.wording import percent, points

ALIKE_SHARE = 0.1
"""From so large a share of the holdout on, items that begin alike are worth a warning."""


def teacher_warnings(scores: Scores) -> Iterator[str]:
    """Why the teacher may not be fit to teach, and what is likely wrong."""
    below = difference_between(scores, Arm.BASE, Arm.TEACHER)
    if below is not None and below.low > 0:
        yield (
            f"The teacher is worse than the untouched base model, by {points(below.value, sign=False)} points "
            f"({points(below.low, sign=False)} to {points(below.high, sign=False)}): its student learns its errors. "
            "Look at the prompt that it was given, the order of the labels, and the references."
        )
    accuracy = scores.arms[Arm.TEACHER].metrics.get("accuracy") if Arm.TEACHER in scores.arms else None
    if accuracy is None or accuracy.low is None or accuracy.high is None or accuracy.n < MIN_ITEMS:
        return
    chance = chance_level(scores)
    disagrees = scores.task.kind in (TaskKind.LABEL, TaskKind.ANSWER) and accuracy.high < 0.5
    if chance is not None and accuracy.low <= chance and not (disagrees and accuracy.high < chance):
        yield (
            f"The teacher is right in {percent(accuracy.value)} of the items, near chance: always answering the most "
            f"frequent label is right in {percent(chance)}. Do the labels of the prompt mean what the references say?"
        )
    elif disagrees:
        yield (
            f"The references disagree with the teacher in {percent(1 - accuracy.value)} of the items. Either it "
            "does not understand the task (prompt, order of the labels, answerPattern) or the references are wrong: "
            "read ten of them."
        )


def alike_items(scores: Scores) -> Iterator[str]:
    """A warning where many items may depend on each other."""
    if scores.alike >= max(3, ALIKE_SHARE * scores.n):
        yield alike_warning(scores.alike, scores.n)


def alike_warning(alike: int, n: int) -> str:
    """What items without a group that begin alike may be."""
    return (
        f"{alike:,} of {n:,} holdout prompts begin like another one. If they come from one document, customer or "
        "conversation, they depend on each other, and the intervals are too narrow: give such seeds the same group."
    )


def chance_level(scores: Scores) -> float | None:
    """The share of items whose reference is the most frequent label; None where fewer than two labels occur."""
    confusion = scores.arms[Arm.TEACHER].confusion if Arm.TEACHER in scores.arms else None
    counts = [sum(row) for row in confusion.counts] if confusion else []
    return max(counts) / sum(counts) if sum(count > 0 for count in counts) > 1 else None
