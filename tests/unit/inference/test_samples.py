"""Estimators of the teacher's distribution: known answers, and what must hold for all samples."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.teaching.distributions import cross_entropy, entropy_miller_madow, shares, total_variation
from distillation.inference.samples import agreement, by_prompt, consensus_of, entropy, majority, minimum_bayes_risk
from distillation.task import Task, TaskKind
from tests.worlds.answers import answers

LABEL = Task(kind=TaskKind.LABEL, labels=("positive", "negative"))
TEXT = Task(kind=TaskKind.TEXT)
samples = st.lists(st.sampled_from("abcde"), min_size=1, max_size=40)
distributions = samples.map(shares)


def test_known_entropies() -> None:
    assert entropy([1, 1]) == pytest.approx(1.0)
    assert entropy([4]) == entropy([]) == entropy_miller_madow([]) == 0.0
    assert entropy([3, 1]) == pytest.approx(0.811278, abs=1e-6)  # H(1/4) in bits
    assert entropy_miller_madow([3, 1]) == pytest.approx(0.811278 + 1 / 8 / math.log(2), abs=1e-6)
    assert entropy([2, 1, 1, 0]) == pytest.approx(1.5)


@given(samples)
def test_entropy_is_that_of_the_shares_and_at_most_the_logarithm_of_the_number_of_forms(forms: list[str]) -> None:
    counts = Counter(forms).values()
    assert entropy(counts) == pytest.approx(-sum(p * math.log2(p) for p in shares(forms).values()), abs=1e-12)
    assert -1e-12 <= entropy(counts) <= math.log2(len(counts)) + 1e-12
    assert entropy_miller_madow(counts) >= entropy(counts)
    assert entropy(counts) == pytest.approx(entropy([7 * count for count in counts]), abs=1e-12)


def test_the_correction_takes_away_most_of_the_bias_of_four_draws_from_a_fair_coin() -> None:
    # All 16 outcomes of four draws, so the mean is exact.
    outcomes = [[bin(bits).count("1"), 4 - bin(bits).count("1")] for bits in range(16)]
    plug_in = sum(map(entropy, outcomes)) / 16 - 1
    corrected = sum(map(entropy_miller_madow, outcomes)) / 16 - 1
    assert plug_in == pytest.approx(-0.2188, abs=1e-3)
    assert abs(corrected) < abs(plug_in) / 3


@given(samples)
def test_agreement_is_the_largest_share_and_its_form_is_the_majority(forms: list[str]) -> None:
    assert agreement(forms) == max(shares(forms).values()) == shares(forms)[majority(forms)]
    assert sum(shares(forms).values()) == pytest.approx(1)


def test_a_tie_goes_to_what_was_seen_first() -> None:
    assert majority(["b", "a", "a", "b"]) == "b"
    assert agreement([]) == 0.0


@given(distributions, distributions, distributions)
def test_total_variation_is_a_distance(p: dict[str, float], q: dict[str, float], r: dict[str, float]) -> None:
    assert total_variation(p, p) == 0
    assert total_variation(p, q) == pytest.approx(total_variation(q, p))
    assert 0 <= total_variation(p, q) <= 1 + 1e-12
    assert total_variation(p, r) <= total_variation(p, q) + total_variation(q, r) + 1e-12


@given(distributions, distributions)
def test_cross_entropy_is_least_where_the_distributions_are_the_same(p: dict[str, float], q: dict[str, float]) -> None:
    own = cross_entropy(p, p)
    assert own == pytest.approx(-sum(share * math.log(share) for share in p.values()), abs=1e-12)
    assert cross_entropy(p, q) >= own - 1e-12


def test_known_distances() -> None:
    assert total_variation({"a": 1.0}, {"b": 1.0}) == 1.0
    assert total_variation({"a": 0.5, "b": 0.5}, {"a": 0.75, "b": 0.25}) == pytest.approx(0.25)
    assert cross_entropy({"a": 0.5, "b": 0.5}, {"a": 0.75, "b": 0.25}) == pytest.approx(
        -(math.log(0.75) + math.log(0.25)) / 2
    )
    assert cross_entropy({"a": 0.5, "b": 0.5}, {"a": 1.0}) == math.inf
    assert cross_entropy({"a": 1.0, "b": 0.0}, {"a": 1.0}) == 0.0


def test_the_text_of_least_risk_is_the_one_nearest_to_the_others() -> None:
    texts = ["an odd one out", "the film is good and long", "the film is good", "the film is very good"]
    assert minimum_bayes_risk(texts) == 2
    assert minimum_bayes_risk(["only"]) == minimum_bayes_risk(["one", "two"]) == 0


@given(st.lists(st.lists(st.sampled_from("abcdefg"), max_size=8).map(" ".join), min_size=1, max_size=8))
def test_the_risk_is_least_by_the_definition(texts: list[str]) -> None:
    def utility(one: str, other: str) -> float:
        a, b = set(one.split()), set(other.split())
        return 2 * len(a & b) / (len(a) + len(b)) if a | b else 0.0

    gains = [sum(utility(text, other) for j, other in enumerate(texts) if j != i) for i, text in enumerate(texts)]
    assert gains[minimum_bayes_risk(texts)] == pytest.approx(max(gains)) or len(texts) < 3


def test_samples_without_an_answer_do_not_count() -> None:
    consensus = consensus_of(answers("p", "well...", "Positive.", "hm", "negative", "positive"), LABEL)
    assert consensus == ("positive", pytest.approx(2 / 3))
    assert consensus_of(answers("p", "well...", "hm"), LABEL) is None
    tied = consensus_of(answers("p", "A first text. ", "Another"), TEXT)
    assert tied is not None and tied[0] == "A first text."


def test_answers_are_grouped_with_the_greedy_one_first_and_s10_behind_s9_and_each_once() -> None:
    mixed = [*reversed(answers("p", *"abcdefghijkl")), *answers("p", "again")]
    grouped = by_prompt(mixed)["p"]
    assert [a.sample for a in grouped] == ["g0", *(f"s{i}" for i in range(11))]
    assert grouped[0].text == "a"
