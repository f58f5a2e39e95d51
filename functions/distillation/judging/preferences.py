"""A file of people's choices between two answers -> pairs for the judge."""

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from distillation.judging.pairs import Pair
from distillation.records import HoldoutItem
from distillation.run.fan_out import MOST_PREFERENCES
from distillation.seeds.prompts import prompt_id


class Preference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line: the better of two answers to a prompt, as a person sees it."""

    prompt: str
    first: str
    second: str
    choice: Literal["first", "second", "tie"]
    system: str = ""


_decode = msgspec.json.Decoder(Preference).decode


def read_preferences(key: str, lines: Iterable[bytes]) -> tuple[list[Preference], list[str]]:
    """The lines of a file, and what cannot be read of it, one sentence each."""
    found, problems = list[Preference](), list[str]()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found.append(_decode(line))
        except msgspec.DecodeError as error:
            wanted = '{"prompt": "...", "first": "...", "second": "...", "choice": "first", "second" or "tie"}'
            problems.append(f"{key}: line {number}: found {error}, expected {wanted}")
    if not problems and not 1 <= len(found) <= MOST_PREFERENCES:
        problems.append(f"{key}: found {len(found):,} lines, expected 1 to {MOST_PREFERENCES:,}")
    return found, problems


def preference_pairs(preferences: Sequence[Preference]) -> list[Pair]:
    """What the judge is asked, in the order of the lines: the first answer stands in the student's place."""
    return [
        Pair(
            HoldoutItem(prompt_id=prompt_id(one.system, one.prompt), prompt=one.prompt, system=one.system),
            one.first,
            one.second,
            equal=False,
        )
        for one in preferences
    ]
