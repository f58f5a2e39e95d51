"""A wave of requests: written shard by shard, its plan last, and carried by the machine as numbers only."""

import secrets
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import IO, NamedTuple

import msgspec

from application.run_files import Wave, read_answers, read_prompts, read_rejected_answers, read_wave, waves_of
from application.services import Services
from distillation.bedrock.families import takes_flex
from distillation.inference.accounts import OpenRequests
from distillation.inference.replies import BUSY
from distillation.inference.requests import Shard, prompts_a_shard, requests_of, shard_requests
from distillation.layout import RunLayout, answer_cache, mark_key
from distillation.records import Answer, Asking, RejectedAnswer, Request, Route, encode_line
from distillation.run.fan_out import records_again
from distillation.run.record import RunRecord
from distillation.training.managed import asked_by_us
from gateways.store import Store

FEW_LEFT, SMALL_SHARE = 1_000, 0.1
"""A wave that is at most so large, and so small a share of its stage, is answered sooner through Converse than in the
queue of batch jobs.
"""

Groups = Iterable[tuple[int, list[Request]]]
"""Requests that belong together, with their number."""


def wave_output(wave: Wave) -> dict[str, object]:
    """A wave as the machine carries it: its stage, shard numbers, routes and sizes."""
    shards = [{"shard": s.shard, "route": s.route, "records": s.records} for s in wave.shards]
    counts = {"requests": wave.requests, "cached": wave.cached}
    planned = {"stage": wave.stage, "wave": wave.wave, "promptShards": wave.prompt_shards}
    return planned | {"shards": shards, "counts": counts}


class _Cut(NamedTuple):
    """How a wave is cut: its first shard, most records of a shard, and the way of all where it is one."""

    first: int
    records: int
    route: Route | None


def _write_wave(store: Store, record: RunRecord, plan: Wave, groups: Groups, cut: _Cut) -> Wave:
    """Writes the shards of a wave, its plan last. `groups`: a prompt's number and its requests."""
    layout, shards = RunLayout(record.run_id), list[Shard]()
    for shard, lines in shard_requests(groups, cut.records, cut.first, cut.route):
        store.put_lines(layout.requests(plan.wave, shard.shard, plan.stage), lines)
        shards.append(shard)
        del lines  # up to 1 GB, while the next are made
    plan = msgspec.structs.replace(plan, shards=tuple(shards), requests=sum(s.records for s in shards))
    store.put_json(layout.wave_plan(plan.wave, plan.stage), plan)
    return plan


def teacher_requests(store: Store, record: RunRecord) -> Groups:
    """The teacher's requests, each prompt's with its number; none for a prompt that this run does not ask about."""
    prompts, plan, model = read_prompts(store, record.run_id), record.config.sampling, record.models.teacher
    return ((number, requests_of(prompt, plan, model)) for number, prompt in asked_by_us(prompts, record))


def _take_over(store: Store, record: RunRecord, wanted: OpenRequests, target: str) -> None:
    """Copies the cached replies to what is `wanted` into the file `target`: what was paid for once is not paid for
    again.
    """
    store.put_records(target, (answer for answer, _ in _cached(store, record.dataset, wanted)))


def _take_over_answers(store: Store, record: RunRecord, wanted: OpenRequests) -> None:
    """The same for the teacher's answers, a file a shard of prompts, which is the number of what is `wanted`: each is
    then reduced without reading the others'.

    The answers wait on the function's disk; what is kept in memory is where each begins.
    """
    begins: dict[int, array[int]] = {}
    with tempfile.TemporaryFile() as disk:
        for answer, shard in _cached(store, record.dataset, wanted):
            begins.setdefault(shard, array("Q")).append(disk.tell())
            disk.write(encode_line(answer))
        for shard, places in sorted(begins.items()):
            store.put_lines(RunLayout(record.run_id).cached_answers(shard), (_line_at(disk, at) for at in places))


def _line_at(disk: IO[bytes], place: int) -> bytes:
    disk.seek(place)
    return disk.readline()


def _cached(store: Store, dataset: str, wanted: OpenRequests) -> Iterator[tuple[Answer, int]]:
    for answer in store.records_below(answer_cache(dataset), Answer):
        number = wanted.take(answer.record_id)
        if number is not None:
            yield answer, number


