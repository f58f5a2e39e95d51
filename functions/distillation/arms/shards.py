"""Arms and holdout -> the shards in which each arm answers."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from distillation.inference.requests import BATCH_MIN_RECORDS
from distillation.records import Arm, Record

CONVERSE_SHARD_RECORDS = 500
"""Requests a shard where an arm answers through Converse: a few minutes of one function."""


class ArmRoute(StrEnum):
    """SAMPLES: the teacher has answered already. BATCH: half the price.

    NOW: Converse, all that a custom model's deployment takes (Bedrock user guide).
    """

    SAMPLES = "samples"
    BATCH = "batch"
    NOW = "now"


class ArmShard(Record, frozen=True):
    """One arm's answers to `items` holdout prompts from number `first` on, asked of `model_id` in `records`
    requests.
    """

    arm: str
    shard: int
    route: ArmRoute
    model_id: str
    first: int
    items: int
    records: int


class _Asked(NamedTuple):
    arm: str
    route: ArmRoute
    model_id: str


def arm_shards(
    items: int,
    *,
    base_model: str,
    deployments: Mapping[str, str],
    max_records: int,
    few_shot: bool = False,
    samples: int = 0,
) -> list[ArmShard]:
    """Cuts `items` holdout prompts into shards for the teacher, the base model (with and without examples), every
    trained arm and the champion.

    `deployments`: arm that answers through a deployment -> its ARN. Each prompt makes 1 + `samples` requests, which
    stay in one shard. `max_records`: most of a batch job; 0 where it is too late for one.
    """
    each = 1 + samples
    shards = _cut(_Asked(Arm.TEACHER, ArmRoute.SAMPLES, ""), items, items, each)
    batched = max_records > 0 and items * each >= BATCH_MIN_RECORDS
    route, size = (ArmRoute.BATCH, max_records) if batched else (ArmRoute.NOW, CONVERSE_SHARD_RECORDS)
    for arm in (Arm.BASE, *([Arm.FEW_SHOT] if few_shot else [])):
        shards += _cut(_Asked(arm, route, base_model), items, max(1, size // each), each)
    for trained, deployment in deployments.items():
        shards += _cut(_Asked(trained, ArmRoute.NOW, deployment), items, max(1, CONVERSE_SHARD_RECORDS // each), each)
    return shards


def _cut(asked: _Asked, items: int, size: int, each: int) -> list[ArmShard]:
    if items == 0:
        return []
    firsts = _firsts(items, size, -(-BATCH_MIN_RECORDS // each) if asked.route is ArmRoute.BATCH else 1)
    ends = [*firsts[1:], items]
    return [
        ArmShard(
            arm=asked.arm,
            shard=number,
            route=asked.route,
            model_id=asked.model_id,
            first=first,
            items=end - first,
            records=(end - first) * each,
        )
        for number, (first, end) in enumerate(zip(firsts, ends, strict=True))
    ]


def _firsts(items: int, size: int, least: int) -> list[int]:
    """Where parts of at most `size` items begin; of at least `least` where that can be had together."""
    parts = max(1, min(-(-items // size), items // least or 1))
    return [items * number // parts for number in range(parts)]
