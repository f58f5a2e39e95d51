"""ScoreRun: predictions of all arms, and what a judge said of them -> metrics, paired tests, and the verdict."""

import zlib

import msgspec

from application.entry import Event, Invocation, lambda_entry
from application.judging.judging_scores import read_judging
from application.run_files import read_answers, read_holdout, read_run, read_students
from application.services import Services
from distillation.arms.direct import DirectCounts
from distillation.bedrock.prices import load_prices, price_of
from distillation.evaluation.answer_sheet import read_sheet
from distillation.evaluation.score import RESAMPLES, score
from distillation.evaluation.scores import DecidedHoldout, Scores
from distillation.evaluation.trainings import over_trainings
from distillation.evaluation.uncertainty.statistics import Draw
from distillation.evaluation.verdict import decisions_on, reach_verdict
from distillation.layout import RunLayout, decision, training_luck
from distillation.records import FEW_SHOT_DRAWS, GREEDY_SAMPLE, Arm, HoldoutItem, Prediction
from distillation.run.record import RunRecord
from gateways.store import Store


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Gives the decision."""
    store, run_id = services.store, event["run"]["runId"]
    record, layout = read_run(store, run_id), RunLayout(run_id)
    holdout = list(read_holdout(store, run_id))
    students = [student.arm for student in read_students(store, run_id)]
    predictions = _all_predictions(store, layout, students)
    again = {arm: predictions.pop(arm) for arm in list(predictions) if arm not in list(Arm)}
    settings, draw = record.config, Draw(RESAMPLES, zlib.crc32(run_id.encode()))
    judged, judge = read_judging(store, record, holdout, predictions, draw)
    sheet = read_sheet(
        holdout,
        predictions,
        record.task,
        tolerance=settings.evaluation.numeric_tolerance,
        teacher_samples=_teacher_samples(store, run_id, holdout),
    )
    sheet = sheet._replace(judge_decides=judge is not None and judge.decides)
    models = {arm: record.models.teacher if arm == Arm.TEACHER else record.models.student for arm in predictions}
    prices = load_prices()
    scores = score(sheet, draw, models=models, prices=prices, judged=judged)
    decided = _decided(store, record, holdout)
    scores = msgspec.structs.replace(
        scores, judge=judge, decisions=1 + len(decided.earlier), direct_prompts=_direct_prompts(store, layout)
    )
    if again:
        scores = _over_trainings(services, record, scores, holdout, predictions | again)
    price = price_of(prices, record.models.student)
    storage = price.storage_month.usd if price and price.storage_month else None
    verdict = reach_verdict(scores, settings.gate, storage)
    store.put(layout.scores, msgspec.json.encode(scores))
    store.put_json(layout.verdict, verdict)
    store.put_json(decision(record.dataset, run_id), decided)
    return {"decision": verdict.decision, "serve": verdict.serve, "counts": {"holdout": scores.n}}


def _direct_prompts(store: Store, layout: RunLayout) -> int | None:
    counts = store.read_or_none(layout.training_file(Arm.DIRECT, "counts.json"), dict[str, DirectCounts])
    return counts["train.jsonl"].prompts if counts else None


def _decided(store: Store, record: RunRecord, holdout: list[HoldoutItem]) -> DecidedHoldout:
    """The items of this verdict, and which runs decided on the same before; a rerun is no further decision."""
    ids = tuple(item.prompt_id for item in holdout)
    own = store.read_or_none(decision(record.dataset, record.run_id), DecidedHoldout)
    if own is None:
        others = [store.read(stored.key, DecidedHoldout) for stored in store.list(decision(record.dataset))]
        return DecidedHoldout(run_id=record.run_id, prompt_ids=ids, earlier=decisions_on(ids, others))
    return msgspec.structs.replace(own, prompt_ids=ids)


def _over_trainings(
    services: Services,
    record: RunRecord,
    scores: Scores,
    holdout: list[HoldoutItem],
    predictions: dict[str, list[Prediction]],
) -> Scores:
    """Scores with the luck of training and of the examples; the dataset keeps the first for runs that train once."""
    sheet = read_sheet(holdout, predictions, record.task, tolerance=record.config.evaluation.numeric_tolerance)
    found = over_trainings(scores, sheet, [arm for arm in predictions if arm not in list(Arm)])
    if found.trainings:
        services.store.put_json(training_luck(record.dataset), found.trainings)
    return found


def _all_predictions(store: Store, layout: RunLayout, students: list[str]) -> dict[str, list[Prediction]]:
    """Teacher, base, the trained arms, and every further arm that answered; joins each arm's shards into one file."""
    kept: dict[str, list[Prediction]] = {}
    for arm in dict.fromkeys((*map(str, Arm), *FEW_SHOT_DRAWS, *students)):
        predictions = list(store.records_below(layout.prediction_shards_prefix(arm), Prediction))
        if predictions or arm in (Arm.TEACHER, Arm.BASE, *students):
            kept[arm] = predictions
            store.put_records(layout.predictions(arm), predictions)
    return kept


def _teacher_samples(store: Store, run_id: str, holdout: list[HoldoutItem]) -> dict[str, list[str]]:
    samples: dict[str, list[str]] = {item.prompt_id: [] for item in holdout}
    for answer in read_answers(store, run_id):
        if answer.sample != GREEDY_SAMPLE and answer.prompt_id in samples:
            samples[answer.prompt_id].append(answer.text)
    return samples


handler = lambda_entry(run)
