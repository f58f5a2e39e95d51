"""What selection kept and left, as the manifest and the card say it."""

from distillation.records import Record


class SelectionSummary(Record, frozen=True):
    """Counts are prompts (category -> count) but for `lines_kept` and `lines_left`; agreements are means, 0 where there is nothing to average.

    `groups` of similar prompts there were, and `groups_covered` of them have a prompt that was kept.
    """

    kept: dict[str, int]
    left: dict[str, int]
    lines_kept: int
    lines_left: int
    agreement_kept: float
    agreement_left: float
    groups: int
    groups_covered: int
