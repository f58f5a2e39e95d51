"""PlanPilot: a few prompts -> their requests, asked and read before anything else is paid for."""

from application.entry import Event, Invocation, lambda_entry
from application.reporting.budget import paid_wave
from application.rounds import plan_round, teacher_requests
from application.run_files import read_prompts, read_run
from application.services import Services
from distillation.inference.pilot import pilot_groups
from distillation.records import Asking


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Gives one shard, none where the input wants no pilot or the cache holds all its answers. The requests are the
    run's own, so no later wave asks them again.
    """
    store, run_id = services.store, event["run"]["runId"]
    record = read_run(store, run_id)
    size = record.config.pilot.prompts
    wave = plan_round(
        services,
        record,
        0,
        Asking.PILOT,
        lambda: pilot_groups(teacher_requests(read_prompts(store, run_id), record), size),
    )
    return paid_wave(services, record, wave)


handler = lambda_entry(run)
