"""Intervals and tests against published values, other software and scipy's own functions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from distillation.evaluation.uncertainty.classes import class_features, class_figures
from distillation.evaluation.uncertainty.noninferiority import detectable_difference, holm, items_to_settle, spread
from distillation.evaluation.uncertainty.statistics import (
    Draw,
    design_effect,
    graded_interval,
    mcnemar,
    mean_intervals,
    mean_variance,
    paired_bootstrap,
    quantile_interval,
    sign_flip,
    tango,
    wilson,
)

SEED = 20240607


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_is_newcombes_table(successes: int, n: int, low: float, high: float) -> None:
    """Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3."""
    assert wilson(successes, n)[:2] == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("better", "worse", "p"), [(121, 59, 4.434449e-06), (0, 6, 0.03125), (1, 7, 0.0703125), (0, 0, 1.0), (5, 5, 1.0)]
)
def test_mcnemar_is_the_exact_test(better: int, worse: int, p: float) -> None:
    """121 and 59: the example of statsmodels' `mcnemar`, exact; 1 and 7: Bentur et al. 2009 in Fagerland et al.

    2013; the rest by hand, 2 / 2^6.
    """
    assert mcnemar(better, worse) == pytest.approx(p, rel=1e-5)


@pytest.mark.parametrize(
    ("better", "worse", "n", "low", "high"),
    [
        (1, 7, 21, -0.517, -0.026),  # Bentur et al. 2009 in Fagerland, Lydersen and Laake 2014
        (20, 60, 1000, -0.0584, -0.0231),  # R: PropCIs::scoreci.mp(60, 20, 1000)
    ],
)
def test_tango_is_the_published_interval(better: int, worse: int, n: int, low: float, high: float) -> None:
    assert tango(better, worse, n)[:2] == pytest.approx((low, high), abs=6e-4)


@pytest.mark.parametrize(("better", "worse", "n"), [(0, 0, 30), (30, 0, 30), (0, 30, 30), (1, 0, 1)])
def test_tango_at_the_edges_holds_the_estimate(better: int, worse: int, n: int) -> None:
    low, high, _ = tango(better, worse, n)
    assert -1 <= low <= (better - worse) / n <= high <= 1
    assert low < high


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_tango_mirrors_when_the_arms_change_places(better: int, worse: int, equal: int) -> None:
    n = max(1, better + worse + equal)
    low, high, _ = tango(better, worse, n)
    mirrored = tango(worse, better, n)
    assert (low, high) == pytest.approx((-mirrored.high, -mirrored.low), abs=1e-9)
    assert low - 1e-9 <= (better - worse) / n <= high + 1e-9


def test_tango_keeps_the_level_at_the_margin() -> None:
    """A student worse by exactly the margin of 5 points may pass in at most 5 of 100 runs (2.5 are nominal), with few
    and with many items that differ.
    """
    rng = np.random.default_rng(SEED)
    for n, differing in [(30, 0.08), (60, 0.08), (100, 0.15), (300, 0.3)]:
        shares = [(differing - 0.05) / 2, (differing + 0.05) / 2, 1 - differing]
        worlds = rng.multinomial(n, shares, size=2000)
        passed = np.mean([tango(int(better), int(worse), n).low >= -0.05 for better, worse, _ in worlds])
        assert passed <= 0.05, (n, differing, passed)


def test_holm_is_rs_p_adjust() -> None:
    """R: p.adjust(c(0.01, 0.04, 0.03, 0.02), "holm") and p.adjust(c(0.0001, 0.04, 0.5), "holm")."""
    assert holm([0.01, 0.04, 0.03, 0.02]) == pytest.approx([0.04, 0.06, 0.06, 0.06])
    assert holm([0.0001, 0.04, 0.5]) == pytest.approx([0.0003, 0.08, 0.5])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_never_lowers_a_p_value_and_keeps_their_order(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(p <= corrected <= 1 for p, corrected in zip(p_values, adjusted, strict=True))
    assert all(
        a <= b
        for p, a in zip(p_values, adjusted, strict=True)
        for q, b in zip(p_values, adjusted, strict=True)
        if p < q
    )


def test_the_bootstrap_of_many_columns_is_scipys_of_each() -> None:
    rng = np.random.default_rng(SEED)
    columns = np.stack([(rng.random(150) < 0.8).astype(float), rng.gamma(2.0, 3.0, 150), rng.random(150) ** 4], axis=1)
    ours = mean_intervals(columns, Draw(1999, 7))
    for column, bounds in zip(columns.T, ours, strict=True):
        theirs = stats.bootstrap(
            (column,), np.mean, n_resamples=1999, batch=500, method="BCa", rng=np.random.default_rng(7)
        ).confidence_interval
        assert bounds[:2] == pytest.approx((theirs.low, theirs.high), rel=1e-6)


def test_a_column_without_variation_falls_back() -> None:
    columns = np.stack([np.ones(40), np.zeros(40), np.full(40, 7.5)], axis=1)
    right, wrong, constant = mean_intervals(columns, Draw(199, 1))
    assert right == wilson(40, 40)
    assert wrong == wilson(0, 40)
    assert constant == (7.5, 7.5, "constant")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-1, 1), min_size=1, max_size=25))
def test_the_mean_lies_in_its_interval(values: list[float]) -> None:
    column = np.array(values)[:, None]
    ((low, high, _),) = mean_intervals(column, Draw(99, 3))
    assert low - 1e-12 <= column.mean() <= high + 1e-12


def test_the_interval_of_a_median_is_the_textbooks() -> None:
    """n = 100: the 40th and 61st of the ordered values (Conover 1999; Altman et al. 2000, table of ranks)."""
    assert quantile_interval(np.arange(1.0, 101.0), 0.5)[:2] == (40.0, 61.0)


def test_few_values_do_not_bound_a_high_quantile() -> None:
    low, high, _ = quantile_interval(np.arange(20.0), 0.95)
    assert low is not None
    assert high is None


def test_macro_f1_is_scikit_learns() -> None:
    """scikit-learn, f1_score: y_true = [0, 1, 2, 0, 1, 2], y_pred = [0, 2, 1, 0, 0, 1], macro: 0.2666..."""
    features = class_features(np.array([0, 1, 2, 0, 1, 2]), np.array([0, 2, 1, 0, 0, 1]), [0, 1, 2])
    assert class_figures(3)(features.sum(axis=0, keepdims=True))[0, 0] == pytest.approx(4 / 15)
    low, high = paired_bootstrap(features, class_figures(3), Draw(199, 1))[0]
    assert low <= 4 / 15 <= high


def test_sign_flip_is_the_permutation_test() -> None:
    """Six gains and no loss: all 2^6 sign patterns, two are as extreme: 2 / 64."""
    assert sign_flip(np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]), Draw(1999, 1)) == pytest.approx(2 / 64)
    assert sign_flip(np.zeros(9), Draw(99, 1)) == 1.0


def test_sample_sizes_are_the_textbooks() -> None:
    """One-sample comparison at 5 % and 80 %: n = (1.960 + 0.842)^2 / (delta / sd)^2 = 7.849 / 0.25 -> 32 for half a
    standard deviation.
    """
    assert items_to_settle(difference=0.0, margin=0.5, sd=1.0) == 32
    assert detectable_difference(sd=1.0, n=32) == pytest.approx(0.4953, abs=1e-4)


def test_without_differing_items_as_many_are_needed_as_tango_needs() -> None:
    needed = items_to_settle(difference=0.0, margin=0.05, sd=0.0)
    assert needed is not None
    assert tango(0, 0, needed).low >= -0.05 > tango(0, 0, needed - 1).low
    assert spread(0.0, 100) ** 2 == pytest.approx(tango(0, 0, 100).high)


def test_a_difference_on_the_margin_is_settled_by_no_number_of_items() -> None:
    assert items_to_settle(difference=-0.05, margin=0.05, sd=0.4) is None


def test_the_bootstrap_of_counts_is_that_of_items() -> None:
    """Many equal items are drawn as counts of distinct rows: the ends are scipy's but for the random numbers."""
    column = (np.random.default_rng(SEED).random(400) < 0.85).astype(float)
    ((low, high, method),) = mean_intervals(column[:, None], Draw(9_999, 3))
    theirs = stats.bootstrap(
        (column,), np.mean, n_resamples=9_999, method="BCa", rng=np.random.default_rng(4)
    ).confidence_interval
    assert method == "bootstrap-bca"
    assert (low, high) == pytest.approx((theirs.low, theirs.high), abs=0.004)


