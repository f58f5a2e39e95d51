"""Differences over several trainings: known answers by scipy and by the textbook's analysis of variance, properties,
coverage.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from benchmarks.repeats import held, world
from distillation.evaluation.uncertainty.repeats import difference_over_trainings

RNG = np.random.default_rng(20240607)


def test_trainings_that_answer_alike_leave_scipys_interval_of_the_items() -> None:
    student, rival = RNG.random(40), RNG.random(40)
    value, found = difference_over_trainings(np.tile(student, (3, 1)), rival)
    theirs = stats.ttest_rel(student, rival).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high))
    once, alone = difference_over_trainings(student, rival)
    assert (value, found.low, found.high) == pytest.approx((once, alone.low, alone.high))


@pytest.mark.parametrize("trainings", [2, 3])
def test_a_later_decision_errs_in_no_more_runs_than_its_level_allows(trainings: int) -> None:
    """0.5 % at the fifth decision, and what chance does to 600 repeats; by the ratio of normal quantiles 4 % of two."""
    runs = [held(trainings, 400, 4, seed) for seed in range(600)]
    assert stats.binomtest(sum(run.later for run in runs), 600, 0.005, alternative="greater").pvalue > 0.01
    assert sum(run.later for run in runs) < sum(run.by_normal for run in runs)


def test_items_that_say_alike_leave_scipys_interval_of_the_trainings() -> None:
    moved = np.array([0.80, 0.83, 0.87, 0.81])
    rival = np.linspace(-1e-9, 1e-9, 50) + 0.8
    _, found = difference_over_trainings(np.tile(moved[:, None], (1, 50)), rival)
    theirs = stats.ttest_1samp(moved - 0.8, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=1e-6)


def test_the_variances_are_those_of_the_two_way_analysis_of_variance() -> None:
    """Brennan 2001, "Generalizability Theory", table 2.2: an item (10 persons) by training (3) design, by its sums."""
    scores = RNG.random((3, 10)) + RNG.random((3, 1)) + RNG.random(10)
    rows, columns, grand = scores.mean(axis=1), scores.mean(axis=0), scores.mean()
    ms_training = 10 * ((rows - grand) ** 2).sum() / 2
    ms_item = 3 * ((columns - grand) ** 2).sum() / 9
    ms_rest = ((scores - rows[:, None] - columns + grand) ** 2).sum() / 18
    items, trainings = ms_item / 30, max(ms_training - ms_rest, 0) / 30
    half = np.sqrt(items * stats.t.ppf(0.975, 9) ** 2 + trainings * stats.t.ppf(0.975, 2) ** 2)
    _, found = difference_over_trainings(scores, np.full(10, grand))
    assert (found.low, found.high) == pytest.approx((max(-half, -1), min(half, 1)))


def test_groups_that_answer_as_one_count_as_one() -> None:
    student, rival = RNG.random((3, 30)), RNG.random(30)
    groups = [f"g{item // 4}" for item in range(120)]
    value, grouped = difference_over_trainings(np.repeat(student, 4, axis=1), np.repeat(rival, 4), groups=groups)
    once, bounds = difference_over_trainings(student, rival)
    assert (value, grouped.low, grouped.high) == pytest.approx((once, bounds.low, bounds.high))
    _, alone = difference_over_trainings(np.repeat(student, 4, axis=1), np.repeat(rival, 4))
    assert grouped.high - grouped.low > alone.high - alone.low


def test_a_rivals_trainings_widen_the_interval() -> None:
    student, rival = (RNG.random((3, 60)) < 0.8).astype(float), np.tile(RNG.random(60), (2, 1))
    value, still = difference_over_trainings(student, rival)
    same, moved = difference_over_trainings(student, rival + np.array([[0.1], [-0.1]]))
    assert value == pytest.approx(same)
    assert moved.low < still.low


def test_answers_that_never_differ_leave_a_width() -> None:
    _, found = difference_over_trainings(np.ones((3, 50)), np.ones(50))
    assert found.low < -0.03
    assert found.high > 0.03


def test_other_items_are_refused() -> None:
    with pytest.raises(ValueError, match="10 and 11 items"):
        difference_over_trainings(np.ones((2, 10)), np.ones(11))


SCORES = st.integers(1, 4).flatmap(lambda rows: arrays(float, (rows, 12), elements=st.sampled_from([0.0, 0.5, 1.0])))


@given(SCORES, arrays(float, 12, elements=st.sampled_from([0.0, 0.5, 1.0])), st.permutations(range(12)))
def test_the_order_of_items_and_trainings_changes_nothing(
    student: np.typing.NDArray[np.float64], rival: np.typing.NDArray[np.float64], order: list[int]
) -> None:
    value, found = difference_over_trainings(student, rival)
    same, turned = difference_over_trainings(student[::-1, order], rival[order])
    assert (same, turned.low, turned.high) == pytest.approx((value, found.low, found.high), abs=1e-7)
    assert found.low <= value <= found.high
    assert found.low < found.high


@pytest.mark.parametrize("spread", [0, 2])
def test_three_trainings_cover_the_truth(spread: int) -> None:
    """93 to 97 % are asked for; the bounds are those and what chance does to 400 repeats."""
    seen = sum(held(3, 154, spread, seed)[0] for seed in range(400))
    assert stats.binomtest(seen, 400, 0.93).pvalue > 0.001 or seen > 0.93 * 400
    assert stats.binomtest(seen, 400, 0.97).pvalue > 0.001 or seen < 0.97 * 400


def test_a_world_has_the_rates_and_the_spread_it_is_made_of() -> None:
    student, teacher, truth = world(200, 4_000, 2, np.random.default_rng(1))
    assert student.mean() - teacher.mean() == pytest.approx(truth, abs=0.012)
    assert student.mean(axis=1).std() == pytest.approx(0.02, abs=0.005)
