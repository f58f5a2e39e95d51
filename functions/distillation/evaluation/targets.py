"""Which quality metrics a task has, what each compares an answer with, and how it grades it."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from distillation.evaluation.answer_metrics import chrf, exact_match, field_accuracy, rouge_l, same_answer, token_f1
from distillation.evaluation.answer_sheet import AnswerSheet
from distillation.evaluation.scores import Against
from distillation.records import Arm
from distillation.task import TaskKind

Grade = Callable[[int, str | None], float]
"""Row and text -> 0 to 1."""

Judged = Mapping[str, Mapping[str, Mapping[str, float]]]
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


def quality_targets(sheet: AnswerSheet, judged: Judged | None = None) -> list[Target]:
    """The quality metrics that this holdout can carry, the gate's own first."""
    referenced = [row for row, reference in enumerate(sheet.references) if reference is not None]
    taught = [row for row, answer in enumerate(sheet.teacher_answers) if answer is not None]
    accuracy = Target("accuracy", Against.REFERENCE, referenced, _same(sheet, sheet.references))
    agreement = Target(
        "teacherAgreement", Against.TEACHER, taught, _same(sheet, sheet.teacher_answers), alike=_same_texts(sheet)
    )
    if sheet.against is Against.REFERENCE:
        wanted, rows, judging, rest = [item.reference for item in sheet.items], referenced, accuracy, agreement
    else:
        wanted, rows, judging, rest = sheet.teacher_texts, taught, agreement, accuracy
    by_task = [*_by_task(sheet, judging, wanted, rows), rest]
    by_judge = [_judged(sheet, metric, arms) for metric, arms in (judged or {}).items()]
    targets = [*by_judge, *by_task] if sheet.judge_decides else [*by_task, *by_judge]
    return [target for target in targets if target.rows]


def _by_task(sheet: AnswerSheet, judging: Target, wanted: Sequence[str | None], rows: list[int]) -> list[Target]:
    every, against, kind = list(range(len(sheet.items))), judging.against, sheet.task.kind
    if kind is TaskKind.ANSWER:
        forms = sheet.references if against is Against.REFERENCE else sheet.teacher_answers
        return [
            judging,
            Target(
                "exactMatch",
                against,
                rows,
                lambda row, text: exact_match(sheet.forms.of(text), forms[row]),
                alike=lambda text, other: exact_match(sheet.forms.of(text), sheet.forms.of(other)),
            ),
        ]
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


def _same(sheet: AnswerSheet, wanted: Sequence[str | None]) -> Grade:
    if sheet.task.kind is TaskKind.ANSWER:
        return lambda row, text: same_answer(sheet.forms.of(text), wanted[row], sheet.tolerance)
    return lambda row, text: exact_match(sheet.forms.of(text), wanted[row])


def _same_texts(sheet: AnswerSheet) -> Callable[[str | None, str], float]:
    if sheet.task.kind is TaskKind.ANSWER:
        return lambda text, other: same_answer(sheet.forms.of(text), sheet.forms.of(other), sheet.tolerance)
    return lambda text, other: exact_match(sheet.forms.of(text), sheet.forms.of(other))


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
            found[arm].append(_mean([target.grade(row, prediction.text) for prediction in answers[row]]))
    return found


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def scores_arm(target: Target, arm: str) -> bool:
    """False for the teacher compared with its own answers, which is 1 by construction."""
    return not (arm == Arm.TEACHER and target.against is Against.TEACHER)
