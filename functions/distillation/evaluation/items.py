"""What the report shows of single items: where the student differs from the teacher or from the base."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from distillation.evaluation.answer_sheet import AnswerSheet, first_text
from distillation.evaluation.arm_metrics import Measured
from distillation.evaluation.columns import Column
from distillation.evaluation.scores import Against, InstructiveItem, ItemAnswer
from distillation.evaluation.targets import Target
from distillation.records import Arm, dialogue

ITEMS_A_KIND = 20
ITEM_CHARACTERS = 2_000


def instructive_items(measured: Measured) -> tuple[InstructiveItem, ...]:
    """At most 20 items of each kind: the student scores below or above the teacher, or the base, in the gate's metric.
    The widest gaps first, ties by prompt id. A teacher that is what is compared with scores 1.
    """
    sheet = measured.sheet
    if not measured.targets or not {Arm.TEACHER, Arm.STUDENT} <= sheet.answers.keys():
        return ()
    target = measured.targets[0]
    full = Column(tuple(target.rows), np.ones(len(target.rows)), Against.TEACHER)
    scored = {arm: measured.columns.get((target.metric, arm), full).values.tolist() for arm in sheet.answers}
    kinds: dict[int, list[str]] = {}
    for arm in (Arm.TEACHER, Arm.BASE):
        for kind, places in _differing(scored, arm, target.rows):
            for place in places:
                kinds.setdefault(place, []).append(kind)
    return tuple(_item(sheet, target, scored, place, tuple(found)) for place, found in kinds.items())


def _differing(
    scored: Mapping[str, Sequence[float]], arm: str, rows: Sequence[int]
) -> Iterator[tuple[str, Sequence[int]]]:
    """The kind, and the places of its items, for items below and above `arm`."""
    if arm not in scored:
        return
    gaps = [student - other for student, other in zip(scored[Arm.STUDENT], scored[arm], strict=True)]
    order = sorted(range(len(gaps)), key=lambda place: (-abs(gaps[place]), rows[place]))
    yield f"worseThan{arm.capitalize()}", [place for place in order if gaps[place] < 0][:ITEMS_A_KIND]
    yield f"betterThan{arm.capitalize()}", [place for place in order if gaps[place] > 0][:ITEMS_A_KIND]


def _item(
    sheet: AnswerSheet, target: Target, scored: Mapping[str, Sequence[float]], place: int, kinds: tuple[str, ...]
) -> InstructiveItem:
    row = target.rows[place]
    item = sheet.items[row]
    return InstructiveItem(
        prompt_id=item.prompt_id,
        kinds=kinds,
        prompt=_cut(dialogue(item), its_end=bool(item.earlier)) or "",
        category=item.category,
        reference=_cut(item.reference),
        answers={
            arm: ItemAnswer(text=_cut(first_text(sheet.answers[arm][row])), score=values[place])
            for arm, values in scored.items()
        },
    )


def _cut(text: str | None, *, its_end: bool = False) -> str | None:
    """At most so much of a text: its beginning, or of a dialogue, where what was asked stands last, its end."""
    if text is None or len(text) <= ITEM_CHARACTERS:
        return text
    return "…" + text[1 - ITEM_CHARACTERS :] if its_end else text[: ITEM_CHARACTERS - 1] + "…"
