"""How much a round asks, in which categories, and when the rounds end."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.apportionment import apportion
from distillation.expansion.rounds import (
    MOST_ASKED_FOR_ONE,
    RoundCounts,
    category_targets,
    crossed,
    missing_by_category,
    prompts_to_ask,
    summary,
    why_it_ends,
    yield_of,
)
from distillation.records import Prompt
from distillation.run.curation import Expansion


def plan(**changes: Any) -> Expansion:
    return Expansion.model_validate({"targetPrompts": 100} | changes)


def counts(number: int = 0, *, topics: int = 0, **methods: tuple[int, int]) -> RoundCounts:
    """`methods`: name -> asked, kept."""
    found = {
        name: {"requests": 1, "asked": asked, "parsed": asked, "kept": kept} for name, (asked, kept) in methods.items()
    }
    return RoundCounts(
        round=number, methods=found, categories={"": sum(kept for _, kept in methods.values())}, topics=topics
    )


def test_categories_keep_the_balance_of_the_seeds_or_the_one_that_is_set() -> None:
    seeds = [Prompt(prompt_id=str(n), prompt="x", seed_id="", category="a" if n < 6 else None) for n in range(8)]
    assert category_targets(seeds, plan()) == {"": 25, "a": 75}
    assert category_targets(seeds, plan(categories={"b": 2, "a": 1})) == {"a": 33, "b": 67}


def test_the_first_round_asks_for_what_is_wanted_without_the_share_of_the_topics() -> None:
    assert prompts_to_ask(plan(), [], 100, topics_known=False) == {"personas": 25, "evolution": 25, "selfInstruct": 25}
    assert sum(prompts_to_ask(plan(maxRounds=1), [], 100, topics_known=False).values()) == 100


def test_later_rounds_ask_for_the_rest_by_the_yield_seen() -> None:
    history = [counts(personas=(25, 20), evolution=(25, 25), selfInstruct=(25, 10), topics=9)]
    asked = prompts_to_ask(plan(), history, 45, topics_known=True)
    assert set(asked) == {"topics", "personas", "selfInstruct"}
    assert asked["topics"] >= 25
    hoped = sum(number * yield_of(history, method) for method, number in asked.items())
    assert 45 <= hoped < 45 + len(asked)


def test_a_poor_method_is_asked_for_no_more_than_a_few_times_what_is_missing() -> None:
    asked = prompts_to_ask(plan(methods=["selfInstruct"]), [counts(selfInstruct=(100, 1))], 99, topics_known=False)
    assert asked == {"selfInstruct": 99 * MOST_ASKED_FOR_ONE}


@given(
    st.dictionaries(st.sampled_from("wxyz"), st.integers(1, 60), min_size=1),
    st.dictionaries(st.sampled_from("abcde"), st.integers(0, 90), min_size=1),
)
def test_methods_and_categories_are_crossed_exactly(methods: dict[str, int], categories: dict[str, int]) -> None:
    cells = crossed(methods, categories)
    if sum(categories.values()):
        assert {m: sum(n for (method, _), n in cells.items() if method == m) for m in methods} == methods
        wanted = apportion(sum(methods.values()), categories)
        assert {c: sum(n for (_, category), n in cells.items() if category == c) for c in categories} == wanted


@pytest.mark.parametrize(
    ("history", "why"),
    [
        ([counts(selfInstruct=(100, 100))], "target reached"),
        (
            [counts(selfInstruct=(100, 60)), counts(1, selfInstruct=(120, 2))],
            "round 2 brought 2 usable new prompts of 120 asked (1.7%), less than minYield 5.0%",
        ),
        ([counts(n, selfInstruct=(20, 10)) for n in range(3)], "all 3 rounds of maxRounds used"),
        ([counts(topics=0)], "round 1 could ask for nothing: no topic was found, or every seed is held out"),
        ([counts(selfInstruct=(100, 60))], None),
        ([counts(topics=5)], None),
    ],
)  # fmt: skip
def test_the_rounds_end_for_a_reason(history: list[RoundCounts], why: str | None) -> None:
    assert why_it_ends(plan(maxRounds=3), history) == why


def test_the_account_adds_up_over_the_rounds() -> None:
    history = [counts(personas=(25, 20), topics=7), counts(1, personas=(6, 5))]
    account = summary(plan(methods=["personas"]), history, "why")
    assert (account.kept, account.rounds, account.topics) == (25, 2, 7)
    assert account.methods == {"personas": {"requests": 2, "asked": 31, "parsed": 31, "kept": 25}}
    assert missing_by_category({"": 100}, history) == {"": 75}
