"""StartJudging: the dataset of a part of an arm's answers -> its evaluation job's name, submitted once or adopted."""

from application.entry import Event, Invocation, lambda_entry
from application.run_files import read_run
from application.services import Services
from application.submission import submit_judging


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """The evaluation job of one arm and part."""
    record = read_run(services.store, event["run"]["runId"])
    return {"jobName": submit_judging(services, record, arm=event["arm"], part=event["part"], records=event["records"])}


handler = lambda_entry(run)
