"""Confusion matrix and label scores against scikit-learn's figures."""

import numpy as np
import pytest

from distillation.evaluation.differences import macro_f1_differences
from distillation.evaluation.uncertainty.classes import (
    LabelTable,
    class_scores,
    confusion,
    macro_f1,
    macro_f1_pseudo_values,
)
from distillation.evaluation.uncertainty.statistics import Draw

TRUTH, ANSWER = np.array([0, 1, 2, 0, 1, 2, 2, 1, 0, 0]), np.array([0, 2, 1, 0, 0, 1, 2, 1, 0, 1])
ROWS = np.arange(len(TRUTH))
TABLE = LabelTable(("a", "b", "c", "d"), ROWS, TRUTH, {"student": ANSWER})


def test_precision_recall_and_f1_are_scikit_learns() -> None:
    """precision_recall_fscore_support(TRUTH, ANSWER, zero_division=0), scikit-learn 1.9.1."""
    macro, found = class_scores(TABLE, "student", Draw(199, 1))
    assert list(found) == ["a", "b", "c"]
    assert [one.precision.value for one in found.values()] == pytest.approx([0.75, 0.25, 0.5])
    assert [one.recall.value for one in found.values()] == pytest.approx([0.75, 1 / 3, 1 / 3])
    assert [one.f1.value for one in found.values()] == pytest.approx([0.75, 0.28571429, 0.4])
    assert [one.support for one in found.values()] == [4, 3, 3]
    assert [one.answered for one in found.values()] == [4, 4, 2]
    assert macro.value == pytest.approx(np.mean([0.75, 0.28571429, 0.4]))
    for one in found.values():
        for metric in (one.precision, one.recall, one.f1):
            assert metric.low is not None
            assert metric.high is not None
            assert metric.low <= metric.value <= metric.high


def test_the_confusion_matrix_counts_every_item_once() -> None:
    answers = ANSWER.copy()
    answers[0] = -1
    matrix = confusion(LabelTable(TABLE.labels, ROWS, TRUTH, {"student": answers}), "student")
    assert matrix.counts == ((2, 1, 0, 0, 1), (1, 1, 1, 0, 0), (0, 2, 1, 0, 0), (0, 0, 0, 0, 0))
    assert sum(map(sum, matrix.counts)) == len(TRUTH)


def test_a_label_that_nobody_says_has_a_precision_of_zero_without_an_interval() -> None:
    table = LabelTable(("a", "b"), np.arange(2), np.array([0, 1]), {"student": np.array([0, 0])})
    _, found = class_scores(table, "student", Draw(99, 1))
    assert (found["b"].precision.value, found["b"].precision.n, found["b"].precision.low) == (
        0.0,
        0,
        None,
    )
    assert found["b"].recall.value == 0.0


def test_pseudo_values_carry_the_spread_of_macro_f1() -> None:
    """Their mean is F1 without its bias of order 1/n, their standard error that of a bootstrap of the whole figure."""
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 3, 600)
    table = LabelTable(
        ("a", "b", "c"),
        np.arange(600),
        truth,
        {"student": np.where(rng.random(600) < 0.8, truth, rng.integers(0, 3, 600))},
    )
    values, interval = (
        macro_f1_pseudo_values(table, "student"),
        class_scores(table, "student", Draw(1_999, 1))[0],
    )
    assert values.mean() == pytest.approx(macro_f1(table, "student"), abs=0.002)
    assert interval.low is not None
    assert interval.high is not None
    assert 2 * 1.96 * values.std(ddof=1) / np.sqrt(600) == pytest.approx(interval.high - interval.low, rel=0.08)


def test_the_interval_of_macro_f1_is_tukeys_jackknife() -> None:
    """By leaving each item out by hand: the standard error is the root of (n - 1) / n times the squares."""
    table, n = TABLE, len(TRUTH)
    left_out = [
        np.mean([f1_of(np.delete(TRUTH, i), np.delete(ANSWER, i), label) for label in (0, 1, 2)]) for i in range(n)
    ]
    error = np.sqrt((n - 1) / n * ((left_out - np.mean(left_out)) ** 2).sum())
    macro, _ = class_scores(table, "student", Draw(199, 1))
    assert macro.low == pytest.approx(macro.value - 1.959964 * error)
    assert macro.method == "jackknife-z"


def f1_of(truth: np.ndarray, answer: np.ndarray, label: int) -> float:
    true, given = truth == label, answer == label
    return 2 * float((true & given).sum()) / float(true.sum() + given.sum())


@pytest.mark.parametrize("labels", [2, 20, 77])
def test_the_interval_of_macro_f1_covers_with_many_labels(labels: int) -> None:
    rng, worlds, held = np.random.default_rng(labels), 200, 0
    for number in range(worlds):
        truth = rng.integers(0, labels, 154)
        answers = {
            arm: np.where(rng.random(154) < 0.8, truth, rng.integers(0, labels, 154)) for arm in ("student", "teacher")
        }
        table = LabelTable(tuple(map(str, range(labels))), np.arange(154), truth, answers)
        (found,) = macro_f1_differences(table, [("student", "teacher")], Draw(19, number), {"teacher": frozenset()})
        held += found.low <= 0 <= found.high
    assert held >= 0.92 * worlds


def test_lost_answers_of_the_other_arm_may_have_been_right_in_macro_f1() -> None:
    truth = np.tile([0, 1], 100)
    teacher = np.where(np.arange(200) < 20, -1, truth)
    table = LabelTable(("a", "b"), np.arange(200), truth, {"student": teacher, "teacher": teacher})
    lost = frozenset(range(20))
    (found,) = macro_f1_differences(table, [("student", "teacher")], Draw(199, 1), {"teacher": lost})
    heard = table._replace(answers={"student": teacher, "teacher": truth})
    (worst,) = macro_f1_differences(heard, [("student", "teacher")], Draw(199, 1), {"teacher": frozenset()})
    assert found.low < found.value < found.high  # equal answers are no proof of equality
    assert found.worst_low == pytest.approx(worst.low)
    assert worst.worst_low is None
