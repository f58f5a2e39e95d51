"""Personal data in texts: e-mail addresses, telephone, card and US social security numbers, IP addresses
(datafog-core), IBANs (python-stdnum).

Offline and deterministic: rules and check digits, no model. Not found: names, postal addresses, dates of birth,
telephone numbers without country code that are not of the North American form, numbers written as words, credentials.
Four numbers with dots between them count as an IP address.
"""

import re
from collections.abc import Iterator

PLACEHOLDERS = {
    "EMAIL": "[EMAIL]",
    "PHONE": "[PHONE]",
    "CREDIT_CARD": "[CARD]",
    "IP_ADDRESS": "[IP]",
    "SSN": "[SSN]",
    "IBAN": "[IBAN]",
}
_LOOKED_FOR = [kind for kind in PLACEHOLDERS if kind != "IBAN"]
_IBAN_START = re.compile(r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}")
_SHORTEST_IBAN = 15


Finding = tuple[int, int, str]
"""Start and end of a place in a text, in characters, and what stands there (a key of `PLACEHOLDERS`)."""


def personal_data_in(text: str) -> list[Finding]:
    """What a text holds, in order, without overlaps; an IBAN goes before what else its digits look like."""
    import datafog_core  # noqa: PLC0415 - most runs look for no personal data

    found = list(_ibans(text))
    for finding in datafog_core.scan(text, {"entities": _LOOKED_FOR}):
        place = finding.codepoint_range
        if all(place.end <= start or place.start >= end for start, end, _ in found):
            found.append((place.start, place.end, finding.entity_type))
    return sorted(found)


def redact(text: str) -> str:
    """The text with a placeholder ([EMAIL], [PHONE] ...) for everything that `personal_data_in` finds; the same object
    where that is nothing.
    """
    for start, end, kind in reversed(personal_data_in(text)):
        text = text[:start] + PLACEHOLDERS[kind] + text[end:]
    return text


def _ibans(text: str) -> Iterator[Finding]:
    from stdnum import iban  # noqa: PLC0415 - see above

    for match in _IBAN_START.finditer(text):
        candidate = match.group()
        ends = range(len(candidate), _SHORTEST_IBAN - 1, -1)
        # Words in capitals may follow: the longest part with a right length and right check digits is the number.
        end = next(
            (end for end in ends if candidate[end - 1] != " " and iban.is_valid(candidate[:end], check_country=False)),
            None,
        )
        if end:
            yield match.start(), match.start() + end, "IBAN"
