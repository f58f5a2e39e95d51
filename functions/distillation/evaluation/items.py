"""What the report shows of single items: where student and teacher part."""

from collections.abc import Mapping, Sequence

import numpy as np

from distillation.evaluation.answer_sheet import AnswerSheet, first_text
from distillation.evaluation.arm_metrics import Measured
from distillation.evaluation.columns import Column
from distillation.evaluation.scores import Against, InstructiveItem, ItemAnswer
from distillation.evaluation.targets import Target
from distillation.records import Arm

ITEMS_A_KIND = 20
SHOWN_CHARACTERS = 2_000


def instructive_items(measured: Measured) -> tuple[InstructiveItem, ...]:
    """At most 20 items on which the student scores below the teacher and 20 on which it scores above in the gate's own
    metric, the widest gaps first, ties by prompt id.

    The teacher's own answers, where they are what is compared with, score 1.
    """
    sheet = measured.sheet
    if not measured.targets or not {Arm.TEACHER, Arm.STUDENT} <= sheet.answers.keys():
        return ()
    target = measured.targets[0]
    full = Column(tuple(target.rows), np.ones(len(target.rows)), Against.TEACHER)
    scored = {arm: measured.columns.get((target.metric, arm), full).values.tolist() for arm in sheet.answers}
    gaps = [student - teacher for student, teacher in zip(scored[Arm.STUDENT], scored[Arm.TEACHER], strict=True)]
    order = sorted(range(len(gaps)), key=lambda place: (-abs(gaps[place]), target.rows[place]))
    worse = [place for place in order if gaps[place] < 0][:ITEMS_A_KIND]
    better = [place for place in order if gaps[place] > 0][:ITEMS_A_KIND]
    return tuple(
        _item(sheet, target, scored, place, kind)
        for kind, places in (("studentWorse", worse), ("studentBetter", better))
        for place in places
    )


def _item(
    sheet: AnswerSheet, target: Target, scored: Mapping[str, Sequence[float]], place: int, kind: str
) -> InstructiveItem:
    row = target.rows[place]
    item = sheet.items[row]
    return InstructiveItem(
        prompt_id=item.prompt_id,
        kind=kind,
        prompt=_cut(item.prompt) or "",
        category=item.category,
        reference=_cut(item.reference),
        answers={
            arm: ItemAnswer(text=_cut(first_text(sheet.answers[arm][row])), score=values[place])
            for arm, values in scored.items()
        },
    )


def _cut(text: str | None) -> str | None:
    return text if text is None or len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
