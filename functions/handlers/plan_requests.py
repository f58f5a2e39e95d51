"""PlanRequests: prompts -> wave 0, its shards of requests in S3. What the answer cache holds is taken over instead of asked and paid for again."""

from collections.abc import Iterator

from application.entry import Event, Turn, lambda_entry
from application.run_files import Wave, read_prompts, read_run, read_wave
from application.services import Services
from application.waves import teacher_requests, wave_output, write_wave
from distillation.records import Answer
from distillation.run_layout import RunLayout, answer_cache
from distillation.run_record import RunRecord
from gateways.store import Store


def run(event: Event, services: Services, turn: Turn) -> dict[str, object]:
    """Gives the shards that are still to be answered. A wave that an earlier execution of this run planned stands as it is: its jobs may be paid for."""
    store, run_id = services.store, event["run"]["runId"]
    return wave_output(read_wave(store, run_id, 0) or _plan(store, read_run(store, run_id)))


def _plan(store: Store, record: RunRecord) -> Wave:
    needed = {request.record_id for group in teacher_requests(read_prompts(store, record.run_id), record) for request in group}
    known: set[str] = set()
    store.put_records(RunLayout(record.run_id).cached_answers, _take_over(store, record.dataset, needed, known))
    groups = ([request for request in group if request.record_id not in known] for group in teacher_requests(read_prompts(store, record.run_id), record))
    return write_wave(
        store,
        record.run_id,
        0,
        (group for group in groups if group),
        max_records=record.settings.batches.max_shard_records,
        first_shard=0,
        cached=len(known),
    )


def _take_over(store: Store, dataset: str, needed: set[str], known: set[str]) -> Iterator[Answer]:
    for answer in store.records_below(answer_cache(dataset), Answer):
        if answer.record_id in needed and answer.record_id not in known:
            known.add(answer.record_id)
            yield answer


handler = lambda_entry(run)
