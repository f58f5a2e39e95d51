"""Arms and holdout -> the shards in which each arm answers."""

from collections.abc import Mapping
from enum import StrEnum
from itertools import pairwise

from distillation.inference.requests import BATCH_MIN_RECORDS
from distillation.records import FEW_SHOT_DRAWS, Arm, Record

CONVERSE_SHARD_RECORDS = 500
"""Requests a shard where an arm answers through Converse: a few minutes of one function."""


class ArmRoute(StrEnum):
    """SAMPLES: the teacher has answered. BATCH: half the price. NOW: Converse, all that a custom deployment takes."""

    SAMPLES = "samples"
    BATCH = "batch"
    NOW = "now"


class ArmShard(Record, frozen=True):
    """One arm's answers to `items` holdout prompts from number `first` on, by `records` requests to `model_id`."""

    arm: str
    shard: int
    route: ArmRoute
    model_id: str
    first: int
    items: int
    records: int


def arm_shards(
    items: int,
    *,
    base_model: str,
    deployments: Mapping[str, str],
    max_records: int,
    few_shot: bool = False,
    samples: int = 0,
) -> list[ArmShard]:
    """Cuts `items` holdout prompts into shards for teacher, base, few-shot draws, and each arm in `deployments` (arm ->
    ARN). A prompt's 1 + `samples` requests stay in one shard; further draws answer greedily only. `max_records`: most
    of a batch job, 0 where it is too late for one.
    """
    each = 1 + samples
    shards = _cut(Arm.TEACHER, ArmRoute.SAMPLES, "", _bounds(items, items, 1), each)
    for arm in (Arm.BASE, *(FEW_SHOT_DRAWS if few_shot else ())):
        own = 1 if arm in FEW_SHOT_DRAWS[1:] else each
        batched = max_records > 0 and items * own >= BATCH_MIN_RECORDS
        batch = _bounds(items, max(1, max_records // own), -(-BATCH_MIN_RECORDS // own)) if batched else []
        route, bounds = (ArmRoute.BATCH, batch) if batched else (ArmRoute.NOW, _now(items, own))
        shards += _cut(arm, route, base_model, bounds, own)
    for trained, deployment in deployments.items():
        shards += _cut(trained, ArmRoute.NOW, deployment, _now(items, each), each)
    return shards


def _now(items: int, each: int) -> list[int]:
    return _bounds(items, max(1, CONVERSE_SHARD_RECORDS // each), 1)


def _cut(arm: str, route: ArmRoute, model_id: str, bounds: list[int], each: int) -> list[ArmShard]:
    return [
        ArmShard(
            arm=arm,
            shard=number,
            route=route,
            model_id=model_id,
            first=first,
            items=end - first,
            records=(end - first) * each,
        )
        for number, (first, end) in enumerate(pairwise(bounds))
    ]


def _bounds(items: int, size: int, least: int) -> list[int]:
    """The ends of parts of at most `size` items, and at least `least` where that is possible; empty without items."""
    if not items:
        return []
    parts = max(1, min(-(-items // size), items // least or 1))
    return [items * number // parts for number in range(parts + 1)]
