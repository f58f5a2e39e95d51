"""What is judged, in the bucket: the arms' answers, the datasets of the evaluation jobs, the pairs to compare."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from application.evaluation_copies import people_preferences
from application.run_files import read_holdout
from distillation.judging.answers import chosen_items, judging_lines, parts, texts_by_prompt
from distillation.judging.controls import controls_of
from distillation.judging.pairs import Pair, pairs_of
from distillation.judging.preferences import preference_pairs
from distillation.layout import RunLayout
from distillation.records import Arm, HoldoutItem, Prediction
from distillation.run.evaluation import EvaluationJudge
from distillation.run.record import RunRecord
from gateways.store import Store


class JudgingPart(NamedTuple):
    """The dataset of one evaluation job: `records` answers of an arm."""

    arm: str
    part: int
    records: int


def judged_items(judge: EvaluationJudge, holdout: Sequence[HoldoutItem]) -> list[HoldoutItem]:
    """The items that are judged."""
    return chosen_items(holdout, judge.max_prompts)


def read_texts(store: Store, run_id: str, arm: str) -> dict[str, str]:
    """Prompt id -> the arm's answer, from the shards of its predictions."""
    return texts_by_prompt(store.records_below(RunLayout(run_id).prediction_shards_prefix(arm), Prediction))


def write_datasets(store: Store, record: RunRecord, judge: EvaluationJudge) -> list[JudgingPart]:
    """Writes the datasets of all arms that answered."""
    run_id = record.run_id
    items, layout = judged_items(judge, list(read_holdout(store, run_id))), RunLayout(run_id)
    written = list[JudgingPart]()
    for arm in Arm:
        for number, lines in enumerate(parts(judging_lines(items, read_texts(store, run_id, arm), arm))):
            written.append(JudgingPart(arm, number, store.put_records(layout.judge_dataset(arm, number), lines)))
    return written


def read_pairs(store: Store, record: RunRecord, judge: EvaluationJudge) -> list[Pair]:
    """What the judge is asked: the student's and the teacher's answers where they differ, the pairs that people have
    judged, and the control pairs.
    """
    texts = {str(arm): read_texts(store, record.run_id, arm) for arm in (Arm.STUDENT, Arm.TEACHER)}
    items = judged_items(judge, list(read_holdout(store, record.run_id)))
    pairs = [pair for pair in pairs_between(record, items, texts) if not pair.equal]
    known = preference_pairs(people_preferences(store, record.run_id, record.config))
    return [*pairs, *known, *chain.from_iterable(controls_of(items, texts[Arm.TEACHER], record.task).values())]


def pairs_between(
    record: RunRecord, items: Sequence[HoldoutItem], texts: Mapping[str, Mapping[str, str]]
) -> list[Pair]:
    """The same from what was read already: arm -> prompt id -> answer."""
    return pairs_of(items, texts.get(Arm.STUDENT, {}), texts.get(Arm.TEACHER, {}), record.task)
