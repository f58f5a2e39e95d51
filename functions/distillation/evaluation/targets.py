"""Which quality metrics a task has, what each compares an answer with, and how it grades it."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from distillation.evaluation.answer_metrics import chrf, exact_match, field_accuracy, rouge_l, same_answer, token_f1
from distillation.evaluation.answer_sheet import AnswerSheet
from distillation.evaluation.scores import Against
from distillation.records import Arm
from distillation.task import TaskKind

Grade = Callable[[int, str | None], float]
"""Row and text -> 0 to 1."""

Same = Callable[[str | None, str | None], float]
"""Two canonical forms -> 1.0 where they are the same answer, else 0.0."""

JudgedScores = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Metric -> arm -> prompt id -> score from 0 to 1, as a judge model gave it."""


class Target(NamedTuple):
    """A quality metric, where more is better: its rows, and the grade of a text in such a row. `given`: the grades of a
    judge instead (arm -> one a row). `alike` grades a text by another, where the teacher's answers are compared with.
    """

    metric: str
    against: Against
    rows: list[int]
    grade: Grade
    given: Mapping[str, Sequence[float]] | None = None
    alike: Callable[[str | None, str], float] | None = None


def quality_targets(sheet: AnswerSheet, judged: JudgedScores | None = None) -> list[Target]:
    """The quality metrics that this holdout can carry, the gate's own first."""
    same = partial(same_answer, tolerance=sheet.tolerance) if sheet.task.kind is TaskKind.ANSWER else exact_match
    judging = _by_form(sheet, "accuracy", Against.REFERENCE, same)
    rest, wanted = _by_form(sheet, "teacherAgreement", Against.TEACHER, same), [item.reference for item in sheet.items]
    if sheet.against is Against.TEACHER:
        judging, rest, wanted = rest, judging, sheet.teacher_texts
    by_task = [*_by_task(sheet, judging, wanted), rest]
    by_judge = [_judged(sheet, metric, arms) for metric, arms in (judged or {}).items()]
    targets = [*by_judge, *by_task] if sheet.judge_decides else [*by_task, *by_judge]
    return [target for target in targets if target.rows]


def _by_form(sheet: AnswerSheet, metric: str, against: Against, same: Same) -> Target:
    """Canonical forms, compared by `same` with the references or with the teacher's answers."""
    of, wanted = sheet.forms.of, sheet.references if against is Against.REFERENCE else sheet.teacher_answers
    return Target(
        metric,
        against,
        [row for row, form in enumerate(wanted) if form is not None],
        lambda row, text: same(of(text), wanted[row]),
        alike=lambda text, other: same(of(text), of(other)),
    )


def _by_task(sheet: AnswerSheet, judging: Target, wanted: Sequence[str | None]) -> list[Target]:
    every, against, rows, kind = list(range(len(sheet.items))), judging.against, judging.rows, sheet.task.kind
    if kind is TaskKind.ANSWER:
        return [judging, _by_form(sheet, "exactMatch", against, exact_match)]
    if kind is TaskKind.JSON:
        fields = Target(
            "fieldAccuracy", against, rows, lambda row, text: field_accuracy(text, wanted[row]), alike=field_accuracy
        )
        fits = Target("schemaValid", Against.FORM, every, lambda row, text: float(sheet.forms.of(text) is not None))
        valid = Target("jsonValid", Against.FORM, every, lambda row, text: float(sheet.forms.is_json(text)))
        return [fields, fits, valid, judging]
    if kind is TaskKind.TEXT:
        # Two free texts are almost never equal word for word: there the overlap decides.
        overlaps = [
            Target(name, against, rows, _overlap(score, wanted), alike=score)
            for name, score in (("tokenF1", token_f1), ("rougeL", rouge_l), ("chrF", chrf))
        ]
        taught = [row for row, text in enumerate(sheet.teacher_texts) if text is not None]
        beside = (
            [Target("teacherTokenF1", Against.TEACHER, taught, _overlap(token_f1, sheet.teacher_texts), alike=token_f1)]
            if against is Against.REFERENCE
            else []
        )
        return [*overlaps, judging, *beside]
    return [judging]


def _overlap(score: Callable[[str | None, str], float], wanted: Sequence[str | None]) -> Grade:
    return lambda row, text: score(text, wanted[row] or "")


def _judged(sheet: AnswerSheet, metric: str, arms: Mapping[str, Mapping[str, float]]) -> Target:
    """An item unscored in any arm is left out in all; an item that an arm did not answer scores 0."""
    given = {
        arm: [_judged_item(sheet, arm, row, scores) for row in range(len(sheet.items))]
        for arm, scores in arms.items()
        if arm in sheet.answers
    }
    judged = {prompt_id for arm in given for prompt_id in arms[arm]}
    rows = [
        row
        for row, item in enumerate(sheet.items)
        if item.prompt_id in judged and all(scores[row] is not None for scores in given.values())
    ]
    return Target(
        metric,
        Against.JUDGE,
        rows,
        lambda row, text: 0.0,
        {arm: [scores[row] or 0.0 for row in rows] for arm, scores in given.items()},
    )


def _judged_item(sheet: AnswerSheet, arm: str, row: int, scores: Mapping[str, float]) -> float | None:
    answered = any(one.text is not None for one in sheet.answers[arm][row])
    return scores.get(sheet.items[row].prompt_id) if answered else 0.0


def grades(sheet: AnswerSheet, target: Target) -> dict[str, list[float]]:
    """Arm -> the mean grade of its answers in each row of the target, 0 without any. Rows share what they read."""
    if target.given is not None:
        return {arm: list(scores) for arm, scores in target.given.items()}
    arms = {arm: answers for arm, answers in sheet.answers.items() if scores_arm(target, arm)}
    found: dict[str, list[float]] = {arm: [] for arm in arms}
    for row in target.rows:
        for arm, answers in arms.items():
            given = [target.grade(row, prediction.text) for prediction in answers[row]]
            found[arm].append(sum(given) / len(given) if given else 0.0)
    return found


def scores_arm(target: Target, arm: str) -> bool:
    """False for the teacher compared with its own answers, which is 1 by construction."""
    return not (arm == Arm.TEACHER and target.against is Against.TEACHER)
