"""PlanJudging: the answers of all arms -> the datasets of the evaluation jobs, at most 1,000 answers each."""

from application.entry import Event, Invocation, lambda_entry
from application.judging.judging_files import write_datasets
from application.reporting.budget import check_judging
from application.run_files import read_run
from application.services import Services


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Gives the jobs; none where the run's input wants no scores of a judge."""
    record = read_run(services.store, event["run"]["runId"])
    judge = record.config.evaluation.judge
    check_judging(services, record)
    parts = write_datasets(services.store, record, judge) if judge is not None and judge.scores else []
    return {
        "jobs": [part._asdict() for part in parts],
        "counts": {"judgingJobs": len(parts), "answersToJudge": sum(part.records for part in parts)},
    }


handler = lambda_entry(run)
