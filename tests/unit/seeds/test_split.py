"""The split: fixed by content, stable under added seeds, near the shares in every category."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.records import Prompt
from distillation.run.config import Split
from distillation.seeds.split import Side, side_of, side_of_id, watched

PLAN = Split(holdout_share=0.2, validation_share=0.1)
shares = st.builds(Split, holdout_share=st.floats(0.01, 0.9), validation_share=st.floats(0, 0.5))
ids = st.text("0123456789abcdef", min_size=20, max_size=20)


def prompt(prompt_id: str, **more: object) -> Prompt:
    return Prompt(prompt_id=prompt_id, prompt="?", seed_id="s", **more)  # type: ignore[arg-type]


@given(known=st.lists(ids, unique=True, max_size=20), added=st.lists(ids, unique=True, max_size=20), plan=shares)
def test_adding_seeds_moves_no_seed(known: list[str], added: list[str], plan: Split) -> None:
    before = {i: side_of(prompt(i), plan) for i in known}
    after = {i: side_of(prompt(i, category="new"), plan) for i in [*added, *known]}
    assert {i: after[i] for i in known} == before


@given(prompt_id=ids, small=st.floats(0.01, 0.4), more=st.floats(0, 0.4), validation=st.floats(0, 0.5))
def test_a_larger_holdout_only_takes_in(prompt_id: str, small: float, more: float, validation: float) -> None:
    before, after = (
        side_of_id(prompt_id, Split(holdout_share=share, validation_share=validation))
        for share in (small, small + more)
    )
    assert before is not Side.HOLDOUT or after is Side.HOLDOUT


@given(prompt_id=ids, plan=shares)
def test_a_prompt_that_expansion_made_is_never_in_the_holdout(prompt_id: str, plan: Split) -> None:
    assert side_of(prompt(prompt_id, method="topics"), plan) is not Side.HOLDOUT


def test_shares_a_category_are_within_binomial_bounds() -> None:
    """Five standard errors: a sound hash misses them once in 1.7 million looks."""
    for category in range(20):
        count = 200 + 100 * category
        sides = [side_of_id(f"category {category} prompt {n}", PLAN) for n in range(count)]
        for side, share in ((Side.HOLDOUT, 0.2), (Side.VALIDATION, 0.08), (Side.TRAIN, 0.72)):
            assert abs(sides.count(side) - count * share) <= 5 * math.sqrt(count * share * (1 - share)), (
                category,
                side,
            )


def test_expanded_prompts_are_watched_at_the_validation_share() -> None:
    sides = [side_of_id(f"prompt {n}", PLAN, expanded=True) for n in range(10_000)]
    assert abs(sides.count(Side.VALIDATION) - 1_000) <= 5 * math.sqrt(10_000 * 0.1 * 0.9)


def test_known_sides_stay_what_they_were() -> None:
    """Fixed points: a change here would put yesterday's training prompts into today's holdout."""
    assert " ".join(side_of_id(f"{n:020x}", PLAN) for n in range(12)) == (
        "train train train train train holdout train train train train holdout train"
    )


@given(lines=st.dictionaries(ids, st.integers(1, 40), max_size=200))
def test_a_validation_file_is_one_that_a_job_takes_or_none(lines: dict[str, int]) -> None:
    stay = watched(lines)
    assert stay <= lines.keys()
    assert not stay or 8 <= sum(lines[prompt_id] for prompt_id in stay) <= 1_000


@given(lines=st.dictionaries(ids, st.just(1), min_size=8, max_size=50))
def test_what_fits_is_all_watched(lines: dict[str, int]) -> None:
    assert watched(lines) == set(lines)


def test_of_too_many_the_smallest_hashes_are_watched_and_more_seeds_move_few() -> None:
    """AWS takes 1,000 validation lines; the default share of a full dataset makes 2,000."""
    known = {f"{number:020x}": 1 for number in range(2_000)}
    stay = watched(known)
    assert len(stay) == 1_000
    more = watched(known | {f"{number:020x}": 1 for number in range(2_000, 2_200)})
    assert len(more - stay) == len(more - set(known))


def test_fewer_than_eight_lines_are_trained_on() -> None:
    assert watched({f"{number:020x}": 1 for number in range(7)}) == set()


names = st.text(min_size=1, max_size=8)


@given(names, st.lists(ids, unique=True, min_size=2, max_size=10), shares)
def test_a_group_is_never_split_and_what_expansion_made_of_it_stays_with_it(
    group: str, members: list[str], plan: Split
) -> None:
    (side,) = {side_of(prompt(one, group=group), plan) for one in members}
    made = {side_of(prompt(one, group=group, method="topics"), plan) for one in members}
    assert made == {side} or side is Side.HOLDOUT
    assert Side.HOLDOUT not in made


def test_groups_are_held_out_at_the_share() -> None:
    sides = [side_of_id(f"{n:020x}", PLAN, group=f"document {n // 5}") for n in range(20_000)]
    assert sides.count(Side.HOLDOUT) / 20_000 == pytest.approx(0.2, abs=5 * math.sqrt(0.16 / 4_000))
    assert all(len(set(sides[n : n + 5])) == 1 for n in range(0, 20_000, 5))
