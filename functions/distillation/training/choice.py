"""Several trainings of the student: their names, what each learns, and which one serves as the arm `student`. They are
`student-1`, `student-2`, ... (training.repeats) or `candidate-1`, ... (training.candidates). With both, the candidates
come first, and the best one is what `student-2`, ... repeat.
"""

import hashlib
import math
from collections.abc import Iterable, Sequence
from typing import Any

from distillation.records import Arm, Record
from distillation.run.training import CandidateSetting, Training

REPEAT_SHARE = 0.9
"""Of the lines that a repeated training learns: Nova takes no seed, so another order and another part of the data stand
for another training."""


class Tried(Record, frozen=True):
    """One training: the model it made, its `setting` where it is a candidate (what differs from the run's), and the
    mean `score` of its greedy answers over `n` validation prompts (None: there were none)."""

    name: str
    model_arn: str
    setting: dict[str, Any]
    score: float | None
    n: int


class StudentChoice(Record, frozen=True):
    """`6-model/choice.json`: all trainings by `metric` on the validation side, the `best` candidate (empty without
    candidates), and the training that is the arm `student`. Made by ChooseStudent, read by StartTuning and the report.
    """

    metric: str
    tried: tuple[Tried, ...]
    best: str = ""
    chosen: str = ""


def first_trainings(training: Training) -> list[str]:
    """The trainings of the student that need nobody's choice; the arm itself where there is only one."""
    if training.candidates:
        return [f"candidate-{number}" for number in range(1, len(training.candidates) + 1)]
    names = [f"student-{number}" for number in range(1, training.repeats + 1)]
    return names if training.chooses else [str(Arm.STUDENT)]


def later_trainings(training: Training) -> list[str]:
    """The repeats of the best candidate."""
    return [f"student-{number}" for number in range(2, training.repeats + 1)] if training.candidates else []


def setting_of(training: Training, name: str, best: str = "") -> CandidateSetting | None:
    """What a training tries: a candidate its own setting, a repeat that of the `best` candidate; None for the run's."""
    tried = best if best and name.startswith(Arm.STUDENT) else name
    kind, _, number = tried.partition("-")
    return training.candidates[int(number) - 1] if kind == "candidate" else None


def hyperparameters(training: Training, name: str, best: str = "") -> Training:
    """The run's hyperparameters with those of the setting."""
    setting = setting_of(training, name, best)
    given = {"epoch_count": setting.epoch_count, "learning_rate": setting.learning_rate} if setting else {}
    return training.model_copy(update={key: value for key, value in given.items() if value is not None})


def lines_by_hash(lines: Iterable[bytes], count: int, salt: str) -> list[bytes]:
    """`count` of the lines, chosen and ordered by a hash of `salt`, number and line: the same in every run."""
    keyed = (
        (hashlib.sha256(b"%s %d " % (salt.encode(), number) + line).digest(), line) for number, line in enumerate(lines)
    )
    return [line for _, line in sorted(keyed)[:count]]


def repeated_lines(lines: Sequence[bytes], name: str) -> list[bytes]:
    """What the repeat `name` learns: another order, and 90 % of the lines (rounded up)."""
    return lines_by_hash(lines, math.ceil(round(REPEAT_SHARE * len(lines), 6)), name)


def best_of(tried: Iterable[Tried]) -> str:
    """The name of the training with the highest score; of equals the first."""
    return max(tried, key=lambda one: -1.0 if one.score is None else one.score).name


def arms_of(chosen: str, rest: Iterable[str]) -> dict[str, str]:
    """Training -> the arm as which it meets the holdout."""
    return {chosen: str(Arm.STUDENT)} | {name: name for name in rest if name != chosen}
