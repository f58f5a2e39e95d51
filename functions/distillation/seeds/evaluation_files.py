"""The user's own evaluation files: read in the forms of seed files, so that nothing in them is trained on."""

from collections.abc import Iterable

from distillation.records import Seed
from distillation.seeds.reader import SeedReader

_MEASURED_ALL_THE_SAME = frozenset({"reserved_word", "too_long", "duplicate_id"})
"""What makes a seed unfit for training, but is no fault of an evaluation file: no training prompt can equal it."""


def read_evaluation_file(
    key: str, chunks: Iterable[bytes], prompt_template: str | None
) -> tuple[list[Seed], list[str]]:
    """The items of a file (`chunks`: its content in pieces), and one line for each that cannot be read."""
    items: list[Seed] = []
    problems: list[str] = []
    for outcome in SeedReader(prompt_template).read(key, chunks):
        if isinstance(outcome, Seed):
            items.append(outcome)
        elif outcome.reason not in _MEASURED_ALL_THE_SAME:
            problems.append(
                f"{key}: line {outcome.line}: {outcome.field}: found {outcome.found}, expected {outcome.expected}"
            )
    if not items and not problems:
        problems.append(f"{key}: found no item, expected at least one line with a prompt")
    return items, problems
