"""What the rounds of expansion leave in S3, read and written in one way."""

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from distillation.expansion.diversity import apart_from
from distillation.expansion.methods import Ask, Topic
from distillation.expansion.requests import parents_of
from distillation.expansion.rounds import RoundCounts, RoundsSoFar
from distillation.layout import RunLayout
from distillation.records import Answer, Asking, Prompt, RejectedAnswer
from distillation.run.record import RunRecord
from gateways.store import Store

T = TypeVar("T", bound=msgspec.Struct)


def rounds_before(store: Store, record: RunRecord, number: int) -> RoundsSoFar:
    """What round `number` stands on."""
    layout = RunLayout(record.run_id)
    seeds = list(store.records(layout.prompts, Prompt))
    history = [store.read(layout.expansion(f"counts-{earlier:02d}.json"), RoundCounts) for earlier in range(number)]
    topics = list(_of_rounds(store, record.run_id, "topics", number, Topic))
    free = parents_of(seeds, record.config.shares)
    shown = {prompt.prompt_id for prompt in free}
    held = [prompt for prompt in seeds if prompt.prompt_id not in shown]
    parents = apart_from(held, free, record.config.duplicates.near_threshold)
    return RoundsSoFar(number, seeds, parents, history, topics, list(expanded_before(store, record.run_id, number)))


def expanded_before(store: Store, run_id: str, number: int) -> Iterator[Prompt]:
    """The prompts that the rounds before round `number` kept, in order."""
    return _of_rounds(store, run_id, "round", number, Prompt)


def _of_rounds(store: Store, run_id: str, what: str, number: int, kind: type[T]) -> Iterator[T]:
    keys = (RunLayout(run_id).expansion(f"{what}-{earlier:02d}.jsonl") for earlier in range(number))
    return (record for key in keys for record in store.records(key, kind))


def read_asks(store: Store, run_id: str, number: int) -> list[Ask]:
    """What round `number` asked."""
    return list(store.records(RunLayout(run_id).expansion(f"asks-{number:02d}.jsonl"), Ask))


def read_round_replies(store: Store, run_id: str, number: int) -> list[Answer | RejectedAnswer]:
    """All that the teacher said in round `number`, what was taken over from earlier runs too."""
    prefix, named = RunLayout(run_id).answers_prefix, f"{Asking.EXPANSION}-{number:02d}-"
    answers = (
        answer for part in ("cached", "shard-") for answer in store.records_below(prefix, Answer, named=named + part)
    )
    return [*answers, *store.records_below(prefix, RejectedAnswer, named=named + "rejected-")]
