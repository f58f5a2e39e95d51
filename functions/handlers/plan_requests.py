"""PlanRequests: prompts -> wave 0, its shards of requests in S3.

What the answer cache holds is taken over instead of asked and paid for again.
"""

from application.entry import Event, Invocation, lambda_entry
from application.rounds import take_over, teacher_requests, wave_output, without, write_wave
from application.run_files import Wave, read_prompts, read_run, read_wave
from application.services import Services
from distillation.inference.requests import prompt_shards
from distillation.layout import RunLayout
from distillation.run.record import RunRecord
from distillation.similarity.words import common_shingles
from gateways.store import Store


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Gives the shards that are still to be answered.

    A wave that an earlier execution of this run planned stands as it is: its jobs may be paid for.
    """
    store, run_id = services.store, event["run"]["runId"]
    return wave_output(read_wave(store, run_id, 0) or _plan(store, read_run(store, run_id)))


def _plan(store: Store, record: RunRecord) -> Wave:
    layout, max_records = RunLayout(record.run_id), record.batch_records
    prompts, parts = read_prompts(store, record.run_id), 0
    for parts, part in enumerate(prompt_shards(prompts, record.config.sampling, max_records), 1):
        store.put_records(layout.prompt_shard(parts - 1), part)
    store.put_json(layout.common_shingles, common_shingles(read_prompts(store, record.run_id)))
    needed = {
        request.record_id
        for _, group in teacher_requests(read_prompts(store, record.run_id), record)
        for request in group
    }
    known = take_over(store, record.dataset, needed, layout.cached_answers)
    groups = without(teacher_requests(read_prompts(store, record.run_id), record), known)
    return write_wave(store, record.run_id, 0, groups, max_records=max_records, cached=len(known), prompt_shards=parts)


handler = lambda_entry(run)
