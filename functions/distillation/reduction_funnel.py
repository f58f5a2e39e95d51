"""What a shard's answers and prompts came to, step by step."""

from collections import Counter
from collections.abc import Iterable, Mapping

from distillation.answer_filters import FilterStep
from distillation.records import FunnelStep


class FunnelBuilder:
    """Adds steps in order; what one step keeps is what comes to the next of the same unit."""

    def __init__(self) -> None:
        self.steps: list[FunnelStep] = []

    def start(self, step: str, unit: str, came: int, rejected: Mapping[str, int]) -> None:
        """The first step of a unit."""
        self._add(step, unit, came, rejected, 0)

    def then(self, step: str, unit: str, rejected: Mapping[str, int], changed: int = 0) -> None:
        """The next step of a unit."""
        came = next(earlier.kept for earlier in reversed(self.steps) if earlier.unit == unit)
        self._add(step, unit, came, rejected, changed)

    def filters(self, steps: Iterable[FilterStep], rejected: Counter[str], changed: int) -> None:
        """The steps of the answers' filters. `changed` answers were kept with placeholders for personal data."""
        for step, reasons in steps:
            self.then(step, "answers", {reason: rejected[reason] for reason in reasons}, changed if step == "personalData" else 0)

    def _add(self, step: str, unit: str, came: int, rejected: Mapping[str, int], changed: int) -> None:
        counted = {reason: count for reason, count in sorted(rejected.items()) if count}
        self.steps.append(FunnelStep(step=step, unit=unit, came=came, kept=came - sum(counted.values()), rejected=counted, changed=changed))
