"""A student of several trainings beside its rivals."""

import numpy as np
import pytest
from scipy import stats

from distillation.evaluation.answer_sheet import AnswerSheet, read_sheet
from distillation.evaluation.score import score
from distillation.evaluation.scores import Difference, Scores
from distillation.evaluation.trainings import first_metric, over_trainings
from distillation.evaluation.uncertainty.repeats import difference_over_trainings, variance_parts
from distillation.evaluation.uncertainty.statistics import Draw
from distillation.records import HoldoutItem, Prediction
from distillation.task import Task, TaskKind

LABELS = Task(kind=TaskKind.LABEL, labels=("good", "bad"))
RIGHT = {"teacher": 56, "base": 30, "student": 54, "student-1": 48, "student-3": 51}
DRAWS = {"few-shot": 45, "few-shot-2": 39, "few-shot-3": 42}
N = 60


def sheet(arms: tuple[str, ...], *, lost: int = 0, group: str | None = None) -> AnswerSheet:
    """Sixty items; each arm is right on its first ones. The first `lost` answers of the base were lost."""
    items = [
        HoldoutItem(prompt_id=f"{n:03d}", prompt=str(n), reference="good", group=group and f"{group}{n // 2}")
        for n in range(N)
    ]
    said = {
        arm: [
            Prediction(prompt_id=item.prompt_id, arm=arm, error="no_reply")
            if arm == "base" and n < lost
            else Prediction(prompt_id=item.prompt_id, arm=arm, text="good" if n < (RIGHT | DRAWS)[arm] else "bad")
            for n, item in enumerate(items)
        ]
        for arm in arms
    }
    return read_sheet(items, said, LABELS)


def both(**facts: object) -> tuple[Scores, Scores]:
    """Scores of the training that serves, and of all three."""
    once = score(sheet(("teacher", "base", "student"), **facts), Draw(499, 1))  # type: ignore[arg-type]
    return once, over_trainings(once, sheet(tuple(RIGHT), **facts), ["student-1", "student-3"])  # type: ignore[arg-type]


def between(scores: Scores, minus: str) -> Difference:
    return next(one for one in scores.differences if (one.metric, one.arm, one.minus) == ("accuracy", "student", minus))


@pytest.mark.parametrize("minus", ["teacher", "base"])
def test_the_difference_is_of_the_mean_training_with_the_interval_of_items_and_trainings(minus: str) -> None:
    once, thrice = both()
    graded = {arm: [float(n < right) for n in range(N)] for arm, right in RIGHT.items()}
    of = np.array([graded[arm] for arm in ("student", "student-1", "student-3")]), np.array(graded[minus])
    value, expected = difference_over_trainings(*of)
    found = between(thrice, minus)
    assert (found.value, found.low, found.high) == (value, expected.low, expected.high)
    assert found.high - found.low > between(once, minus).high - between(once, minus).low
    assert found.value == pytest.approx((51 - RIGHT[minus]) / N)
    assert found.parts == variance_parts(*of, strict=True)
    [items, trainings] = variance_parts(*of)
    at = found.p_value / 2
    half = items[0] * stats.t.isf(at, items[1]) ** 2 + trainings[0] * stats.t.isf(at, trainings[1]) ** 2
    assert abs(found.value) == pytest.approx(half**0.5)


def test_the_gate_sees_the_same_and_every_value_stands_with_the_spread() -> None:
    once, thrice = both()
    assert thrice.gate is not None and thrice.gate.difference == between(thrice, "teacher")
    assert thrice.gate.student_value == pytest.approx(51 / N)
    assert thrice.trainings is not None
    assert thrice.trainings.values == pytest.approx({"student": 54 / N, "student-1": 48 / N, "student-3": 51 / N})
    assert thrice.trainings.spread == pytest.approx(3 / N)
    assert once.trainings is None and once.arms == thrice.arms


def test_lost_answers_of_a_rival_take_as_much_off_the_wider_interval() -> None:
    once, thrice = (between(scores, "base") for scores in both(lost=10))
    assert once.worst_low is not None and thrice.worst_low is not None
    assert thrice.low - thrice.worst_low == pytest.approx(once.low - once.worst_low)


def test_items_of_a_group_make_the_interval_wider() -> None:
    (_, alone), (_, grouped) = both(), both(group="g")
    assert between(grouped, "base").high - between(grouped, "base").low > (
        between(alone, "base").high - between(alone, "base").low
    )


def test_the_first_metric_names_what_validation_is_compared_by() -> None:
    assert first_metric(sheet(("student-1", "student-3"))) == (
        "accuracy",
        {"student-1": (pytest.approx(48 / N), N), "student-3": (pytest.approx(51 / N), N)},
    )
    assert first_metric(read_sheet([], {"student-1": []}, LABELS)) == ("", {})


def test_few_shot_counts_as_the_mean_of_its_draws_of_examples_with_their_spread() -> None:
    arms = ("teacher", "base", "few-shot", "student")
    once = score(sheet(arms), Draw(499, 1))
    thrice = over_trainings(once, sheet((*arms, "few-shot-2", "few-shot-3")), ["few-shot-2", "few-shot-3"])
    graded = {arm: [float(n < right) for n in range(N)] for arm, right in (RIGHT | DRAWS).items()}
    value, expected = difference_over_trainings(np.array(graded["student"]), np.array([graded[arm] for arm in DRAWS]))
    found, alone = between(thrice, "few-shot"), between(once, "few-shot")
    assert (found.value, found.low, found.high) == (value, expected.low, expected.high)
    assert found.value == pytest.approx((54 - 42) / N) != alone.value
    assert thrice.few_shot is not None and thrice.few_shot.spread == pytest.approx(3 / N)
    assert thrice.few_shot.values == pytest.approx({arm: right / N for arm, right in DRAWS.items()})
    assert between(thrice, "base") == between(once, "base") and thrice.trainings is None and thrice.gate == once.gate
