"""PlanPilot: a few prompts -> their requests, asked and read before anything else is paid for."""

from application.entry import Event, Invocation, lambda_entry
from application.reporting.budget import paid_wave
from application.rounds import Groups, plan_round, teacher_requests
from application.run_files import read_run
from application.services import Services
from distillation.inference.pilot import pilot_groups
from distillation.records import Asking


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Gives one shard, none where the input wants no pilot or the cache holds all its answers."""
    record = read_run(services.store, event["run"]["runId"])

    def groups() -> Groups:
        return pilot_groups(teacher_requests(services.store, record), record.config.pilot.prompts)

    return paid_wave(services, record, plan_round(services, record, 0, Asking.PILOT, groups))


handler = lambda_entry(run)
