"""A list comes back item by item, whatever stands around it; prose never becomes an item."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.expansion.reply_lists import items_of

# Items without quotes or marks at their ends, which are taken for decoration, on one line each.
WORDS = st.text("abcdefghijklmnopqrstuvwxyzäß日本 0123456789,.;:?!'-()", min_size=1, max_size=60).map(
    lambda text: f"x{' '.join(text.split())}y"
)
ITEMS = st.lists(WORDS, min_size=1, max_size=12)
TEXTS = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60).map(lambda text: f"x {text} y"),
    min_size=1,
    max_size=8,
)


@given(
    items=ITEMS,
    style=st.sampled_from(
        [
            "{n}. {i}",
            "{n}) {i}",
            "({n}) {i}",
            "{n}: {i}",
            "**{n}.** {i}",
            "- {i}",
            "* {i}",
            "• {i}",
            '{n}. "{i}"',
            "  {n}.   {i}  ",
        ]
    ),
)
def test_numbered_and_dashed_lines(items: list[str], style: str) -> None:
    lines = [style.format(n=number, i=item) for number, item in enumerate(items, 1)]
    assert items_of("\n".join(lines)) == items
    assert items_of("Here are the texts:\n\n" + "\n\n".join(lines) + "\n\nTell me if you want more.") == items


@given(items=TEXTS, fenced=st.booleans(), preamble=st.sampled_from(["", "Here you are:\n"]))
def test_json_lists_hold_any_text_line_breaks_too(items: list[str], fenced: bool, preamble: str) -> None:
    body = json.dumps(items, ensure_ascii=False, indent=1)
    assert items_of(preamble + (f"```json\n{body}\n```" if fenced else body)) == [item.strip() for item in items]


def test_objects_with_one_string_count_as_that_string() -> None:
    assert items_of('[{"text": "one", "number": 1}, {"a": "b", "c": "d"}, 3, null, "two"]') == ["one", "two"]


def test_numbered_json_strings_are_read_as_the_strings() -> None:
    assert items_of('1. "a\\nb"\n2. "say \\"hi\\" <\\/x>",') == ["a\nb", 'say "hi" </x>']


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "I cannot do that.",
        "The first one is good.\nThe second is better.",
        "[]",
        "[1, 2]",
        "{}",
        "1.\n2.",
        "[broken",
        "```\n```",
    ],
)
def test_what_is_no_list_has_no_items(reply: str) -> None:
    assert items_of(reply) == []


def test_an_item_that_begins_with_a_bracket_is_not_taken_for_json() -> None:
    assert items_of("1. [sic] is here\n2. so is this]") == ["[sic] is here", "so is this]"]


@given(st.text())
def test_no_reply_whatever_breaks_the_reader(reply: str) -> None:
    assert all(item == item.strip() and item for item in items_of(reply))
