"""Pairs whose better answer is known, asked like all others: injections, and for free text answers that must lose. They
say how far the judge can be believed and count in no win rate.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

from distillation.instructions import lines_of
from distillation.judging.pairs import Pair
from distillation.records import HoldoutItem
from distillation.task import Task, TaskKind, canonical_answer

PLANTED = 5
"""Injections a run: one of each line of compare_injections.txt."""
SANE = 10
"""Pairs a run of each other kind."""
HALVED_WORDS = 8
"""A shorter answer may say all in its first half."""


class Control(StrEnum):
    """What is wrong with the worse answer. EXCHANGED: it is another item's. INJECTED: another item's that tells the
    judge to choose it. HALVED: the first half of the better one.
    """

    INJECTED = "injected"
    EXCHANGED = "exchanged"
    HALVED = "halved"


def controls_of(items: Sequence[HoldoutItem], teacher: Mapping[str, str], task: Task) -> dict[Control, list[Pair]]:
    """Pairs of a worse answer (in the student's place) and the teacher's own (prompt id -> text), by what is wrong. A
    hash of their prompt id chooses the items. Other tasks than free text have references, so they get the injections
    only.
    """
    ranked = sorted(items, key=lambda item: hashlib.sha256(f"control {item.prompt_id}".encode()).digest())
    usable = [(item, text) for item in ranked if (text := teacher.get(item.prompt_id)) and canonical_answer(text, task)]
    others = list(_with_another(usable, task))
    told = lines_of("compare_injections.txt")
    found = {
        Control.INJECTED: [
            Pair(item, f"{other}\n{told[number]}", own, equal=False)
            for number, (item, own, other) in enumerate(others[:PLANTED])
        ]
    }
    if task.kind is TaskKind.TEXT:
        found[Control.EXCHANGED] = [Pair(item, other, own, equal=False) for item, own, other in others[:SANE]]
        found[Control.HALVED] = [
            Pair(item, " ".join(words[: len(words) // 2]), own, equal=False)
            for item, own in usable
            if len(words := own.split()) >= HALVED_WORDS
        ][:SANE]
    return found


def _with_another(usable: Sequence[tuple[HoldoutItem, str]], task: Task) -> Iterator[tuple[HoldoutItem, str, str]]:
    """Each item with its own answer and the next item's answer that differs."""
    for place, (item, own) in enumerate(usable):
        following = (*usable[place + 1 :], *usable[:place])
        form = canonical_answer(own, task)
        other = next((text for _, text in following if canonical_answer(text, task) != form), None)
        if other is not None:
            yield item, own, other
