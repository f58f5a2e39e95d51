"""What a shard's answers and prompts came to, step by step."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from distillation.records import FunnelStep

FilterStep = tuple[str, tuple[str, ...]]
"""A filter as the funnel names it, and the reasons for which it rejects."""


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
            self.then(
                step,
                "answers",
                {reason: rejected[reason] for reason in reasons},
                changed if step == "personalData" else 0,
            )

    def _add(self, step: str, unit: str, came: int, rejected: Mapping[str, int], changed: int) -> None:
        counted = {reason: count for reason, count in sorted(rejected.items()) if count}
        self.steps.append(
            FunnelStep(
                step=step, unit=unit, came=came, kept=came - sum(counted.values()), rejected=counted, changed=changed
            )
        )


def sum_funnels(funnels: Iterable[Sequence[FunnelStep]]) -> list[FunnelStep]:
    """One funnel over all shards, steps in the order in which they were first seen."""
    summed: dict[tuple[str, str], FunnelStep] = {}
    for step in (step for funnel in funnels for step in funnel):
        before = summed.get((step.step, step.unit))
        summed[step.step, step.unit] = step if before is None else _plus(before, step)
    return list(summed.values())


def _plus(one: FunnelStep, other: FunnelStep) -> FunnelStep:
    rejected = Counter(one.rejected)
    rejected.update(other.rejected)
    return FunnelStep(
        step=one.step,
        unit=one.unit,
        came=one.came + other.came,
        kept=one.kept + other.kept,
        rejected=dict(sorted(rejected.items())),
        changed=one.changed + other.changed,
    )
