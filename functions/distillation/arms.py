"""Arms and holdout -> the shards in which each arm answers."""

from collections.abc import Mapping
from enum import StrEnum

from distillation.prompts_to_requests import BATCH_MIN_RECORDS
from distillation.records import Arm, Record

CONVERSE_SHARD_RECORDS = 500
"""Prompts a shard where an arm answers through Converse: a few minutes of one function."""


class ArmRoute(StrEnum):
    """SAMPLES: the teacher has answered already. BATCH: half the price. NOW: Converse, all that a custom model's deployment takes (Bedrock user guide)."""

    SAMPLES = "samples"
    BATCH = "batch"
    NOW = "now"


class ArmShard(Record, frozen=True):
    """One arm's answers to `records` holdout prompts from number `first` on, asked of `model_id`."""

    arm: str
    shard: int
    route: ArmRoute
    model_id: str
    first: int
    records: int


def arm_shards(items: int, *, base_model: str, deployments: Mapping[str, str], max_records: int) -> list[ArmShard]:
    """Cuts `items` holdout prompts into shards for the teacher, the base model and every trained arm (arm -> ARN of its deployment)."""
    base_route = ArmRoute.BATCH if items >= BATCH_MIN_RECORDS else ArmRoute.NOW
    shards = _cut(Arm.TEACHER, ArmRoute.SAMPLES, "", items, items)
    shards += _cut(Arm.BASE, base_route, base_model, items, max_records if base_route is ArmRoute.BATCH else CONVERSE_SHARD_RECORDS)
    for arm, deployment in deployments.items():
        shards += _cut(arm, ArmRoute.NOW, deployment, items, CONVERSE_SHARD_RECORDS)
    return shards


def _cut(arm: str, route: ArmRoute, model_id: str, items: int, size: int) -> list[ArmShard]:
    if items == 0:
        return []
    firsts = _firsts(items, size, BATCH_MIN_RECORDS if route is ArmRoute.BATCH else 1)
    ends = [*firsts[1:], items]
    return [ArmShard(arm=arm, shard=i, route=route, model_id=model_id, first=a, records=b - a) for i, (a, b) in enumerate(zip(firsts, ends, strict=True))]


def _firsts(items: int, size: int, least: int) -> list[int]:
    parts = max(1, min(-(-items // size), items // least or 1))
    return [items * i // parts for i in range(parts)]
