"""Shares by largest remainder."""

from hypothesis import given
from hypothesis import strategies as st

from distillation.apportionment import apportion


@given(st.integers(0, 10_000), st.dictionaries(st.text(max_size=3), st.floats(0, 1e6), min_size=1, max_size=30))
def test_parts_add_up_and_none_is_off_by_one_or_more(total: int, weights: dict[str, float]) -> None:
    parts, whole = apportion(total, weights), sum(weights.values())
    if whole > 0:
        assert sum(parts.values()) == total
        assert all(abs(parts[key] - total * weight / whole) < 1 + 1e-6 for key, weight in weights.items())
    else:
        assert set(parts.values()) == {0}


def test_known_shares_by_largest_remainder() -> None:
    """Hare quota, the worked example of Wikipedia's "Largest remainder method": 47, 16, 15.8, 12, 6.1 and 3.1 thousand
    votes, 10 seats.
    """
    votes = {"yellow": 47_000, "white": 16_000, "red": 15_800, "green": 12_000, "blue": 6_100, "pink": 3_100}
    assert apportion(10, votes) == {"yellow": 5, "white": 2, "red": 1, "green": 1, "blue": 1, "pink": 0}


@given(st.dictionaries(st.text(max_size=3), st.integers(1, 50), min_size=1, max_size=8), st.data())
def test_all_seats_are_filled_and_no_part_exceeds_its_weight(weights: dict[str, int], data: st.DataObject) -> None:
    """The quota rule of the largest-remainder method (Hamilton)."""
    total = sum(weights.values())
    seats = data.draw(st.integers(0, total))
    quotas = apportion(seats, weights)
    assert sum(quotas.values()) == seats
    assert all(
        abs(quotas[name] - weight * seats / total) < 1 and quotas[name] <= weight for name, weight in weights.items()
    )
