"""Selection over the cap: proportional by category, first the best of every group, whole prompts, deterministic."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.dataset.selection import select


def alike(groups: list[int]) -> Callable[[], list[int]]:
    return lambda: groups


def test_what_fits_stays_as_it_is() -> None:
    kept, summary = select(["a", "b"], [0.1, 0.2], [2, 3], alike([0, 1]), 5)
    assert kept == [0, 1]
    assert summary is None


def test_a_group_gives_its_best_before_any_gives_its_second() -> None:
    """Three alike with high agreement, two singles with low: coverage takes one of the three and both singles."""
    kept, summary = select([""] * 5, [1.0, 0.9, 0.95, 0.2, 0.1], [1] * 5, alike([0, 0, 0, 1, 2]), 3)
    assert kept == [0, 3, 4]
    assert summary is not None
    assert (summary.groups, summary.groups_covered) == (3, 3)
    assert (summary.kept, summary.left) == ({"": 3}, {"": 2})
    assert summary.agreement_kept == pytest.approx(1.3 / 3, abs=1e-6)
    assert summary.agreement_left == pytest.approx(1.85 / 2)


def test_among_singles_agreement_decides_then_the_order() -> None:
    assert select([""] * 4, [0.5, 0.9, 0.9, 0.9], [1] * 4, alike([0, 1, 2, 3]), 2)[0] == [1, 2]


def test_categories_keep_their_proportions() -> None:
    categories = ["many"] * 60 + ["some"] * 30 + ["few"] * 10
    _, summary = select(categories, [1.0] * 60 + [0.1] * 40, [1] * 100, alike(list(range(100))), 50)
    assert summary is not None
    assert summary.kept == {"few": 5, "many": 30, "some": 15}


def test_prompts_stay_whole_and_the_room_is_used() -> None:
    """Six lines of room: 4 + 2 fit, the 3 in between does not."""
    kept, _ = select([""] * 4, [1.0, 0.9, 0.8, 0.7], [4, 3, 2, 2], alike([0, 1, 2, 3]), 6)
    assert kept == [0, 2]


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.floats(0, 1), st.integers(1, 5), st.integers(0, 5)), min_size=1, max_size=30
    ),
    st.integers(1, 60),
)
def test_never_over_the_cap_and_nothing_smaller_is_left_than_fits(
    rows: list[tuple[str, float, int, int]], cap: int
) -> None:
    categories, agreements, lines, groups = map(list, zip(*rows, strict=True))
    marks = alike(groups)
    kept, summary = select(categories, agreements, lines, marks, cap)
    used = sum(lines[i] for i in kept)
    assert used <= cap
    assert (kept, summary) == select(categories, agreements, lines, marks, cap)
    left = [lines[i] for i in range(len(rows)) if i not in kept]
    assert not left or min(left) > cap - used
