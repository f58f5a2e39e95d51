"""PredictArm: a holdout shard -> predictions in S3; what has none yet is asked now. The teacher's are its samples."""

from application.converse import converse
from application.entry import Event, Invocation, lambda_entry
from application.run_files import (
    questions_in,
    read_answers,
    read_holdout,
    read_rejected_answers,
    read_run,
    requests_in,
)
from application.services import Services
from distillation.arms.predictions import arm_predictions, teacher_predictions
from distillation.errors import ThrottledByBedrock
from distillation.inference.replies import ShardAnswers, read_replies
from distillation.inference.samples import by_prompt
from distillation.layout import RunLayout
from distillation.records import Arm, RejectedAnswer


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """One turn: `done` is False where another is needed."""
    if event["arm"] == Arm.TEACHER:
        return _teacher(event, services)
    found = _found(event, services)
    again = set(found.to_ask_again)
    if not again:
        return _write(event, services, found)
    layout, store = RunLayout(event["run"]["runId"]), services.store
    requests = requests_in(store, layout.prediction_requests(event["arm"], event["shard"]))
    todo = [request for request in requests if request.record_id in again]
    all_asked = converse(
        services,
        invocation,
        todo,
        model_id=event["modelId"],
        replies=layout.prediction_replies_prefix(event["arm"], event["shard"], event["modelId"]),
        flex=False,
    )
    if not all_asked:
        return {"done": False}
    found = _found(event, services)
    if found.to_ask_again:
        raise ThrottledByBedrock(
            f"{len(found.to_ask_again)} of {event['records']} holdout prompts of arm {event['arm']} were throttled; "
            "what was answered is kept"
        )
    return _write(event, services, found)


def _found(event: Event, services: Services) -> ShardAnswers:
    layout, arm, shard = RunLayout(event["run"]["runId"]), event["arm"], event["shard"]
    requested = questions_in(services.store, layout.prediction_requests(arm, shard))
    replies = layout.prediction_replies_prefix(arm, shard, event["modelId"])
    return read_replies(requested, services.store.lines_below(replies, suffix=".jsonl.out"))


def _write(event: Event, services: Services, found: ShardAnswers) -> dict[str, object]:
    key = RunLayout(event["run"]["runId"]).prediction_shard(event["arm"], event["shard"])
    written = services.store.put_records(key, arm_predictions(event["arm"], found))
    return {"done": True, "counts": {"predictions": written}}


def _teacher(event: Event, services: Services) -> dict[str, object]:
    store, run_id = services.store, event["run"]["runId"]
    holdout = list(read_holdout(store, run_id))
    ids = {item.prompt_id for item in holdout}
    answers = by_prompt(answer for answer in read_answers(store, run_id) if answer.prompt_id in ids)
    rejected: dict[str, list[RejectedAnswer]] = {}
    for reply in read_rejected_answers(store, run_id):
        rejected.setdefault(reply.prompt_id, []).append(reply)
    record = read_run(store, run_id)
    samples = min(record.config.evaluation.samples, record.config.sampling.sampled)
    predictions = teacher_predictions(holdout, answers, rejected, record.task, samples=samples)
    written = store.put_records(RunLayout(run_id).prediction_shard(Arm.TEACHER, event["shard"]), predictions)
    return {"done": True, "counts": {"predictions": written}}


handler = lambda_entry(run)
