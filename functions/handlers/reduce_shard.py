"""ReduceShard: the answers to a shard of prompts -> candidates, its part of the holdout, what was left out and why."""

import struct
from collections.abc import Sequence
from functools import partial

from application.entry import Event, Invocation, lambda_entry
from application.run_files import read_common_shingles, read_run, replies_to
from application.services import Services
from distillation.dataset.reduction import Reduced, reduce_prompts
from distillation.inference.accounts import Account, ShardCounts, account_for, replies_step
from distillation.inference.requests import requests_of, samples_of
from distillation.inference.samples import by_prompt
from distillation.layout import RunLayout
from distillation.records import Prompt, PromptKey, dialogue, encode_blocks
from distillation.run.record import RunRecord
from distillation.similarity.prompt_keys import keys_of
from distillation.training.managed import asked_by_us
from gateways.store import Store

EMBEDDING_DIMENSIONS = 256
"""The fewest that Titan gives: enough to tell duplicates, and a prompt's vector takes 512 bytes."""


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Reduces one shard; a second time gives the same files."""
    store, shard = services.store, event["shard"]
    record, layout = read_run(store, event["run"]["runId"]), RunLayout(event["run"]["runId"])
    prompts, sampling = list(store.records(layout.prompt_shard(shard), Prompt)), record.config.sampling
    found = replies_to(store, record, shard, len(prompts), {prompt.prompt_id for prompt in prompts})
    answers = by_prompt(found.answers)
    account, missing = account_for(
        [prompt for _, prompt in asked_by_us(prompts, record)],
        answers,
        found.rejected,
        samples_of(sampling),
        lambda prompt: (request.record_id for request in requests_of(prompt, sampling, record.models.teacher)),
    )
    reduced = reduce_prompts(prompts, answers, record, partial(_keys, services, record))
    store.put_records(layout.missing_answers(shard), missing)
    _write(store, layout, shard, reduced, account)
    return {
        "counts": {
            "prompts": len(prompts),
            "candidates": len(reduced.candidates),
            "held": len(reduced.held),
            "rejected": len(reduced.rejected),
        }
    }


def _keys(services: Services, record: RunRecord, prompts: Sequence[Prompt]) -> list[PromptKey]:
    """The prompts' keys; with their embeddings where the run looks for semantic duplicates."""
    common = read_common_shingles(services.store, record.run_id)
    if record.config.duplicates.semantic_threshold is None:
        return keys_of(prompts, common)
    vectors = services.embeddings.embed([dialogue(prompt) for prompt in prompts], EMBEDDING_DIMENSIONS)
    packed = (struct.pack(f"<{EMBEDDING_DIMENSIONS}e", *vector) for vector in vectors)
    return keys_of(prompts, common, {prompt.prompt_id: halves for prompt, halves in zip(prompts, packed, strict=True)})


def _write(store: Store, layout: RunLayout, shard: int, reduced: Reduced, account: Account) -> None:
    """The counts come last: where they are, the shard is whole."""
    store.put_lines(layout.candidates("shard", shard), encode_blocks(reduced.candidates))
    store.put_lines(layout.candidates("holdout", shard), encode_blocks(reduced.held))
    store.put_records(layout.candidates("rejected", shard), reduced.rejected)
    store.put_lines(layout.candidates("unused", shard), encode_blocks(reduced.unused))
    counts = ShardCounts(account=account, funnel=[replies_step(account), *reduced.funnel])
    store.put_json(layout.candidates("counts", shard), counts)


handler = lambda_entry(run)
