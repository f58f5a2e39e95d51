"""Holdout and predictions side by side: which item every arm answered how, and what each quality metric compares the answers with."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from distillation.errors import RecordsLost
from distillation.metrics import canonical_reference, exact_match, token_f1
from distillation.records import Arm, HoldoutItem, Prediction
from distillation.scores import Against
from distillation.task import Task, TaskKind, canonical_answer

REFERENCE_SHARE = 0.5
"""Quality is judged against references when at least this share of the holdout carries a usable one; else against the teacher."""


class AnswerSheet(NamedTuple):
    """One row an item, in order of prompt id (so that the order of the input changes nothing). `references` and `teacher_answers` are canonical forms."""

    task: Task
    items: list[HoldoutItem]
    answers: dict[str, list[list[Prediction]]]
    references: list[str | None]
    teacher_texts: list[str | None]
    teacher_answers: list[str | None]

    @property
    def against(self) -> Against:
        """What quality is judged against."""
        usable = sum(reference is not None for reference in self.references)
        return Against.REFERENCE if usable >= REFERENCE_SHARE * len(self.items) or Arm.TEACHER not in self.answers else Against.TEACHER


class Target(NamedTuple):
    """A quality metric: the rows on which it is defined and the grade (0 to 1) of a text in such a row."""

    metric: str
    against: Against
    rows: list[int]
    grade: Callable[[int, str | None], float]


def read_sheet(holdout: Sequence[HoldoutItem], predictions: Mapping[str, Sequence[Prediction]], task: Task) -> AnswerSheet:
    """Aligns `predictions` (arm -> in any order) with the holdout. Raises RecordsLost for a prediction of a prompt that is not in it."""
    items = sorted(holdout, key=lambda item: item.prompt_id)
    answers = {arm: _aligned(arm, items, given) for arm, given in predictions.items()}
    teacher = [_first_text(row) for row in answers.get(Arm.TEACHER, [[] for _ in items])]
    return AnswerSheet(
        task=task,
        items=items,
        answers=answers,
        references=[canonical_reference(item.reference, task) for item in items],
        teacher_texts=teacher,
        teacher_answers=[canonical(text, task) for text in teacher],
    )


def _aligned(arm: str, items: list[HoldoutItem], given: Sequence[Prediction]) -> list[list[Prediction]]:
    by_prompt: dict[str, list[Prediction]] = defaultdict(list)
    for prediction in given:
        by_prompt[prediction.prompt_id].append(prediction)
    unexpected = by_prompt.keys() - {item.prompt_id for item in items}
    if unexpected:
        raise RecordsLost(f"predictions of {arm}", set(), set(unexpected))
    return [by_prompt[item.prompt_id] for item in items]


def _first_text(predictions: list[Prediction]) -> str | None:
    return next((prediction.text for prediction in predictions if prediction.text is not None), None)


def canonical(text: str | None, task: Task) -> str | None:
    """The canonical form of a text that may be missing."""
    return None if text is None else canonical_answer(text, task)


def quality_targets(sheet: AnswerSheet) -> list[Target]:
    """The quality metrics that this holdout can carry, the gate's own first."""
    referenced = [row for row, reference in enumerate(sheet.references) if reference is not None]
    taught = [row for row, answer in enumerate(sheet.teacher_answers) if answer is not None]
    accuracy = Target("accuracy", Against.REFERENCE, referenced, _matches(sheet, sheet.references))
    agreement = Target("teacherAgreement", Against.TEACHER, taught, _matches(sheet, sheet.teacher_answers))
    if sheet.against is Against.REFERENCE:
        overlap = Target("tokenF1", Against.REFERENCE, referenced, _overlaps([item.reference for item in sheet.items]))
        judged, rest = [accuracy, overlap], [agreement]
    else:
        overlap = Target("tokenF1", Against.TEACHER, taught, _overlaps(sheet.teacher_texts))
        judged, rest = [agreement, overlap], [accuracy]
    # Two free texts are almost never equal word for word: there the overlap decides.
    ordered = judged[::-1] if sheet.task.kind is TaskKind.TEXT else judged
    return [target for target in ordered + rest if target.rows]


def _matches(sheet: AnswerSheet, wanted: list[str | None]) -> Callable[[int, str | None], float]:
    return lambda row, text: exact_match(canonical(text, sheet.task), wanted[row])


def _overlaps(wanted: Sequence[str | None]) -> Callable[[int, str | None], float]:
    return lambda row, text: token_f1(text, wanted[row] or "")


def grades(sheet: AnswerSheet, target: Target, arm: str) -> list[float]:
    """The grade of each of the target's rows: the mean over the arm's answers to it, 0 where there is none."""
    return [_mean([target.grade(row, prediction.text) for prediction in sheet.answers[arm][row]]) for row in target.rows]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def scores_arm(target: Target, arm: str) -> bool:
    """False for the teacher compared with its own answers: that figure would be 1 by construction."""
    return not (arm == Arm.TEACHER and target.against is Against.TEACHER)
