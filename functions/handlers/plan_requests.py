"""PlanRequests: prompts -> wave 0, its shards of requests in S3."""

from functools import partial

from application.entry import Event, Invocation, lambda_entry
from application.other_runs import wait_for_answers_under_way
from application.reporting.budget import paid_wave
from application.rounds import plan_round, teacher_requests
from application.run_files import Wave, read_prompts, read_run, read_wave
from application.services import Services
from distillation.inference.requests import prompt_shards
from distillation.layout import RunLayout
from distillation.records import Asking
from distillation.run.record import RunRecord
from distillation.similarity.words import common_shingles


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Gives the shards that are still to be answered.

    Raises OtherRunAsks while another run of the dataset asks some of the same; the machine enters this state again.
    """
    store, record = services.store, read_run(services.store, event["run"]["runId"])
    planned = read_wave(store, record.run_id, 0)
    if planned is None:
        wait_for_answers_under_way(services, record)
        planned = _plan(services, record)
    return paid_wave(services, record, planned)


def _plan(services: Services, record: RunRecord) -> Wave:
    store, layout, run_id, parts = services.store, RunLayout(record.run_id), record.run_id, 0
    shards = prompt_shards(read_prompts(store, run_id), record.config.sampling, record.batch_records)
    for parts, part in enumerate(shards, 1):
        store.put_records(layout.prompt_shard(parts - 1), part)
    store.put_json(layout.common_shingles, common_shingles(read_prompts(store, run_id)))
    groups = partial(teacher_requests, store, record)
    return plan_round(services, record, 0, Asking.ANSWERS, groups, prompt_shards=parts)


handler = lambda_entry(run)
