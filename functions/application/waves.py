"""A wave of requests: written shard by shard, its plan last, and carried by the machine as numbers only."""

from collections.abc import Iterator

from application.run_files import Wave
from distillation.prompts_to_requests import Shard, requests_of, shard_requests
from distillation.records import Prompt, Request
from distillation.run_layout import RunLayout
from distillation.run_record import RunRecord
from gateways.store import Store


def wave_output(wave: Wave) -> dict[str, object]:
    """A wave as the machine carries it: shard numbers, routes and sizes."""
    shards = [{"shard": s.shard, "route": s.route, "records": s.records} for s in wave.shards]
    return {"wave": wave.wave, "shards": shards, "counts": {"requests": wave.requests, "cached": wave.cached}}


def write_wave(store: Store, run_id: str, wave: int, groups: Iterator[list[Request]], *, max_records: int, first_shard: int, cached: int = 0) -> Wave:
    """Writes a wave's shards, its plan last."""
    shards: list[Shard] = []
    for shard, lines in shard_requests(groups, max_records, first_shard):
        store.put_lines(RunLayout(run_id).requests(wave, shard.shard), lines)
        shards.append(shard)
    plan = Wave(wave=wave, shards=tuple(shards), requests=sum(s.records for s in shards), cached=cached)
    store.put_json(RunLayout(run_id).wave_plan(wave), plan)
    return plan


def teacher_requests(prompts: Iterator[Prompt], record: RunRecord) -> Iterator[list[Request]]:
    """The teacher's requests, prompt by prompt."""
    return (requests_of(prompt, record.sampling, record.models.teacher) for prompt in prompts)
