"""Pairs in both orders -> wins, ties, losses and the bias for a place."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from distillation.evaluation.scores import Comparisons, ControlResult, HumanAgreement
from distillation.evaluation.uncertainty.statistics import Draw
from distillation.judging.comparisons import (
    PairOutcome,
    choices_of,
    comparisons,
    control_results,
    judge_troubles,
    pair_outcome,
    unpaired,
    why_not_decisive,
)
from distillation.judging.controls import Control
from distillation.judging.pairs import Pair, orders_of
from distillation.records import HoldoutItem
from distillation.task import Task, TaskKind
from tests.worlds.answers import answer

CHOICES = st.sampled_from(["A", "B", "tie", None])


def pairs(count: int, *, equal: int = 0) -> list[Pair]:
    return [Pair(HoldoutItem(prompt_id=f"p{n}", prompt=f"q{n}"), "student", "teacher", n < equal) for n in range(count)]


def judged(
    given: list[tuple[str | None, str | None]], *, equal: int = 0, resamples: int = 999, others: tuple[float, ...] = ()
) -> Comparisons:
    """What is said of each pair that is asked about, first with the student's answer first."""
    made = pairs(len(given) + equal, equal=equal)
    choices: dict[str, str] = {}
    for pair, said in zip(made[equal:], given, strict=True):
        choices |= {
            request.record_id: choice for request, choice in zip(orders_of(pair, "judge"), said, strict=True) if choice
        }
    return comparisons(made, choices, "judge", [None, None, *others], Draw(resamples, 1))


@pytest.mark.parametrize(
    ("student_first", "teacher_first", "outcome"),
    [
        ("A", "B", (1.0, True, 0.5)),
        ("B", "A", (0.0, True, 0.5)),
        ("A", "A", (0.5, False, 1.0)),
        ("B", "B", (0.5, False, 0.0)),
        ("tie", "tie", (0.5, True, None)),
        ("A", "tie", (0.5, False, 1.0)),
        ("tie", "A", (0.5, False, 1.0)),
        ("A", None, None),
        (None, None, None),
    ],
)
def test_a_pair_is_won_only_when_both_orders_say_so(
    student_first: str | None, teacher_first: str | None, outcome: PairOutcome | None
) -> None:
    orders = orders_of(pairs(1)[0], "judge")
    said = {orders[0].record_id: student_first, orders[1].record_id: teacher_first}
    assert pair_outcome(orders, {record_id: choice for record_id, choice in said.items() if choice}) == outcome


def test_counts_rate_and_sign_test() -> None:
    found = judged([("A", "B")] * 14 + [("B", "A")] * 4 + [("A", "A")] * 6 + [("A", None)] * 3, equal=10)
    assert (found.arm, found.minus) == ("student", "teacher")
    assert (found.n, found.win, found.tie, found.loss, found.equal) == (34, 14, 16, 4, 10)
    assert (found.consistent, found.lost, found.unjudged) == (18, 2, 3)
    assert found.p_value == binomtest(14, 18).pvalue
    assert found.win_rate is not None and found.win_rate.low is not None and found.win_rate.high is not None
    assert found.win_rate.value == pytest.approx((14 + 8) / 34)
    assert 0.5 < found.win_rate.low < found.win_rate.value < found.win_rate.high < 0.9
    assert found.first_place is not None
    assert (found.first_place.n, found.first_place.value) == (24, pytest.approx((18 * 0.5 + 6) / 24))


def test_a_judge_that_always_takes_the_first_answer_says_nothing_of_the_student() -> None:
    found = judged([("A", "A")] * 50)
    assert (found.win, found.tie, found.loss, found.consistent, found.p_value) == (0, 50, 0, 0, 1.0)
    assert found.win_rate is None
    [trouble] = judge_troubles(found)
    assert "agrees with itself in 0 of 50 pairs" in trouble and "No win rate" in trouble
    assert found.first_place is not None and found.first_place.low is not None
    assert (found.first_place.value, found.first_place.method) == (1.0, "wilson")
    assert found.first_place.low > 0.9


def test_who_refuses_or_cannot_be_read_loses_and_what_the_service_lost_is_left_out() -> None:
    items = [HoldoutItem(prompt_id=f"p{n}", prompt="q") for n in range(7)]
    own = {"p0": "good", "p1": None, "p2": "good", "p3": None, "p4": "no label", "p5": None}
    other = {"p0": "bad", "p1": "bad", "p2": "no label", "p3": None, "p4": "bad", "p6": "bad"}
    task = Task(kind=TaskKind.LABEL, labels=("good", "bad"))
    assert unpaired(items, own, other, task) == [0.0, 1.0, 0.5, 0.0, None, None]


