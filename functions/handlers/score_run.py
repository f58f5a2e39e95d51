"""ScoreRun: predictions of all arms, and what a judge said of them -> metrics with intervals, paired tests, and the
verdict.
"""

import zlib
from collections.abc import Iterator

import msgspec

from application.entry import Event, Turn, lambda_entry
from application.judging_scores import read_judging
from application.run_files import read_answers, read_holdout, read_run, read_students
from application.services import Services
from distillation.bedrock.prices import load_prices
from distillation.evaluation.answer_metrics import Tolerance
from distillation.evaluation.score import score
from distillation.evaluation.verdict import decide
from distillation.layout import RunLayout
from distillation.records import GREEDY_SAMPLE, Arm, HoldoutItem, Prediction
from gateways.store import Store


def run(event: Event, services: Services, turn: Turn) -> dict[str, object]:
    """Gives the decision."""
    store, run_id = services.store, event["run"]["runId"]
    record, layout = read_run(store, run_id), RunLayout(run_id)
    holdout = list(read_holdout(store, run_id))
    predictions = _all_predictions(store, layout, [student.arm for student in read_students(store, run_id)])
    tolerance, seed = (
        Tolerance(**record.settings.evaluation.numeric_tolerance.model_dump()),
        zlib.crc32(run_id.encode()),
    )
    judging = read_judging(store, record, holdout, predictions, tolerance=tolerance, seed=seed)
    scores = score(
        holdout,
        predictions,
        record.task,
        seed=seed,
        models={arm: record.models.teacher if arm == Arm.TEACHER else record.models.student for arm in predictions},
        prices=load_prices(),
        teacher_samples=_teacher_samples(store, run_id, holdout),
        judged=judging.scores if judging else None,
        tolerance=tolerance,
    )
    scores = msgspec.structs.replace(scores, judge=judging.record if judging else None)
    verdict = decide(scores, **record.settings.gate.model_dump())
    store.put(layout.scores, msgspec.json.encode(scores))
    store.put_json(layout.verdict, verdict)
    return {"decision": verdict.decision, "counts": {"holdout": scores.n}}


def _all_predictions(store: Store, layout: RunLayout, students: list[str]) -> dict[str, list[Prediction]]:
    """Teacher, base and the trained arms, answered or not, and every further arm that answered; each arm's shards are
    joined into one file.
    """
    found = {arm: list(store.records_below(layout.prediction_shards_prefix(arm), Prediction)) for arm in map(str, Arm)}
    kept = {
        arm: predictions
        for arm, predictions in found.items()
        if predictions or arm in (Arm.TEACHER, Arm.BASE, *students)
    }
    for arm, predictions in kept.items():
        store.put_records(layout.predictions(arm), predictions)
    return kept


def _teacher_samples(store: Store, run_id: str, holdout: list[HoldoutItem]) -> dict[str, list[str]]:
    samples: dict[str, list[str]] = {item.prompt_id: [] for item in holdout}
    for prompt_id, text in _sampled(store, run_id):
        if prompt_id in samples:
            samples[prompt_id].append(text)
    return samples


def _sampled(store: Store, run_id: str) -> Iterator[tuple[str, str]]:
    return ((answer.prompt_id, answer.text) for answer in read_answers(store, run_id) if answer.sample != GREEDY_SAMPLE)


handler = lambda_entry(run)
