"""Two texts side by side, word by word."""

from hypothesis import given
from hypothesis import strategies as st

from distillation.report.word_diff import word_diff

TEXTS = st.one_of(
    st.text(max_size=80),
    st.lists(st.sampled_from(["your ", "parcel ", "comes ", "on ", "Monday", ". ", "\n", "<b>"]), max_size=20).map(
        "".join
    ),
)


def test_only_what_changed_is_marked() -> None:
    assert word_diff("It comes on Monday.", "It came on Monday.") == [
        ("same", "It "),
        ("removed", "comes "),
        ("added", "came "),
        ("same", "on Monday."),
    ]


def test_nothing_to_see_is_no_diff() -> None:
    assert word_diff("positive", "negative") == []
    assert word_diff("the same text", "the same text") == []
    assert word_diff("one two three four", "five six seven eight") == []


@given(TEXTS, TEXTS)
def test_the_parts_hold_both_texts_whole(before: str, after: str) -> None:
    parts = word_diff(before, after)
    if parts:
        assert "".join(text for kind, text in parts if kind != "added") == before
        assert "".join(text for kind, text in parts if kind != "removed") == after
        assert all(text for _, text in parts)
