"""Holdout and predictions side by side: which item every arm answered how."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from distillation.errors import RecordsLost
from distillation.evaluation.answer_metrics import EXACT
from distillation.evaluation.scores import Against
from distillation.evaluation.uncertainty.statistics import Codes
from distillation.records import GREEDY_SAMPLE, Arm, HoldoutItem, Prediction
from distillation.run.evaluation import NumericTolerance
from distillation.task import SCHEMA_INVALID, Task, Unfit, answer_reader, canonical_reference

REFERENCE_SHARE = 0.5
"""Share of the holdout with a usable reference from which references, and not the teacher, judge quality."""

Rows = list[list[Prediction]]
"""The predictions of each item."""


class Forms:
    """The canonical forms of the texts of one task; each text is read once."""

    def __init__(self, task: Task) -> None:
        self._read, self._known = answer_reader(task), dict[str, str | Unfit]()

    def of(self, text: str | None) -> str | None:
        """The canonical form of a text that may be missing; None where it holds no answer."""
        form = None if text is None else self._form(text)
        return form if isinstance(form, str) else None

    def is_json(self, text: str | None) -> bool:
        """Whether a text of a JSON task is JSON at all, of whatever schema."""
        form = None if text is None else self._form(text)
        return isinstance(form, str) or (form is not None and form.reason == SCHEMA_INVALID)

    def _form(self, text: str) -> str | Unfit:
        if text not in self._known:
            self._known[text] = self._read(text)
        return self._known[text]


class AnswerSheet(NamedTuple):
    """One row an item, in order of prompt id, so that the input's order changes nothing. `answers`: an arm's greedy
    answers, or its samples where it gave no greedy ones; `samples`: its sampled answers. `references` and
    `teacher_answers` are canonical forms. `teacher_samples`: row -> all texts that the teacher sampled.
    `judge_decides`: on free text the judge's metrics come before word overlap.
    """

    task: Task
    items: list[HoldoutItem]
    answers: dict[str, Rows]
    samples: dict[str, Rows]
    references: list[str | None]
    teacher_texts: list[str | None]
    teacher_answers: list[str | None]
    teacher_samples: dict[int, list[str]]
    forms: Forms
    tolerance: NumericTolerance
    judge_decides: bool = False

    @property
    def against(self) -> Against:
        """What quality is judged against."""
        usable = sum(reference is not None for reference in self.references)
        return (
            Against.REFERENCE
            if usable >= REFERENCE_SHARE * len(self.items) or Arm.TEACHER not in self.answers
            else Against.TEACHER
        )


def read_sheet(
    holdout: Sequence[HoldoutItem],
    predictions: Mapping[str, Sequence[Prediction]],
    task: Task,
    *,
    tolerance: NumericTolerance = EXACT,
    teacher_samples: Mapping[str, Sequence[str]] | None = None,
) -> AnswerSheet:
    """Aligns `predictions` (arm -> in any order) with the holdout. `teacher_samples` (prompt id -> texts): all that the
    teacher sampled; without any, the samples among its predictions. Raises RecordsLost for a prediction of a prompt
    that is not in the holdout.
    """
    items = sorted(holdout, key=lambda item: item.prompt_id)
    sampled = {arm: [one for one in given if one.sample != GREEDY_SAMPLE] for arm, given in predictions.items()}
    greedy = {arm: [one for one in given if one.sample == GREEDY_SAMPLE] for arm, given in predictions.items()}
    answers = {arm: _aligned(arm, items, greedy[arm] or given) for arm, given in predictions.items()}
    samples = {arm: _aligned(arm, items, given) for arm, given in sampled.items() if given}
    teacher, forms = [first_text(row) for row in answers.get(Arm.TEACHER, [[] for _ in items])], Forms(task)
    paid, told = teacher_samples or {}, sampled_texts(samples.get(Arm.TEACHER, []))
    drawn = {row: list(texts) for row, item in enumerate(items) if (texts := paid.get(item.prompt_id))}
    drawn = drawn or {row: heard for row, given in told.items() if (heard := [one for one in given if one is not None])}
    return AnswerSheet(
        task=task,
        items=items,
        answers=answers,
        samples=samples,
        references=[canonical_reference(item.reference, task) for item in items],
        teacher_texts=teacher,
        teacher_answers=[forms.of(text) for text in teacher],
        teacher_samples=drawn,
        forms=forms,
        tolerance=tolerance,
    )


def groups_of(sheet: AnswerSheet) -> Codes | None:
    """The number of each row's group, an item without one for itself; None where no two items belong together."""
    names = [item.prompt_id if item.group is None else f"group:{item.group}" for item in sheet.items]
    found = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([found[name] for name in names]) if len(found) < len(names) else None


def sampled_texts(rows: Rows) -> dict[int, list[str | None]]:
    """Row -> the texts of its predictions; rows without any are left out."""
    return {row: [one.text for one in given] for row, given in enumerate(rows) if given}


def _aligned(arm: str, items: list[HoldoutItem], given: Sequence[Prediction]) -> Rows:
    by_prompt: dict[str, list[Prediction]] = defaultdict(list)
    for prediction in given:
        by_prompt[prediction.prompt_id].append(prediction)
    unexpected = by_prompt.keys() - {item.prompt_id for item in items}
    if unexpected:
        raise RecordsLost(f"predictions of {arm}", set(), set(unexpected))
    return [by_prompt[item.prompt_id] for item in items]


def first_text(predictions: Sequence[Prediction]) -> str | None:
    """The first answer that is there."""
    return next((prediction.text for prediction in predictions if prediction.text is not None), None)