def plan_round(
    services: Services,
    record: RunRecord,
    wave: int,
    stage: Asking,
    groups: Callable[[], Groups],
    *,
    prompt_shards: int = 0,
) -> Wave:
    """The plan of a round; one that an earlier execution planned stands as it is: its jobs may be paid for.

    `groups` gives all requests of the stage, each time it is called. The first round, and each of expansion, takes over
    what the answer cache holds. Past the cut-off of the run's deadline all go through Converse.
    """
    store, run_id, layout = services.store, record.run_id, RunLayout(record.run_id)
    planned = read_wave(store, run_id, wave, stage)
    if planned:
        return planned
    size = prompts_a_shard(record.config.sampling, record.batch_records)
    wanted = OpenRequests((request.record_id, number // size) for number, group in groups() for request in group)
    requested = len(wanted)
    for record_id in _replied_to(store, run_id, stage):
        wanted.take(record_id)
    own = {answer.record_id for answer in _paid_in_pilot(store, run_id)} if stage is Asking.ANSWERS else set[str]()
    own, unanswered = {record_id for record_id in own if record_id in wanted}, len(wanted)
    if stage is Asking.ANSWERS and wave == 0:
        _take_over_answers(store, record, wanted)
    elif wave == 0 or stage is Asking.EXPANSION:
        _take_over(store, record, wanted, layout.cached(stage, wave))
    left = len(wanted)
    taken = unanswered - left - sum(record_id not in wanted for record_id in own)
    plan = Wave(wave=wave, shards=(), requests=0, cached=taken, stage=stage, prompt_shards=prompt_shards)
    asked = ((number, [request for request in group if request.record_id in wanted]) for number, group in groups())
    cut = _cut_of(services, record, plan, left, requested)
    return _write_wave(store, record, plan, filter(itemgetter(1), asked), cut)


def _cut_of(services: Services, record: RunRecord, plan: Wave, left: int, requested: int) -> _Cut:
    """How a wave is cut that asks the `left` of the `requested` records."""
    answers, again = plan.stage is Asking.ANSWERS, plan.wave > 0
    # The teacher's answers count their shards over all waves; other stages name their round.
    before = waves_of(services.store, record.run_id) if answers else ()
    soonest = again and answers and takes_flex(record.models.teacher)
    route = Route.NOW if soonest and left <= min(FEW_LEFT, SMALL_SHARE * requested) else None
    return _Cut(
        sum(len(earlier.shards) for earlier in before),
        records_again(record.config, left, record.batch_records) if again else record.batch_records,
        record.only_route(services.now()) or route,
    )


def key_for_marks(store: Store) -> bytes:
    """The deployment's secret for the marks around texts that a judge reads; made by the first round that needs it.
    Two rounds that make it at once use one each: no id depends on it.
    """
    found = store.get_or_none(mark_key())
    if found is None:
        found = secrets.token_bytes(32)
        store.put(mark_key(), found, "application/octet-stream")
    return found


def _paid_in_pilot(store: Store, run_id: str) -> Iterator[Answer]:
    """Its answers are found in the cache, but come from no earlier run."""
    return store.records_below(RunLayout(run_id).answers(0, Asking.PILOT, 0), Answer)


def answers_of(store: Store, run_id: str, stage: Asking) -> Iterator[Answer]:
    """The usable replies of all rounds, those taken over first."""
    if stage is Asking.ANSWERS:
        yield from read_answers(store, run_id)
        return
    layout = RunLayout(run_id)
    for planned in waves_of(store, run_id, stage):
        yield from store.records_below(layout.cached(stage, planned.wave), Answer)
        for shard in planned.shards:
            yield from store.records_below(layout.answers(shard.shard, stage, planned.wave), Answer)


def _replied_to(store: Store, run_id: str, stage: Asking) -> Iterator[str]:
    """The ids that a round brought a final reply for."""
    yield from (answer.record_id for answer in answers_of(store, run_id, stage))
    layout = RunLayout(run_id)
    rejected = (
        read_rejected_answers(store, run_id)
        if stage is Asking.ANSWERS
        else (
            reply
            for planned in waves_of(store, run_id, stage)
            for shard in planned.shards
            for reply in store.records_below(layout.rejected_answers(shard.shard, stage, planned.wave), RejectedAnswer)
        )
    )
    yield from (reply.record_id for reply in rejected if reply.reason != BUSY)
