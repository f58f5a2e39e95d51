"""PlanPredictions: the students and the holdout -> the list of holdout shards of every arm, their requests in S3."""

from application.entry import Event, Turn, lambda_entry
from application.run_files import read_holdout, read_run
from application.services import Services
from distillation.arms import ArmRoute, ArmShard, arm_shards
from distillation.prompts_to_requests import greedy_request
from distillation.record_lines import encode_line
from distillation.run_layout import RunLayout


def run(event: Event, services: Services, turn: Turn) -> dict[str, object]:
    """Every arm answers the same holdout prompts once, greedily, with the system text that it was trained with."""
    store, run_id = services.store, event["run"]["runId"]
    record, layout = read_run(store, run_id), RunLayout(run_id)
    store.put_json(layout.students, event["students"])
    holdout = list(read_holdout(store, run_id))
    deployed = {student["arm"]: student["deploymentArn"] for student in event["students"]}
    shards = arm_shards(len(holdout), base_model=record.models.base_invoke, deployments=deployed, max_records=record.settings.batches.max_shard_records)
    for shard in (shard for shard in shards if shard.route is not ArmRoute.SAMPLES):
        items = holdout[shard.first : shard.first + shard.records]
        requests = (greedy_request(item, record.sampling.max_tokens, shard.model_id) for item in items)
        store.put_lines(layout.prediction_requests(shard.arm, shard.shard), map(encode_line, requests))
    return {"shards": [_item(shard) for shard in shards], "counts": {"holdout": len(holdout)}}


def _item(shard: ArmShard) -> dict[str, object]:
    return {"arm": shard.arm, "shard": shard.shard, "route": shard.route, "modelId": shard.model_id, "records": shard.records}


handler = lambda_entry(run)
