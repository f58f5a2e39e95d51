"""PlanPredictions: the students and the holdout -> the list of holdout shards of every arm, their requests in S3."""

from collections.abc import Iterable

from application.arm_files import few_shot_of
from application.entry import Event, Invocation, lambda_entry
from application.reporting.budget import check_predictions
from application.run_files import read_holdout, read_run
from application.services import Services
from application.serving.champion import champion_of, task_of_champion
from distillation.arms.champion import as_trained
from distillation.arms.few_shot import FewShot, as_messages
from distillation.arms.shards import ArmRoute, ArmShard, arm_shards
from distillation.inference.requests import arm_requests
from distillation.layout import RunLayout
from distillation.records import FEW_SHOT_DRAWS, Arm, HoldoutItem, Request
from distillation.run.record import RunRecord


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Every arm answers the same holdout prompts with the same system text; the champion with its own."""
    store, run_id = services.store, event["run"]["runId"]
    record, layout = read_run(store, run_id), RunLayout(run_id)
    store.put_json(layout.students, event["students"])
    check_predictions(services, record)
    holdout, few_shot = list(read_holdout(store, run_id)), few_shot_of(store, record)
    deployments = {student["arm"]: student["deploymentArn"] for student in event["students"]}
    champion, told = champion_of(services, record), None
    if champion:
        deployments[Arm.CHAMPION] = champion.deployment_arn
        told = task_of_champion(services, champion)
    most = 0 if record.is_cut_off(services.now()) else record.batch_records
    shards = _shards(record, len(holdout), deployments, most)
    for shard in (shard for shard in shards if shard.route is not ArmRoute.SAMPLES):
        items: Iterable[HoldoutItem] = holdout[shard.first : shard.first + shard.items]
        if shard.arm == Arm.CHAMPION:
            items = (as_trained(item, record.task, told) for item in items)
        requests = (r for item in items for r in _requests(item, shard, record, few_shot))
        store.put_records(layout.prediction_requests(shard.arm, shard.shard), requests)
    if few_shot:
        store.put_records(layout.few_shot, few_shot.shown)
    planned = [
        {"arm": one.arm, "shard": one.shard, "route": one.route, "modelId": one.model_id, "records": one.records}
        for one in shards
    ]
    return {"shards": planned, "counts": {"holdout": len(holdout)}}


def _shards(record: RunRecord, items: int, deployments: dict[str, str], max_records: int) -> list[ArmShard]:
    settings = record.config
    return arm_shards(
        items,
        base_model=record.models.base_invoke,
        deployments=deployments,
        max_records=max_records,
        few_shot=settings.arms.few_shot > 0,
        samples=settings.evaluation.samples,
    )


def _requests(item: HoldoutItem, shard: ArmShard, record: RunRecord, few_shot: FewShot | None) -> list[Request]:
    earlier = as_messages(few_shot.shots(item, shard.arm)) if few_shot and shard.arm in FEW_SHOT_DRAWS else ()
    samples = 0 if shard.arm in FEW_SHOT_DRAWS[1:] else record.config.evaluation.samples
    return arm_requests(item, record.config.sampling, shard.model_id, samples=samples, earlier=earlier)


handler = lambda_entry(run)
