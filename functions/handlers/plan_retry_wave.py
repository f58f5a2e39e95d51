"""PlanRetryWave: what the waves so far brought -> the next wave, shards of the missing requests only."""

from application.entry import Event, Invocation, lambda_entry
from application.reporting.budget import paid_wave
from application.rounds import plan_round, teacher_requests
from application.run_files import read_prompts, read_run
from application.services import Services
from distillation.records import Asking


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Gives the next wave; one that an earlier execution planned stands as it is."""
    store, run_id = services.store, event["run"]["runId"]
    record = read_run(store, run_id)
    wave = plan_round(
        services,
        record,
        event["wave"] + 1,
        Asking.ANSWERS,
        lambda: teacher_requests(read_prompts(store, run_id), record),
    )
    return paid_wave(services, record, wave)


handler = lambda_entry(run)
