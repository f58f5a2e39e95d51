"""The funnel of the data, from seed lines to training lines: its first steps, and all of them in words."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from distillation.expansion.rounds import ExpansionSummary
from distillation.records import FunnelStep

NEW_PROMPTS = "new prompts"
SET_APART = frozenset({"holdout"})
"""Reasons that are no loss: the holdout is what everything is measured on."""

UNITS = {
    "seeds": "Seeds: lines of the seed files",
    NEW_PROMPTS: "Expansion: new prompts, by method",
    "answers": "Answers of the teacher",
    "holdout": "Holdout: prompts set apart for measuring",
    "prompts": "Prompts to learn from",
    "examples": "Training lines",
}
STEPS = {
    "seeds": "Readable and usable",
    "replies": "Answered by the teacher",
    "form": "Holds an answer of the task",
    "schema": "Fits the schema",
    "length": "Of a sensible length",
    "repetition": "Does not repeat itself",
    "refusals": "Is no refusal",
    "boilerplate": "Is no stock phrase",
    "language": "In the wanted language",
    "personalData": "Free of personal data",
    "policy": "Taken by the policy",
    "usableAnswer": "Has a usable answer",
    "promptPersonalData": "Free of personal data",
    "reference": "Agrees with its reference",
    "agreement": "The teacher agrees with itself",
    "sampleLength": "Short enough to train on",
    "holdoutTwins": "Unlike each other",
    "exactDuplicates": "Not a copy of another",
    "nearDuplicates": "Not nearly a copy of another",
    "decontamination": "No text of the holdout in it",
    "ratings": "Rated well by the judge",
    "selection": "Chosen where there were too many",
}
_COUNTED = ("requests", "asked", "parsed", "kept")


def seeds_step(seeds_in: int, rejected: Mapping[str, int]) -> FunnelStep:
    """The first step: lines of the seed files. `rejected` maps reason code -> lines."""
    return FunnelStep(
        step="seeds", unit="seeds", came=seeds_in, kept=seeds_in - sum(rejected.values()), rejected=dict(rejected)
    )


def expansion_steps(summary: ExpansionSummary | None) -> Iterator[FunnelStep]:
    """One step a method: new prompts asked for (or given, where these were more), kept, and why others are not."""
    for method, counts in (summary.methods if summary else {}).items():
        rejected = {reason: count for reason, count in counts.items() if reason not in _COUNTED and count}
        kept, out = counts.get("kept", 0), sum(rejected.values())
        not_given = counts.get("asked", 0) - kept - out
        if not_given > 0:
            rejected["not_given"] = not_given
        yield FunnelStep(
            step=method, unit=NEW_PROMPTS, came=kept + out + max(not_given, 0), kept=kept, rejected=rejected
        )


def funnel_problems(steps: Iterable[FunnelStep]) -> tuple[str, ...]:
    """One sentence for each step whose records do not add up."""
    return tuple(
        f"{step_name(step)} ({step.unit}): {step.came:,} came, but kept + set aside are "
        f"{step.kept + sum(step.rejected.values()):,}."
        for step in steps
        if step.came != step.kept + sum(step.rejected.values())
    )


def step_name(step: FunnelStep) -> str:
    """What is true of the records that a step keeps; a method of expansion by its own name."""
    if step.step == "split":
        return "Not part of the holdout"
    return STEPS.get(step.step, step.step)


def funnel_groups(steps: Sequence[FunnelStep]) -> dict[str, list[dict[str, Any]]]:
    """The steps as the pages draw them, by what they count, in the order of the path. `apart`: the holdout; `out`:
    reason -> count; `share`: the width, 0 to 1 of the most that any step of the unit took.
    """
    units = {unit: [step for step in steps if step.unit == unit] for unit in dict.fromkeys(one.unit for one in steps)}
    most = {unit: max(step.came for step in found) or 1 for unit, found in units.items()}
    return {UNITS.get(unit, unit): [_row(step, most[unit]) for step in found] for unit, found in units.items()}


def _row(step: FunnelStep, most: int) -> dict[str, Any]:
    out = {reason: count for reason, count in step.rejected.items() if reason not in SET_APART}
    return {
        "name": step_name(step),
        "step": step,
        "apart": sum(step.rejected.values()) - sum(out.values()),
        "out": dict(sorted(out.items(), key=lambda pair: (-pair[1], pair[0]))),
        "share": step.came / most,
    }
