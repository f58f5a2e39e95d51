"""PlanExpansion: seeds and the rounds so far -> the next round's requests for new prompts."""

from functools import cache, partial

from application.entry import Event, Invocation, lambda_entry
from application.expansion_files import rounds_before
from application.other_runs import wait_for_answers_under_way
from application.reporting.budget import paid_wave
from application.rounds import plan_round
from application.run_files import read_run, read_wave
from application.services import Services
from distillation.expansion.requests import asks_of_round, request_of
from distillation.layout import RunLayout
from distillation.records import Asking, Request
from distillation.run.record import RunRecord
from gateways.store import Store


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Gives the shards that are still to be answered. Raises OtherRunAsks as PlanRequests does."""
    store, wave = services.store, event["wave"]
    record = read_run(store, event["run"]["runId"])
    if read_wave(store, record.run_id, 0, Asking.EXPANSION) is None:
        wait_for_answers_under_way(services, record)
    groups = cache(partial(_groups, store, record, wave))
    return paid_wave(services, record, plan_round(services, record, wave, Asking.EXPANSION, groups))


def _groups(store: Store, record: RunRecord, wave: int) -> list[tuple[int, list[Request]]]:
    """One request a group; what they ask for is written beside them."""
    expansion, so_far = record.config.expansion, rounds_before(store, record, wave)
    asked = list(asks_of_round(so_far.parents, expansion, so_far.history, so_far.topics))
    store.put_records(RunLayout(record.run_id).expansion(f"asks-{wave:02d}.jsonl"), (ask for ask, _ in asked))
    return [
        (place, [request_of(ask, shown, expansion, record.task, record.models.teacher)])
        for place, (ask, shown) in enumerate(asked)
    ]


handler = lambda_entry(run)