def test_the_bootstrap_of_a_ratio_is_scipys() -> None:
    rng = np.random.default_rng(SEED)
    own, other = rng.gamma(2.0, 3.0, 60), rng.gamma(3.0, 3.0, 60)
    (ours,) = paired_bootstrap(np.stack([own, other], axis=1), lambda sums: sums[:, :1] / sums[:, 1:2], Draw(1_999, 7))
    theirs = stats.bootstrap(
        (np.arange(60),),
        lambda i, axis=-1: own[i].sum(axis=axis) / other[i].sum(axis=axis),
        n_resamples=1_999,
        batch=500,
        rng=np.random.default_rng(7),
    ).confidence_interval
    assert ours == pytest.approx((theirs.low, theirs.high), rel=1e-6)


def test_sign_flips_of_many_items_are_scipys() -> None:
    differences = np.concatenate([np.random.default_rng(SEED).normal(0.4, 1.0, 80), np.zeros(20)])
    theirs = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=9_999, rng=np.random.default_rng(1)
    ).pvalue
    assert 0.001 < theirs < 0.5
    assert sign_flip(differences, Draw(9_999, 2)) == pytest.approx(theirs, abs=0.02)


def test_ten_thousand_items_take_seconds() -> None:
    """The shape of a large evaluation: scipy's bootstrap of one such column alone takes longer, because it leaves out
    one item at a time.
    """
    columns = np.random.default_rng(SEED).random((10_000, 20))
    intervals = mean_intervals(columns, Draw(999, 1))
    assert [one.method for one in intervals] == ["bootstrap-bca"] * 20
    assert intervals[0].high - intervals[0].low == pytest.approx(2 * 1.96 * columns[:, 0].std() / 100, rel=0.1)


