"""The rounds of a stage that asks a judge: what was answered in all of them, and what is still to be asked."""

from collections.abc import Iterator

from application.run_files import Wave, read_wave
from distillation.records import Answer, RejectedAnswer, Stage
from distillation.run_layout import RunLayout
from distillation.waves_to_accounts import ids_to_ask_again
from gateways.store import Store


def answers_of(store: Store, run_id: str, stage: Stage) -> Iterator[Answer]:
    """The usable replies of all rounds, those taken over first."""
    layout = RunLayout(run_id)
    for planned in _rounds(store, run_id, stage):
        yield from store.records_below(layout.cached(stage, planned.wave), Answer)
        for shard in planned.shards:
            yield from store.records_below(layout.answers(shard.shard, stage, planned.wave), Answer)


def ids_to_ask(store: Store, run_id: str, stage: Stage, requested: list[str]) -> list[str]:
    """The requested ids that no round brought a final reply for."""
    layout = RunLayout(run_id)
    rejected = (
        reply
        for planned in _rounds(store, run_id, stage)
        for shard in planned.shards
        for reply in store.records_below(layout.rejected_answers(shard.shard, stage, planned.wave), RejectedAnswer)
    )
    return ids_to_ask_again(requested, (answer.record_id for answer in answers_of(store, run_id, stage)), rejected)


def _rounds(store: Store, run_id: str, stage: Stage) -> Iterator[Wave]:
    wave = 0
    while planned := read_wave(store, run_id, wave, stage):
        yield planned
        wave += 1
