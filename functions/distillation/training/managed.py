"""Bedrock's managed distillation: which prompts this run asks about itself, and what the job takes. Teachers: Amazon
Nova user guide, "Customizing Amazon Nova models" (read 2025-2026).
"""

from collections.abc import Iterable, Iterator

from distillation.bedrock.limits import MIN_DISTILLATION_PROMPTS
from distillation.errors import InvalidInput
from distillation.records import Prompt
from distillation.run.config import RunConfig
from distillation.run.record import RunRecord
from distillation.seeds.split import Side, side_of

TEACHERS = ("amazon.nova-pro-v1:0",)
"""What can teach Nova Micro in a distillation job. Nova Premier could until its end of life on 2026-09-14."""


def asked_by_us(prompts: Iterable[Prompt], record: RunRecord) -> Iterator[tuple[int, Prompt]]:
    """The numbered prompts that this run asks its teacher: all, or with managed distillation the holdout's."""
    numbered, split = enumerate(prompts), record.config.shares
    if not record.config.training.managed:
        return numbered
    return ((number, prompt) for number, prompt in numbered if side_of(prompt, split) is Side.HOLDOUT)


def check_prompts(prompts: Iterable[Prompt], config: RunConfig) -> None:
    """Raises InvalidInput where seeds' `prompts` and expansion cannot make a job, before anything is paid for."""
    several = seeds = 0
    for prompt in prompts:
        several += bool(prompt.earlier)
        seeds += side_of(prompt, config.shares) is not Side.HOLDOUT
    new = config.expansion.target_prompts
    if several:
        raise InvalidInput(
            "a managed distillation takes no conversations of several turns",
            [
                f"training.method: found {several:,} seeds of several turns, expected one user turn in each: Bedrock's "
                "distillation takes no more. Give training.method FINE_TUNING, or leave these seeds out"
            ],
        )
    if seeds + new < MIN_DISTILLATION_PROMPTS:
        raise InvalidInput(
            "too few prompts for a managed distillation",
            [
                f"training.method: found {seeds + new:,} prompts outside the holdout, expected at least "
                f"{MIN_DISTILLATION_PROMPTS}: Bedrock's distillation "
                "takes no fewer. Give more seeds, a smaller split.holdoutShare, or training.method FINE_TUNING"
            ],
        )


def trouble_of_teacher(teacher: str) -> str | None:
    """Why this model cannot be the teacher of a distillation job, or None."""
    if teacher in TEACHERS:
        return None
    return (
        f"training.method: found the teacher {teacher}, expected one of {', '.join(TEACHERS)}: Bedrock's "
        "distillation takes no other for Nova Micro"
    )
