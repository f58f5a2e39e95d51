"""PlanRetryWave: what the waves so far brought -> the next wave, shards of the missing requests only."""

from functools import partial

from application.entry import Event, Invocation, lambda_entry
from application.reporting.budget import paid_wave
from application.rounds import plan_round, teacher_requests
from application.run_files import read_run
from application.services import Services
from distillation.records import Asking


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Gives the next wave; one that an earlier execution planned stands as it is."""
    record = read_run(services.store, event["run"]["runId"])
    groups = partial(teacher_requests, services.store, record)
    return paid_wave(services, record, plan_round(services, record, event["wave"] + 1, Asking.ANSWERS, groups))


handler = lambda_entry(run)
