"""Accounts: over all waves every request ends exactly once, shard by shard."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.errors import RecordsLost
from distillation.funnel import sum_funnels
from distillation.inference.accounts import (
    NO_REPLY_IN_ANY_WAVE,
    Account,
    OpenRequests,
    account_for,
    replies_step,
    sum_accounts,
)
from distillation.inference.replies import BUSY
from distillation.records import Answer, FunnelStep, Prompt, RejectedAnswer, UnusedAnswer
from tests.worlds.answers import answer, rejected

SAMPLES = frozenset({"g0", "s0"})


def ids_of(prompt: Prompt) -> list[str]:
    return [f"{prompt.prompt_id}-x-{sample}" for sample in sorted(SAMPLES)]


def account(
    prompts: int, answers: list[Answer], rejections: list[RejectedAnswer]
) -> tuple[Account, list[UnusedAnswer]]:
    groups: dict[str, list[Answer]] = {}
    for one in answers:
        groups.setdefault(one.prompt_id, []).append(one)
    asked = [Prompt(prompt_id=f"p{n}", prompt="?", seed_id="s") for n in range(prompts)]
    return account_for(asked, groups, rejections, SAMPLES, ids_of)


def test_a_rejection_that_a_later_wave_answered_is_not_counted_and_the_last_reason_stands() -> None:
    found, missing = account(
        2, [answer("p0-x-g0")], [rejected("p0-x-g0", BUSY), rejected("p0-x-s0", BUSY), rejected("p0-x-s0", "truncated")]
    )
    assert found == Account(requests=4, answers=1, rejected=1, missing=2, rejected_by_reason={"truncated": 1})
    assert [(m.record_id, m.reason) for m in missing] == [
        ("p1-x-g0", NO_REPLY_IN_ANY_WAVE),
        ("p1-x-s0", NO_REPLY_IN_ANY_WAVE),
    ]


@pytest.mark.parametrize(
    "answers",
    [["p0-x-g0", "p0-x-s7"], ["p0-x-g0", "p0-y-g0"], ["p0-y-g0"]],
    ids=["a sample that was not asked", "a sample twice", "another question"],
)
def test_an_answer_that_was_never_asked_for_fails(answers: list[str]) -> None:
    with pytest.raises(RecordsLost):
        account(1, [answer(record_id) for record_id in answers], [])


@given(st.lists(st.tuples(st.text(), st.integers(0, 9)), unique_by=lambda one: one[0]), st.lists(st.text()))
def test_a_request_is_open_until_it_is_taken_once(requests: list[tuple[str, int]], taken: list[str]) -> None:
    wanted, told = OpenRequests(requests), dict(requests)
    assert len(wanted) == len(told)
    for record_id in taken:
        assert wanted.take(record_id) == told.pop(record_id, None)
    assert len(wanted) == len(told)
    assert all((record_id in wanted) == (record_id in told) for record_id in (*dict(requests), *taken))


FATES = ["answered", "busy", "refused", "busy then answered", "missing"]


@given(st.lists(st.tuples(st.sampled_from(FATES), st.sampled_from(FATES))))
def test_requests_are_replies_plus_missing_in_every_shard_and_in_their_sum(fates: list[tuple[str, str]]) -> None:
    ids = [
        (f"p{n}-x-{sample}", fate)
        for n, pair in enumerate(fates)
        for sample, fate in zip(sorted(SAMPLES), pair, strict=True)
    ]
    answers = [answer(i) for i, fate in ids if "answered" in fate]
    rejections = [
        rejected(i, BUSY if "busy" in fate else "refused") for i, fate in ids if "busy" in fate or fate == "refused"
    ]
    found, missing = account(len(fates), answers, rejections)
    flat = [fate for _, fate in ids]
    assert found.requests == found.answers + found.rejected + found.missing == len(ids)
    assert found.missing == len(missing) == flat.count("missing")
    assert found.rejected_by_reason.get("refused", 0) == flat.count("refused")
    twice = sum_accounts([found, found])
    assert (twice.requests, twice.missing, sum(twice.rejected_by_reason.values())) == (
        2 * len(ids),
        2 * len(missing),
        twice.rejected,
    )
    assert replies_step(twice).came == replies_step(twice).kept + sum(replies_step(twice).rejected.values())


def test_funnels_are_summed_step_by_step_in_their_order() -> None:
    def step(name: str, came: int, changed: int = 0, **rejections: int) -> FunnelStep:
        return FunnelStep(
            step=name,
            unit="answers",
            came=came,
            kept=came - sum(rejections.values()),
            rejected=rejections,
            changed=changed,
        )

    summed = sum_funnels(
        [
            [step("form", 5, b=1), step("length", 4, 2)],
            [step("form", 7, a=1, b=2), step("length", 4, 1), step("language", 4)],
        ]
    )
    assert summed == [step("form", 12, a=1, b=3), step("length", 8, 3), step("language", 4)]
