"""PlanExpansion: seeds and the rounds so far -> the next round's requests for new prompts.

What the answer cache holds is not asked and paid for again.
"""

from application.entry import Event, Invocation, lambda_entry
from application.expansion_files import rounds_before
from application.rounds import take_over, wave_output, without, write_wave
from application.run_files import Wave, read_run, read_wave
from application.services import Services
from distillation.expansion.requests import asks_of_round, request_of
from distillation.layout import RunLayout
from distillation.records import Asking
from gateways.store import Store


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Gives the shards that are still to be answered.

    A round that an earlier execution of this run planned stands as it is: its jobs may be paid for.
    """
    store, run_id, wave = services.store, event["run"]["runId"], event["wave"]
    return wave_output(read_wave(store, run_id, wave, Asking.EXPANSION) or _plan(store, run_id, wave))


def _plan(store: Store, run_id: str, wave: int) -> Wave:
    record, layout = read_run(store, run_id), RunLayout(run_id)
    settings, model = record.config, record.models.teacher
    so_far = rounds_before(store, record, wave)
    asked = list(asks_of_round(so_far.parents, settings.expansion, so_far.history, so_far.topics))
    store.put_records(layout.expansion(f"asks-{wave:02d}.jsonl"), (ask for ask, _ in asked))
    requests = [
        (place, [request_of(ask, shown, settings.expansion, record.task, model)])
        for place, (ask, shown) in enumerate(asked)
    ]
    needed = {request.record_id for _, group in requests for request in group}
    known = take_over(store, record.dataset, needed, layout.cached(Asking.EXPANSION, wave))
    groups = without(requests, known)
    return write_wave(
        store,
        run_id,
        wave,
        groups,
        max_records=record.batch_records,
        cached=len(known),
        stage=Asking.EXPANSION,
    )


handler = lambda_entry(run)
