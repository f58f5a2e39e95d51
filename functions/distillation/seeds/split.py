"""Which side of the split a prompt is on: a function of its own text alone, fixed before anything is trained. Decision
0013 says why shares are near and not exact, and why a cluster never moves a prompt.
"""

import hashlib
from collections.abc import Mapping
from enum import StrEnum

from distillation.bedrock.limits import MAX_VALIDATION_SAMPLES, MIN_SAMPLES
from distillation.records import Prompt
from distillation.run.config import Split


class Side(StrEnum):
    """Where a prompt goes."""

    TRAIN = "train"
    VALIDATION = "validation"
    HOLDOUT = "holdout"


def side_of(prompt: Prompt, split: Split) -> Side:
    """The side of a prompt. One that expansion made is never in the holdout: people wrote what is measured."""
    return side_of_id(prompt.prompt_id, split, expanded=prompt.method is not None, group=prompt.group)


def side_of_id(prompt_id: str, split: Split, *, expanded: bool = False, group: str | None = None) -> Side:
    """The prompt's id, or its group's name, hashed to a number in [0, 1), against the shares. Adding seeds moves no
    other seed. A group stays whole, prompts that expansion made of it included: its seeds outside the holdout are what
    expansion is shown.
    """
    point = _point(prompt_id if group is None else f"group:{group}")
    if point < split.holdout_share and not expanded:
        return Side.HOLDOUT
    if not expanded or group is not None:
        point = max(0.0, point - split.holdout_share) / (1 - split.holdout_share)
    return Side.VALIDATION if point < split.validation_share else Side.TRAIN


def _point(prompt_id: str) -> float:
    return int.from_bytes(hashlib.sha256(f"side:{prompt_id}".encode()).digest()[:6], "big") / 2**48


def watched(lines: Mapping[str, int]) -> set[str]:
    """The validation prompts (id -> their lines) that stay in the validation file: the smallest hashes, as many as it
    takes; none where they are too few for a file. The others are trained on.
    """
    room, stay = MAX_VALIDATION_SAMPLES, set[str]()
    for prompt_id in sorted(lines, key=_point):
        if lines[prompt_id] > room:
            break
        room -= lines[prompt_id]
        stay.add(prompt_id)
    return stay if MAX_VALIDATION_SAMPLES - room >= MIN_SAMPLES else set()
