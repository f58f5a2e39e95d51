"""PlanRatings: what the merge would train on -> a round of requests to a judge."""

from collections.abc import Iterator, Sequence
from functools import cache

from application.dataset_files import decided
from application.entry import Event, Invocation, lambda_entry
from application.reporting.budget import paid_wave
from application.rounds import key_for_marks, plan_round
from application.run_files import read_run
from application.services import Services
from distillation.dataset.ratings import rating_requests
from distillation.layout import RunLayout
from distillation.records import Asking, Candidate, Request
from distillation.run.record import RunRecord
from distillation.seeds.split import Side
from gateways.store import Store


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Gives the shards of the round."""
    store = services.store
    record = read_run(store, event["run"]["runId"])
    sides = cache(lambda: decided(store, record, None).sides)
    wave = plan_round(services, record, event["wave"], Asking.RATINGS, lambda: _groups(store, record, sides()))
    return paid_wave(services, record, wave)


def _groups(store: Store, record: RunRecord, sides: Sequence[Side | None]) -> Iterator[tuple[int, list[Request]]]:
    key = key_for_marks(store)
    candidates = store.records_below(RunLayout(record.run_id).candidates_prefix, Candidate, named="shard-")
    for number, (candidate, side) in enumerate(zip(candidates, sides, strict=True)):
        if side is not None:
            yield number, rating_requests(candidate, record, key)


handler = lambda_entry(run)
