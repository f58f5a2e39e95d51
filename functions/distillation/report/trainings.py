"""The luck of training in words, and the table of the trainings that the student was chosen from."""

from collections.abc import Iterator

from distillation.evaluation.scores import TrainingSpread
from distillation.records import Arm
from distillation.training.choice import StudentChoice


def luck_of_training(now: TrainingSpread | None, last: TrainingSpread | None) -> str:
    """Whether the intervals cover the luck of training, and how large it was, in this run or in the `last` one that
    trained more than once.
    """
    if now:
        return (
            f"Intervals of the student in whole-holdout metrics cover the luck of training: {_spread(now)}. Macro F1, "
            "slices and a judge's scores describe only the training that serves."
        )
    measured = f"in this dataset's last run with repeats {_spread(last)}" if last else "it was never measured here"
    return f"The luck of training is not in the intervals, since the student was trained once; {measured}."


def _spread(found: TrainingSpread) -> str:
    low, high = min(found.values.values()), max(found.values.values())
    return (
        f"{len(found.values)} trainings of the same data came to {100 * low:.1f} to {100 * high:.1f} % "
        f"(standard deviation {100 * found.spread:.1f} points)"
    )


def training_rows(choice: StudentChoice | None, spread: TrainingSpread | None) -> Iterator[dict[str, object]]:
    """Each training that the student was chosen from, as the page shows it; None where it was not measured."""
    if choice is None:
        return
    values = spread.values if spread else {}
    for one in choice.tried:
        serves = one.name == choice.chosen
        told = ", ".join(f"{key} {str(value).lower()}" for key, value in one.setting.items())
        repeats = choice.best and one.name.startswith(Arm.STUDENT)
        yield {
            "name": one.name,
            "setting": told or (f"as {choice.best}" if repeats else "as the run"),
            "validation": one.score,
            "n": one.n,
            "holdout": values.get(str(Arm.STUDENT) if serves else one.name),
            "serves": serves,
        }