def test_forty_refusals_of_a_hundred_are_forty_losses() -> None:
    found = judged([("A", "B")] * 60, others=(0.0,) * 40)
    assert (found.n, found.win, found.loss, found.unanswered) == (100, 60, 40, 40)
    assert found.win_rate is not None and found.win_rate.value == pytest.approx(0.6)
    assert found.p_value == binomtest(60, 100).pvalue


@pytest.mark.parametrize(("agreeing", "believed"), [(12, True), (11, False)])
def test_under_60_in_100_pairs_that_agree_there_is_no_win_rate(agreeing: int, believed: bool) -> None:
    found = judged(
        [("A", "B")] * agreeing + [("A", "A"), ("B", "B")] * ((20 - agreeing) // 2) + [("A", "A")] * (agreeing % 2)
    )
    assert (found.win_rate is not None) == believed == (judge_troubles(found) == ())


def test_few_pairs_do_not_condemn_a_judge() -> None:
    assert judged([("A", "A")] * 9).win_rate is not None


def test_planted_answers_that_win_are_told() -> None:
    found = msgspec.structs.replace(
        judged([("A", "B")] * 20), controls=(ControlResult(kind="injected", n=5, won=2, lost=3),)
    )
    [trouble] = judge_troubles(found)
    assert trouble.startswith("2 of 5 planted answers")


def test_control_pairs_are_counted_by_kind_and_both_orders() -> None:
    made = pairs(3)
    said = [("A", "B"), ("B", "A"), ("A", "A")]
    choices = {
        r.record_id: c
        for pair, both in zip(made, said, strict=True)
        for r, c in zip(orders_of(pair, "judge"), both, strict=True)
    }
    results = control_results({Control.HALVED: made}, choices, "judge")
    assert results == (ControlResult(kind="halved", n=3, won=1, lost=1),)


def test_nothing_to_compare_is_no_rate_at_all() -> None:
    found = judged([])
    assert (found.n, found.win_rate, found.first_place, found.p_value) == (0, None, None, 1.0)
    only_equal = judged([], equal=5)
    assert (only_equal.n, only_equal.tie, only_equal.first_place) == (5, 5, None)


@given(st.lists(st.tuples(CHOICES, CHOICES), max_size=12), st.integers(0, 4))
def test_every_pair_is_counted_once_and_swapped_sides_swap_the_result(
    given: list[tuple[str | None, str | None]], equal: int
) -> None:
    found = judged(given, equal=equal, resamples=20)
    assert found.n == found.win + found.tie + found.loss == len(given) + equal - found.unjudged
    swapped = judged([(second, first) for first, second in given], equal=equal, resamples=20)
    mirror = judged(
        [tuple({"A": "B", "B": "A"}.get(c or "", c) for c in said) for said in given], equal=equal, resamples=20
    )  # type: ignore[misc]
    assert (swapped.win, swapped.loss) == (mirror.win, mirror.loss) == (found.loss, found.win)


def test_a_choice_is_read_as_labels_are_and_anything_else_is_none() -> None:
    said = {"1": "A", "2": " b.", "3": "Tie", "4": "Answer A is better.", "5": "C"}
    answers = [answer(i, text) for i, text in said.items()]
    assert choices_of(answers) == {"1": "A", "2": "B", "3": "tie"}


def test_what_keeps_a_judge_from_deciding() -> None:
    good = msgspec.structs.replace(
        judged([("A", "B")] * 20),
        controls=(
            ControlResult(kind="injected", n=5, won=0, lost=5),
            ControlResult(kind="exchanged", n=10, won=0, lost=9),
            ControlResult(kind="halved", n=10, won=1, lost=7),
        ),
    )
    assert why_not_decisive(good) == why_not_decisive(good, HumanAgreement(n=50, agreed=40, kappa=0.4)) == ""
    assert "agrees with people in 30 of 50 pairs (Cohen's kappa 0.39)" in why_not_decisive(
        good, HumanAgreement(n=50, agreed=30, kappa=0.39)
    )
    fewer = msgspec.structs.replace(
        good, controls=(*good.controls[:2], ControlResult(kind="halved", n=10, won=2, lost=6))
    )
    assert "in 15 of 20 pairs" in why_not_decisive(fewer)
    talked = msgspec.structs.replace(
        good, controls=(ControlResult(kind="injected", n=5, won=1, lost=4), *good.controls[1:])
    )
    assert "misled it" in why_not_decisive(talked)
    assert "pairwise" in why_not_decisive(None)
    assert "by their answers" in why_not_decisive(judged([("A", "A")] * 20))
