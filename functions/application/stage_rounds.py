"""The rounds of a stage that asks a judge: what was answered in all of them, what is still to be asked, and the plan of the next."""

from collections.abc import Callable, Iterable, Iterator

from application.run_files import Wave, read_wave, waves_of
from application.waves import take_over, without, write_wave
from distillation.inference.accounts import ids_to_ask_again
from distillation.layout import RunLayout
from distillation.records import Answer, RejectedAnswer, Request, Stage
from distillation.run.record import RunRecord
from gateways.store import Store

Groups = Iterable[tuple[int, list[Request]]]
"""Requests that belong together, with their number."""


def plan_round(store: Store, record: RunRecord, wave: int, stage: Stage, groups: Callable[[], Groups]) -> Wave:
    """The plan of a round; one that an earlier execution planned stands as it is. The first round takes over what the answer cache holds.

    `groups` gives all requests of the stage; it is called twice, so that they need not be kept.
    """
    planned = read_wave(store, record.run_id, wave, stage)
    if planned:
        return planned
    requested = [request.record_id for _, group in groups() for request in group]
    wanted = set(ids_to_ask(store, record.run_id, stage, requested))
    cached = take_over(store, record.dataset, wanted, RunLayout(record.run_id).cached(stage, wave)) if wave == 0 else set[str]()
    asked = without(groups(), set(requested) - (wanted - cached))
    return write_wave(store, record.run_id, wave, asked, max_records=record.settings.batches.max_shard_records, cached=len(cached), stage=stage)


def answers_of(store: Store, run_id: str, stage: Stage) -> Iterator[Answer]:
    """The usable replies of all rounds, those taken over first."""
    layout = RunLayout(run_id)
    for planned in waves_of(store, run_id, stage):
        yield from store.records_below(layout.cached(stage, planned.wave), Answer)
        for shard in planned.shards:
            yield from store.records_below(layout.answers(shard.shard, stage, planned.wave), Answer)


def ids_to_ask(store: Store, run_id: str, stage: Stage, requested: list[str]) -> list[str]:
    """The requested ids that no round brought a final reply for."""
    layout = RunLayout(run_id)
    rejected = (
        reply
        for planned in waves_of(store, run_id, stage)
        for shard in planned.shards
        for reply in store.records_below(layout.rejected_answers(shard.shard, stage, planned.wave), RejectedAnswer)
    )
    return ids_to_ask_again(requested, (answer.record_id for answer in answers_of(store, run_id, stage)), rejected)
