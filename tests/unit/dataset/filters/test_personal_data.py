"""Personal data: what is found, what is not taken for it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.dataset.filters.personal_data import PLACEHOLDERS, personal_data_in, redact


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("Write to alice.smith@example.com.", "Write to [EMAIL]."),
        ("Call +1 (415) 555-2671 or 415-555-2671.", "Call [PHONE] or [PHONE]."),
        ("Ring +44 20 7946 0958", "Ring [PHONE]"),
        ("card 4111 1111 1111 1111, exp", "card [CARD], exp"),
        ("SSN 123-45-6789", "SSN [SSN]"),
        ("from 192.168.0.1 and 2001:db8::1", "from [IP] and [IP]"),
        ("to DE89 3704 0044 0532 0130 00 please", "to [IBAN] please"),
        ("GB82WEST12345698765432 AND MORE", "[IBAN] AND MORE"),
        ("Grüße an jörg: joerg@example.de 😀 und b@example.org", "Grüße an jörg: [EMAIL] 😀 und [EMAIL]"),
    ],
)
def test_what_is_found_gives_way_to_a_placeholder(text: str, redacted: str) -> None:
    assert redact(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "positive",
        "In 1999, 300 of 1,200 people paid $4.50.",
        "card 4111 1111 1111 1112",  # a wrong check digit
        "DE00 3704 0044 0532 0130 00",  # wrong check digits
        "order 1234567890",
        "a score of 3-4-5",
        "std::vector<int>",
        "an @ on its own",
        "Alice Smith of 12 High Street, Oxford",  # names and addresses are not looked for
    ],
)
def test_what_is_no_personal_data_stays_as_it_is(text: str) -> None:
    assert redact(text) is text


@given(
    st.text(),
    st.sampled_from(["jo@example.com", "4111 1111 1111 1111", "+49 30 901820", "DE89370400440532013000"]),
    st.text(),
)
def test_planted_data_is_gone_and_findings_are_places_in_order_without_overlap(
    before: str, planted: str, after: str
) -> None:
    text = f"{before} {planted} {after}".encode("utf-8", "ignore").decode()
    found = personal_data_in(text)
    assert all(end <= start for (_, end, _), (start, _, _) in pairwise(found))
    assert all(0 <= start < end <= len(text) and kind in PLACEHOLDERS for start, end, kind in found)
    assert redact("so " + planted + " it is") == f"so {PLACEHOLDERS[personal_data_in(planted)[0][2]]} it is"
