"""What is measured of an arm, as columns of numbers over items."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from itertools import chain
from typing import NamedTuple

import numpy as np

from distillation.bedrock.prices import ModelPrice, answer_cost
from distillation.evaluation.answer_sheet import AnswerSheet
from distillation.evaluation.scores import Against
from distillation.evaluation.targets import Target, grades
from distillation.evaluation.uncertainty.classes import LabelTable
from distillation.evaluation.uncertainty.statistics import Codes, Floats
from distillation.records import LOST, Arm, Prediction
from distillation.task import TaskKind

REFUSED = "refused"
"""The reason code of an answer that declines, as `inference.replies` gives it."""


class Column(NamedTuple):
    """A figure whose mean is the metric: one value a row of the sheet where it is defined, rows in rising order."""

    rows: tuple[int, ...]
    values: Floats
    against: Against | None = None

    def within(self, rows: Collection[int]) -> "Column":
        """The column on those of its rows that are in `rows`."""
        kept = np.isin(self.rows, np.fromiter(rows, dtype=np.int64)) if rows else np.zeros(len(self.rows), dtype=bool)
        return Column(tuple(np.array(self.rows, dtype=np.int64)[kept].tolist()), self.values[kept], self.against)


ColumnKey = tuple[str, str]
"""Metric and arm."""


def quality_columns(sheet: AnswerSheet, targets: Iterable[Target]) -> dict[ColumnKey, Column]:
    """Grades from 0 to 1 in every target, of every arm that has them."""
    graded = ((target, arm, found) for target in targets for arm, found in grades(sheet, target).items())
    return {
        (target.metric, arm): Column(tuple(target.rows), np.array(found, dtype=float), target.against)
        for target, arm, found in graded
    }


def failure_columns(sheet: AnswerSheet, arm: str) -> dict[str, Column]:
    """Shares of unreadable answers, of refusals, and of missing answers (refusals among them), over all items."""
    rows = sheet.answers[arm]
    shares = {
        "formatFailureRate": [
            _share(row, lambda answer: answer.text is not None and sheet.forms.of(answer.text) is None) for row in rows
        ],
        "refusalRate": [_share(row, lambda answer: answer.error == REFUSED) for row in rows],
        "missingRate": [_share(row, lambda answer: answer.text is None) if row else 1.0 for row in rows],
    }
    return {name: Column(tuple(range(len(rows))), np.array(values)) for name, values in shares.items()}


def _share(predictions: list[Prediction], holds: Callable[[Prediction], bool]) -> float:
    return sum(map(holds, predictions)) / len(predictions) if predictions else 0.0


def usage_columns(sheet: AnswerSheet, arm: str, price: ModelPrice | None) -> dict[str, Column]:
    """Output tokens, and USD for 1,000 answers at the on-demand price, over the items that have an answer."""
    answered = {
        row: answers
        for row, given in enumerate(sheet.answers[arm])
        if (answers := [one for one in given if one.text is not None])
    }

    def mean(of: Callable[[Prediction], float]) -> Column:
        return Column(tuple(answered), np.array([sum(map(of, given)) / len(given) for given in answered.values()]))

    columns = {"outputTokens": mean(lambda one: one.output_tokens)}
    if price:
        usd = mean(lambda one: answer_cost(price, one.input_tokens, one.output_tokens))
        columns["costPer1000Usd"] = usd._replace(values=1000 * usd.values)
    return columns


def length_columns(sheet: AnswerSheet, arm: str) -> tuple[Column, Column]:
    """Output tokens of the arm and of the teacher, over the items that both answered."""
    own, teachers = (usage_columns(sheet, one, None)["outputTokens"] for one in (arm, Arm.TEACHER))
    return own.within(teachers.rows), teachers.within(own.rows)


def latencies(sheet: AnswerSheet, arm: str) -> Floats:
    """Milliseconds of the answers given one by one; empty for a batch job, which has no latency of an answer."""
    found = [
        one.latency_ms
        for one in chain.from_iterable(sheet.answers[arm])
        if one.text is not None and one.latency_ms is not None
    ]
    return np.array(found, dtype=float)


def error_counts(sheet: AnswerSheet, arm: str) -> dict[str, int]:
    """Why answers are missing: error -> count. An item that no prediction was made for counts as `no_prediction`."""
    errors = Counter(one.error for one in chain.from_iterable(sheet.answers[arm]) if one.error is not None)
    absent = sum(not row for row in sheet.answers[arm])
    return dict(sorted(errors.items())) | ({"no_prediction": absent} if absent else {})


def lost_rows(sheet: AnswerSheet, arm: str) -> frozenset[int]:
    """Items that an arm was never heard on: no prediction, or none that the service brought."""
    return frozenset(row for row, given in enumerate(sheet.answers[arm]) if all(one.error in LOST for one in given))


def label_table(sheet: AnswerSheet) -> LabelTable | None:
    """References and each arm's first answers of a label task, where an item has a reference; None without any."""
    labels = {label: code for code, label in enumerate(sheet.task.labels)}
    rows = [row for row, reference in enumerate(sheet.references) if reference is not None]
    if sheet.task.kind is not TaskKind.LABEL or not rows:
        return None
    truth = np.array([labels[sheet.references[row] or ""] for row in rows], dtype=np.int64)
    return LabelTable(
        sheet.task.labels,
        np.array(rows, dtype=np.int64),
        truth,
        {arm: _codes(sheet, rows, arm, labels) for arm in sheet.answers},
    )


def _codes(sheet: AnswerSheet, rows: list[int], arm: str, labels: dict[str, int]) -> Codes:
    first = [next((sheet.forms.of(one.text) for one in sheet.answers[arm][row]), None) for row in rows]
    return np.array([labels.get(answer or "", -1) for answer in first], dtype=np.int64)
