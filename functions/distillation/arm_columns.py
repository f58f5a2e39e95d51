"""What is measured of an arm, as columns of numbers over items."""

from collections import Counter
from collections.abc import Callable
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from distillation.answer_sheet import AnswerSheet, Target, canonical, grades
from distillation.costs import ModelPrice, answer_cost
from distillation.paired_statistics import Floats, Statistic, macro_f1_statistic
from distillation.records import Prediction
from distillation.scores import Against


class Column(NamedTuple):
    """A figure whose mean is the metric: one value a row of the sheet, for the rows on which it is defined."""

    rows: tuple[int, ...]
    values: Floats
    against: Against | None = None


def quality_column(sheet: AnswerSheet, target: Target, arm: str) -> Column:
    """Grades from 0 to 1."""
    return Column(tuple(target.rows), np.array(grades(sheet, target, arm)), target.against)


def failure_columns(sheet: AnswerSheet, arm: str) -> dict[str, Column]:
    """The shares of missing answers and of answers in which no answer of the task was found, over all items."""
    every = tuple(range(len(sheet.items)))
    rows = sheet.answers[arm]
    unreadable = [_share(row, lambda answer: answer.text is not None and canonical(answer.text, sheet.task) is None) for row in rows]
    missing = [_share(row, lambda answer: answer.text is None) if row else 1.0 for row in rows]
    return {"formatFailureRate": Column(every, np.array(unreadable)), "missingRate": Column(every, np.array(missing))}


def _share(predictions: list[Prediction], holds: Callable[[Prediction], bool]) -> float:
    return sum(map(holds, predictions)) / len(predictions) if predictions else 0.0


def usage_columns(sheet: AnswerSheet, arm: str, price: ModelPrice | None) -> dict[str, Column]:
    """Output tokens, and USD for 1,000 answers at the on-demand price, over the items that have an answer."""
    answered = {row: answers for row, given in enumerate(sheet.answers[arm]) if (answers := [one for one in given if one.text is not None])}
    rows = tuple(answered)
    columns = {"outputTokens": Column(rows, np.array([np.mean([one.output_tokens for one in answers]) for answers in answered.values()]))}
    if price:
        usd = [np.mean([answer_cost(price, one.input_tokens, one.output_tokens) for one in answers]) for answers in answered.values()]
        columns["costPer1000Usd"] = Column(rows, 1000 * np.array(usd))
    return columns


def latencies(sheet: AnswerSheet, arm: str) -> Floats:
    """Milliseconds of the answers that were given one by one; empty for a batch job, which has no latency of an answer."""
    found = [one.latency_ms for one in chain.from_iterable(sheet.answers[arm]) if one.text is not None and one.latency_ms is not None]
    return np.array(found, dtype=float)


def error_counts(sheet: AnswerSheet, arm: str) -> dict[str, int]:
    """Why answers are missing: error -> count. An item that no prediction was made for counts as `no_prediction`."""
    errors = Counter(one.error for one in chain.from_iterable(sheet.answers[arm]) if one.error is not None)
    absent = sum(not row for row in sheet.answers[arm])
    return dict(sorted(errors.items())) | ({"no_prediction": absent} if absent else {})


def macro_f1_of_arms(sheet: AnswerSheet, target: Target, arms: list[str]) -> Statistic:
    """The macro F1 of each arm, over the labels that occur as references. Judged by each arm's first answer to an item."""
    labels = {label: code for code, label in enumerate(sheet.task.labels)}
    truth = np.array([labels[sheet.references[row] or ""] for row in target.rows])
    classes = sorted(set(truth.tolist()))
    statistics = [macro_f1_statistic(truth, _codes(sheet, target, arm, labels), classes) for arm in arms]
    return lambda counts: np.hstack([statistic(counts) for statistic in statistics])


def _codes(sheet: AnswerSheet, target: Target, arm: str, labels: dict[str, int]) -> NDArray[np.int64]:
    first = [next((canonical(one.text, sheet.task) for one in sheet.answers[arm][row]), None) for row in target.rows]
    return np.array([labels.get(answer or "", -1) for answer in first])
