"""What the report shows of single items: where student and teacher part, and how sure the teacher is of itself."""

from collections.abc import Mapping, Sequence

from distillation.answer_sheet import AnswerSheet, Target, canonical, grades
from distillation.metrics import agreement, entropy_bits
from distillation.records import Arm, Prediction
from distillation.scores import InstructiveItem, ItemAnswer, TeacherDistribution

ITEMS_A_KIND = 20
SHOWN_CHARACTERS = 2_000
BINS = 10


def instructive_items(sheet: AnswerSheet, target: Target) -> tuple[InstructiveItem, ...]:
    """At most 20 items on which the student scores below the teacher and 20 on which it scores above, the widest gaps first, ties by prompt id."""
    if not {Arm.TEACHER, Arm.STUDENT} <= sheet.answers.keys():
        return ()
    scored = {arm: grades(sheet, target, arm) for arm in sheet.answers}
    gaps = [student - teacher for student, teacher in zip(scored[Arm.STUDENT], scored[Arm.TEACHER], strict=True)]
    order = sorted(range(len(gaps)), key=lambda place: (-abs(gaps[place]), target.rows[place]))
    worse = [place for place in order if gaps[place] < 0][:ITEMS_A_KIND]
    better = [place for place in order if gaps[place] > 0][:ITEMS_A_KIND]
    return tuple(_item(sheet, target, scored, place, kind) for kind, places in (("studentWorse", worse), ("studentBetter", better)) for place in places)


def _item(sheet: AnswerSheet, target: Target, scored: Mapping[str, Sequence[float]], place: int, kind: str) -> InstructiveItem:
    row = target.rows[place]
    item = sheet.items[row]
    return InstructiveItem(
        prompt_id=item.prompt_id,
        kind=kind,
        prompt=_cut(item.prompt) or "",
        category=item.category,
        reference=_cut(item.reference),
        answers={arm: ItemAnswer(text=_cut(_shown(sheet.answers[arm][row])), score=values[place]) for arm, values in scored.items()},
    )


def _shown(predictions: list[Prediction]) -> str | None:
    return next((prediction.text for prediction in predictions if prediction.text is not None), None)


def _cut(text: str | None) -> str | None:
    return text if text is None or len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def teacher_distribution(sheet: AnswerSheet, samples: Mapping[str, Sequence[str]]) -> TeacherDistribution | None:
    """Agreement and entropy of the teacher's samples (prompt id -> texts) over the holdout, or None where there are no samples."""
    drawn = [[canonical(text, sheet.task) for text in samples[item.prompt_id]] for item in sheet.items if samples.get(item.prompt_id)]
    if not drawn:
        return None
    agreements = [agreement(answers) for answers in drawn]
    bins = [min(int(share * BINS), BINS - 1) for share in agreements]
    return TeacherDistribution(
        prompts=len(drawn),
        samples=sum(map(len, drawn)),
        mean_agreement=sum(agreements) / len(drawn),
        mean_entropy_bits=sum(map(entropy_bits, drawn)) / len(drawn),
        histogram=tuple(bins.count(number) for number in range(BINS)),
    )


def self_grades(sheet: AnswerSheet, target: Target, samples: Mapping[str, Sequence[str]]) -> dict[int, float]:
    """Row -> how far the teacher's sampled answers to it match its own first answer (mean grade). Rows without samples are left out."""
    drawn = {row: samples.get(sheet.items[row].prompt_id) or () for row in target.rows}
    return {row: sum(target.grade(row, text) for text in texts) / len(texts) for row, texts in drawn.items() if texts}
