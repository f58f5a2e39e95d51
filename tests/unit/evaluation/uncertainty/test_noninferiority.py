"""The one-sided tests of the gate agree with its intervals."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from distillation.evaluation.scores import Difference
from distillation.evaluation.uncertainty.noninferiority import (
    ALPHA,
    half_width,
    level_of,
    low_at,
    p_worse,
    tango_score,
)
from distillation.evaluation.uncertainty.statistics import tango

ONE = Difference(
    metric="accuracy", arm="student", minus="teacher", n=0, value=0.0, low=0.0, high=0.0, method="tango-score",
    bootstrap_low=0.0, bootstrap_high=0.0, better=0, worse=0, test="", p_value=1.0, p_holm=1.0, sd=0.0, detectable=0.0,
)  # fmt: skip


def test_at_no_difference_tangos_score_is_mcnemars() -> None:
    """(b - c) / sqrt(b + c): McNemar 1947."""
    assert tango_score(12, 30, 200, 0.0) == pytest.approx((12 - 30) / (12 + 30) ** 0.5)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 200), st.floats(0, 0.3))
def test_the_test_rejects_where_the_interval_lies_beyond_the_margin(
    better: int, worse: int, equal: int, margin: float
) -> None:
    n = better + worse + equal + 1
    found, high = msgspec.structs.replace(ONE, n=n, better=better, worse=worse), tango(better, worse, n).high
    if abs(high + margin) > 1e-6:
        assert (p_worse(found, margin) < ALPHA) == (high < -margin)


def test_a_graded_difference_is_tested_by_its_mean() -> None:
    graded = msgspec.structs.replace(ONE, method="bootstrap-bca", n=400, value=-0.08, sd=0.2)
    assert p_worse(graded, 0.05) == pytest.approx(stats.norm.cdf(-0.03 / (0.2 / 20)))
    constant = msgspec.structs.replace(graded, sd=0.0)  # 400 items could have missed 1 in 100 that differ
    assert 0 < p_worse(constant, 0.05) < 1e-6
    assert 0.95 < p_worse(constant, 0.1) < 1


@given(st.integers(30, 2000), st.floats(0, 0.2), st.floats(0, 0.2), st.integers(2, 20))
def test_the_lower_end_of_a_later_decision_is_where_tangos_score_says(n: int, up: float, down: float, k: int) -> None:
    better, worse = int(n * up), int(n * down)
    ends = tango(better, worse, n)
    one = msgspec.structs.replace(ONE, n=n, better=better, worse=worse, value=(better - worse) / n, low=ends.low)
    found = low_at(one, level_of(k))
    assert found <= one.low + 1e-9
    assert tango_score(better, worse, n, found) == pytest.approx(stats.norm.isf(ALPHA / k), abs=1e-4)


def test_a_graded_lower_end_widens_by_students_quantile_and_the_first_decision_is_as_it_is_shown() -> None:
    one = msgspec.structs.replace(ONE, method="bootstrap-bca", n=400, value=-0.02, low=-0.05)
    assert low_at(one, level_of(1)) == -0.05
    assert low_at(one, level_of(5)) == pytest.approx(-0.02 - 0.03 * stats.t.isf(0.005, 399) / stats.t.isf(0.025, 399))
    few = msgspec.structs.replace(one, method="tango-score", groups=30)
    assert low_at(few, level_of(5)) == pytest.approx(-0.02 - 0.03 * stats.t.isf(0.005, 29) / stats.t.isf(0.025, 29))


@pytest.mark.parametrize("k", [1, 2, 5])
def test_with_few_trainings_a_later_decision_has_students_own_quantile(k: int) -> None:
    """Two trainings that alone make the error: t with one degree of freedom is 25.5 standard errors at 2.5 % / 2; the
    normal quantiles' ratio would make 14.5 of them.
    """
    one = msgspec.structs.replace(ONE, value=-0.01, low=-0.01 - 0.001 * stats.t.isf(0.025, 1), parts=((1e-6, 1),))
    assert low_at(one, level_of(k)) == pytest.approx(-0.01 - 0.001 * stats.t.isf(ALPHA / k, 1))
    assert p_worse(one, 0.0) == pytest.approx(stats.t.cdf(-10, 1))
    assert p_worse(one, 0.02) == pytest.approx(stats.t.cdf(10, 1))


PARTS = st.lists(st.tuples(st.floats(1e-7, 1e-2), st.integers(1, 500)), min_size=1, max_size=3)


@given(PARTS, st.floats(-0.2, 0.2), st.floats(0, 0.2), st.integers(1, 20))
def test_over_trainings_test_and_interval_agree_at_every_level(
    parts: list[tuple[float, int]], value: float, margin: float, k: int
) -> None:
    one = msgspec.structs.replace(ONE, value=value, low=max(-1.0, value - half_width(parts, ALPHA)), parts=tuple(parts))
    low, better = low_at(one, level_of(k)), msgspec.structs.replace(one, value=-value)
    assert low <= low_at(one, level_of(1))
    if low > -1 and abs(low + margin) > 1e-9:
        # Shown to be no worse than the margin: the test of the mirrored difference against the mirrored limit.
        assert (p_worse(better, -margin) < level_of(k)) == (low > -margin)
