"""PlanRetryWave: what the waves so far brought -> the next wave, shards of the missing requests only."""

from application.entry import Event, Invocation, lambda_entry
from application.rounds import teacher_requests, wave_output, without, write_wave
from application.run_files import (
    Wave,
    read_answers,
    read_prompts,
    read_rejected_answers,
    read_run,
    read_wave,
    requested_ids,
    waves_of,
)
from application.services import Services
from distillation.inference.accounts import ids_to_ask_again
from gateways.store import Store


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Gives the next wave; one that an earlier execution planned stands as it is."""
    store, run_id, wave = services.store, event["run"]["runId"], event["wave"] + 1
    return wave_output(read_wave(store, run_id, wave) or _plan(store, run_id, wave))


def _plan(store: Store, run_id: str, wave: int) -> Wave:
    record = read_run(store, run_id)
    asked = set(requested_ids(store, run_id))
    again = set(
        ids_to_ask_again(
            asked, (a.record_id for a in read_answers(store, run_id)), read_rejected_answers(store, run_id)
        )
    )
    groups = without(teacher_requests(read_prompts(store, run_id), record), asked - again)
    first_shard = sum(len(earlier.shards) for earlier in waves_of(store, run_id))
    return write_wave(store, run_id, wave, groups, max_records=record.batch_records, first_shard=first_shard)


handler = lambda_entry(run)
