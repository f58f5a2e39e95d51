"""ScoreRun: predictions of all arms -> metrics with intervals, paired tests, and the verdict."""

import zlib
from collections.abc import Iterator

import msgspec

from application.entry import Event, Turn, lambda_entry
from application.run_files import read_answers, read_holdout, read_run, read_students
from application.services import Services
from distillation.costs import load_prices
from distillation.predictions_to_scores import score
from distillation.prompts_to_requests import GREEDY_SAMPLE
from distillation.records import Arm, HoldoutItem, Prediction
from distillation.run_layout import RunLayout
from distillation.run_record import RunRecord
from distillation.scores_to_verdict import decide
from gateways.store import Store


def run(event: Event, services: Services, turn: Turn) -> dict[str, object]:
    """Gives the decision, and whether the run's input lets it promote."""
    store, run_id = services.store, event["run"]["runId"]
    record, layout = read_run(store, run_id), RunLayout(run_id)
    holdout = list(read_holdout(store, run_id))
    models = _models(record, [student.arm for student in read_students(store, run_id)])
    scores = score(
        holdout,
        {arm: _predictions(store, layout, arm) for arm in models},
        record.task,
        seed=zlib.crc32(run_id.encode()),
        models=models,
        prices=load_prices(),
        teacher_samples=_teacher_samples(store, run_id, holdout),
    )
    verdict = decide(scores, margin=record.settings.gate.margin)
    store.put(layout.scores, msgspec.json.encode(scores))
    store.put_json(layout.verdict, verdict)
    promote = verdict.decision == "promote" and record.settings.promotion == "auto"
    return {"decision": verdict.decision, "promote": promote, "counts": {"holdout": scores.n}}


def _models(record: RunRecord, students: list[str]) -> dict[str, str]:
    return {Arm.TEACHER: record.models.teacher, Arm.BASE: record.models.student} | dict.fromkeys(students, record.models.student)


def _predictions(store: Store, layout: RunLayout, arm: str) -> list[Prediction]:
    predictions = list(store.records_below(layout.prediction_shards_prefix(arm), Prediction))
    store.put_records(layout.predictions(arm), predictions)
    return predictions


def _teacher_samples(store: Store, run_id: str, holdout: list[HoldoutItem]) -> dict[str, list[str]]:
    samples: dict[str, list[str]] = {item.prompt_id: [] for item in holdout}
    for prompt_id, text in _sampled(store, run_id):
        if prompt_id in samples:
            samples[prompt_id].append(text)
    return samples


def _sampled(store: Store, run_id: str) -> Iterator[tuple[str, str]]:
    return ((answer.prompt_id, answer.text) for answer in read_answers(store, run_id) if answer.sample != GREEDY_SAMPLE)


handler = lambda_entry(run)