def test_graded_differences_that_are_all_equal_keep_a_width_that_can_fail() -> None:
    gaps = np.full(250, -0.03)
    boot = mean_intervals(gaps[:, None], Draw(199, 1))[0]
    assert boot.low == boot.high == -0.03
    low, high, method = graded_interval(gaps, boot, Draw(999, 1))
    assert low < -0.03 < high
    assert method == "bootstrap-bca-guarded"


def test_from_200_items_on_the_bootstrap_stands_as_it_is_and_below_it_is_wider() -> None:
    gaps = np.random.default_rng(SEED).normal(-0.02, 0.1, 200)
    boot = mean_intervals(gaps[:, None], Draw(499, 1))[0]
    assert graded_interval(gaps, boot, Draw(499, 1)) == boot
    few = mean_intervals(gaps[:150, None], Draw(499, 1))[0]
    guarded = graded_interval(gaps[:150], few, Draw(499, 1))
    assert guarded.low < few.low
    assert guarded.high > few.high


@pytest.mark.parametrize("n", [100, 200])
def test_rare_total_losses_at_the_margin_seldom_pass(n: int) -> None:
    """One answer in 20 is lost completely, the others are equal: the bare bootstrap passes 21 of 100 at 30 items."""
    rng, passed, worlds = np.random.default_rng(SEED), 0, 400
    for number in range(worlds):
        gaps = np.where(rng.random(n) < 0.05, -0.999, 0.0)
        boot = mean_intervals(gaps[:, None], Draw(499, number))[0]
        passed += graded_interval(gaps, boot, Draw(499, number)).low >= -0.05
    assert stats.binomtest(passed, worlds, 0.05, alternative="greater").pvalue > 0.01


