"""PromoteStudent: the student's deployment -> the SSM parameter that now names it."""

from application.entry import Event, Turn, lambda_entry
from application.services import Services
from distillation.records import Arm
from distillation.run_layout import RunLayout, student_parameter


def run(event: Event, services: Services, turn: Turn) -> dict[str, object]:
    """Whoever serves the dataset reads the parameter: deployment, model, report and run, with the time of promotion."""
    run = event["run"]
    student = next(s for s in event["students"] if s["arm"] == Arm.STUDENT)
    name = student_parameter(services.settings.app, run["dataset"])
    named = {
        "deploymentArn": student["deploymentArn"],
        "modelArn": student["modelArn"],
        "reportKey": event["reportKey"],
        "runId": run["runId"],
        "promotedAt": services.now().isoformat(timespec="seconds"),
    }
    services.store.put_json(RunLayout(run["runId"]).promotion, named)
    services.parameters.put(name, named)
    return {"parameter": name}


handler = lambda_entry(run)
