"""How long the teacher's answers take: Bedrock's queue, its quota of jobs and its failures simulated, the shards
planned by the product itself.

The lower bound is a scheduler that knows everything but how long a job will wait in the queue, which nobody can know: a
job's records are fixed when it is handed in. The loop is the one of AWS's sample: 500 answers in 50 minutes.
"""

import heapq
import math
import random
import statistics
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from rich.console import Console

from application.rounds import FEW_LEFT, SMALL_SHARE
from distillation.bedrock.limits import Rate
from distillation.costs.deadline import HEADROOM
from distillation.errors import InvalidInput
from distillation.run.config import RunConfig
from distillation.run.fan_out import MOST_RECORDS, doublings_within, records_again, shard_records

PROMPTS = (10**4, 10**5, 10**6, 10**7, 10**8)
REPEATS = 20
LOOP_SECONDS = 6.0
"""An answer of AWS's sample: 500 questions in a sequential loop, about 50 minutes."""
BOUND = 1.1
_DRAWS = 10_000


class World(NamedTuple):
    """What Bedrock does. AWS publishes none of it, so all are assumed, and each is varied.

    `rate`: records of a job an hour; `queue_minutes`: until a job works, lognormal with that mean and `spread`;
    `failed`: jobs that fail as a whole; `busy`: records that come back with a 5xx error; `at_once`: jobs at the same
    time (AWS's quota is 20 a model, the product's default 10).
    """

    rate: float = 10_000
    queue_minutes: float = 15
    spread: float = 0.2
    failed: float = 0.0
    busy: float = 0.005
    at_once: int = 10


VARIED: dict[str, World] = {
    "base": World(),
    "a quarter of the rate": World(rate=2_500),
    "four times the rate": World(rate=40_000),
    "queue of 60 minutes": World(queue_minutes=60),
    "queue that varies (spread 1)": World(spread=1.0),
    "1 % of jobs fail": World(failed=0.01),
    "5 % of records busy": World(busy=0.05),
    "5 jobs at once": World(at_once=5),
    "20 jobs at once": World(at_once=20),
}


def config(world: World) -> RunConfig:
    """The product's defaults, five answers a prompt."""
    return RunConfig.from_json({"dataset": "d", "runId": "r", "batches": {"maxConcurrent": world.at_once}})


def runs_of(prompts: int, settings: RunConfig) -> list[int]:
    """The prompts of each run: one where the machine's history holds it, else several, one after another."""
    most = prompts
    while not _fits(most, settings):
        most = math.ceil(most / 2)
    return [most] * (prompts // most) + ([prompts % most] if prompts % most else [])


def _fits(prompts: int, settings: RunConfig) -> bool:
    try:
        doublings_within(settings, prompts, shard_records(settings, prompts))
    except InvalidInput:
        return False
    return True


def makespan(prompts: int, world: World, seed: int) -> float:
    """Hours until a run has all answers that its waves bring."""
    settings, draw = config(world), random.Random(seed)
    samples, hours, wave = settings.sampling.greedy + settings.sampling.sampled, 0.0, 0
    records, left = shard_records(settings, prompts), prompts * samples
    while left and wave <= settings.batches.retry_waves:
        if wave and left <= min(FEW_LEFT, SMALL_SHARE * prompts * samples):
            return hours + left / (Rate().requests * HEADROOM) / 60
        most = records_again(settings, left, records) if wave else records
        took, left = _wave(list(_jobs(left, most // samples * samples)), world, draw)
        hours, wave = hours + took, wave + 1
    return hours


def _jobs(requests: int, records: int) -> Iterator[int]:
    while requests > 0:
        yield min(records, requests)
        requests -= records


def _wave(jobs: list[int], world: World, draw: random.Random) -> tuple[float, int]:
    """Hours of a wave, and the records that it left."""
    slots, missing = [0.0] * world.at_once, 0
    for records in jobs:
        begun = heapq.heappop(slots)
        heapq.heappush(slots, begun + queue_wait(world, draw) + records / world.rate)
        missing += records if draw.random() < world.failed else round(records * world.busy)
    return max(slots), missing


def lower_bound(prompts: int, world: World) -> float:
    """Mean hours that no plan can go below: each slot's work, and the waits in the queue.

    Every slot's time sums its jobs' waits and work, and the slowest slot is the makespan. So all jobs, as many as
    50,000 records force, wait at least on average. And a plan that gives each slot one job meets the longest of their
    waits; one that hands a second job to the `seconds` slots that began first lets these wait again. Equal jobs are
    best where no wait is known (the mean of a maximum is convex in the sizes), so the best `seconds` is the bound.
    """
    requests, slots, mean = prompts * 5, world.at_once, world.queue_minutes / 60
    work = requests * (1 + world.failed + world.busy) / (slots * world.rate)
    waits, forced = _waits_in_order(world), math.ceil(requests / MOST_RECORDS)
    one_round = min(
        ((slots - seconds) * waits[-1] + sum(waits[:seconds]) + seconds * mean) / slots for seconds in range(slots + 1)
    )
    return work + max(forced / slots * mean, one_round)


@cache
def _waits_in_order(world: World) -> list[float]:
    """Hours that the first, second ... last of `at_once` jobs waits in the queue, on average."""
    draw = random.Random(0)
    drawn = [sorted(queue_wait(world, draw) for _ in range(world.at_once)) for _ in range(_DRAWS)]
    return [statistics.mean(each) for each in zip(*drawn, strict=True)]


def queue_wait(world: World, draw: random.Random) -> float:
    """Hours that a job waits before it works."""
    return draw.lognormvariate(math.log(world.queue_minutes / 60) - world.spread**2 / 2, world.spread)


def measured(prompts: int, world: World, repeats: int) -> dict[str, Any]:
    """Makespan against the bound and against the loop; `ratio`: mean and worst over `repeats`."""
    runs, bound = runs_of(prompts, config(world)), lower_bound(prompts, world)
    hours = [
        sum(makespan(part, world, seed * 1_000 + number) for number, part in enumerate(runs)) for seed in range(repeats)
    ]
    ratios = [each / bound for each in hours]
    return {
        "prompts": prompts,
        "runs": len(runs),
        "records": shard_records(config(world), runs[0]),
        "hours": statistics.mean(hours),
        "bound": bound,
        "ratio": statistics.mean(ratios),
        "worst": max(ratios),
        "loop": prompts * 5 * LOOP_SECONDS / 3600,
    }


def run(console: Console, prompts: tuple[int, ...] = PROMPTS, repeats: int = REPEATS) -> dict[str, Any]:
    """Every size in the base world, then every world."""
    sizes = [measured(size, World(), repeats) for size in prompts]
    worlds = {name: [measured(size, world, repeats)["ratio"] for size in prompts[:4]] for name, world in VARIED.items()}
    if above := [row["prompts"] for row in sizes if row["ratio"] > BOUND]:
        console.print(f"[red]above {BOUND} times the lower bound: {above}[/red]")
    return {"sizes": sizes, "worlds": worlds, "bound": BOUND, "repeats": repeats}