def grouped(groups: int, size: int, rng: np.random.Generator, shared: float) -> tuple[np.ndarray, np.ndarray]:
    """Gaps of -1, 0 and 1 whose true mean is -0.05, the same within a group in a share of the cases."""
    own, common = rng.random((groups, size)), np.repeat(rng.random((groups, 1)), size, axis=1)
    luck = np.where(rng.random((groups, size)) < shared, common, own).ravel()
    return np.where(luck < 0.08, -1.0, np.where(luck < 0.11, 1.0, 0.0)), np.repeat(np.arange(groups), size)


def test_the_variance_of_a_mean_with_groups_is_the_published_sandwich() -> None:
    """Cochran 1977, "Sampling Techniques", chapter 9: groups of one size are a sample of their means."""
    values, codes = grouped(40, 5, np.random.default_rng(SEED), 0.6)
    means_of_groups = values.reshape(40, 5).mean(axis=1)
    assert mean_variance(values, codes) == pytest.approx(means_of_groups.var(ddof=1) / 40)
    assert mean_variance(values) == pytest.approx(values.var(ddof=1) / 200)
    assert mean_variance(values, np.arange(200)) == pytest.approx(mean_variance(values))
    assert stats.ttest_1samp(means_of_groups, 0).statistic == pytest.approx(
        values.mean() / np.sqrt(mean_variance(values, codes))
    )


def test_groups_of_equal_items_are_as_many_items() -> None:
    """The design effect of five copies is five, so Tango's interval is that of the groups (but for Student's t)."""
    gaps, _ = grouped(300, 1, np.random.default_rng(SEED), 0.0)
    copies, codes = np.repeat(gaps, 5), np.repeat(np.arange(300), 5)
    effect = design_effect(copies, codes)
    assert effect == pytest.approx(5, rel=0.02)
    better, worse = int((gaps > 0).sum()), int((gaps < 0).sum())
    alone = tango(better, worse, 300)
    assert tango(5 * better, 5 * worse, 1500, effect)[:2] == pytest.approx(alone[:2], abs=1e-3)
    assert design_effect(gaps, None) == 1.0
    assert design_effect(np.zeros(50), np.repeat(np.arange(10), 5)) == 5.0


def test_a_bootstrap_of_groups_is_that_of_their_sums() -> None:
    values, codes = grouped(60, 4, np.random.default_rng(SEED), 0.8)
    found = mean_intervals(values[:, None], Draw(4_999, 1), codes)[0]
    of_groups = mean_intervals(values.reshape(60, 4).mean(axis=1)[:, None], Draw(4_999, 1))[0]
    assert found[:2] == pytest.approx(of_groups[:2], abs=2e-3)
    alone = mean_intervals(values[:, None], Draw(4_999, 1))[0]
    assert found.high - found.low > 1.3 * (alone.high - alone.low)


def test_at_the_margin_grouped_items_pass_as_rarely_as_lone_ones() -> None:
    rng, worlds = np.random.default_rng(SEED), 600
    passed = {"groups": 0, "alone": 0}
    for _ in range(worlds):
        gaps, codes = grouped(100, 10, rng, 0.75)
        better, worse = int((gaps > 0).sum()), int((gaps < 0).sum())
        passed["groups"] += tango(better, worse, 1000, design_effect(gaps, codes)).low >= -0.05
        passed["alone"] += tango(better, worse, 1000).low >= -0.05
    assert stats.binomtest(passed["groups"], worlds, 0.05, alternative="greater").pvalue > 0.01
    assert passed["alone"] > 0.1 * worlds
