"""PlanRetryWave: what the waves so far brought -> the next wave, shards of the missing requests only."""

from application.entry import Event, Invocation, lambda_entry
from application.rounds import plan_round, teacher_requests, wave_output
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
    return wave_output(wave)


handler = lambda_entry(run)
