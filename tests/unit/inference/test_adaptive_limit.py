"""The adaptive limit: slow start, halving, slow growth, pauses; and in a simulation it settles near what the quota
carries.
"""

from hypothesis import given
from hypothesis import strategies as st

from distillation.inference.adaptive_limit import FIRST_PAUSE, LONGEST_PAUSE, LONGEST_RETRY_AFTER, AdaptiveLimit


def test_it_doubles_each_round_until_the_first_cut_and_then_grows_by_one() -> None:
    limit = AdaptiveLimit(most=100, start=4)
    for _ in range(4):
        limit.went_well()
    assert limit.allowed(0) == 8
    limit.throttled(started=0, now=1)
    assert limit.allowed(100) == 4
    for _ in range(5):
        limit.went_well()
    assert limit.allowed(100) == 5


def test_it_never_goes_over_its_most_nor_under_one() -> None:
    limit = AdaptiveLimit(most=10, start=50)
    assert limit.allowed(0) == 10
    for _ in range(100):
        limit.went_well()
    assert limit.allowed(0) == 10
    for second in range(100):
        limit.throttled(started=second * 100, now=second * 100 + 1)
    assert limit.allowed(1e9) == 1


def test_calls_of_one_round_cut_once() -> None:
    limit = AdaptiveLimit(most=32, start=16)
    for _ in range(10):
        limit.throttled(started=5, now=6)
    assert limit.allowed(1000) == 8
    limit.throttled(started=6, now=7)
    assert limit.allowed(1000) == 4


def test_pauses_double_with_each_cut_in_a_row_and_end_with_a_success() -> None:
    limit = AdaptiveLimit(most=32, start=32)
    pauses = []
    for number in range(9):
        limit.throttled(started=number * 100, now=number * 100)
        pauses.append(limit.pause(number * 100))
    assert pauses == [min(FIRST_PAUSE * 2**n, LONGEST_PAUSE) for n in range(9)]
    limit.went_well()
    limit.throttled(started=1000, now=1000)
    assert limit.pause(1000) == FIRST_PAUSE
    assert limit.allowed(1000) == 0 and limit.allowed(1000 + FIRST_PAUSE) == 1


def test_a_time_that_bedrock_names_is_kept_within_reason() -> None:
    limit = AdaptiveLimit(most=32, start=8)
    limit.throttled(started=0, now=0, retry_after=7)
    assert limit.pause(0) == 7
    limit.throttled(started=0, now=1, retry_after=10_000)
    assert limit.pause(1) == LONGEST_RETRY_AFTER


@given(quota=st.integers(1, 40), seconds=st.integers(1, 4))
def test_a_simulated_quota_is_used_and_not_overrun(quota: int, seconds: int) -> None:
    """Calls take `seconds`; at most `quota` may be under way, the rest of a round is throttled.

    After a while few are, and most of the quota is used.
    """
    limit, now, served, refused, rounds = AdaptiveLimit(most=32, start=8), 0.0, 0, 0, 400
    for number in range(rounds):
        if limit.allowed(now) == 0:
            now += limit.pause(now)
        calls, started = limit.allowed(now), now
        now += seconds
        if number >= rounds // 2:
            served, refused = served + min(calls, quota), refused + max(0, calls - quota)
        for _ in range(min(calls, quota)):
            limit.went_well()
        for _ in range(max(0, calls - quota)):
            limit.throttled(started=started, now=now)
    usable = min(quota, 32) * (rounds - rounds // 2)
    assert served >= 0.6 * usable
    assert refused <= max(0.2 * served, rounds // 2)
