"""ChooseStudent: several trainings of the student -> the one that serves, by their answers to the validation side."""

import msgspec

from application.entry import Event, Invocation, lambda_entry
from application.run_files import Student, read_run
from application.services import Services
from application.student_choice import choose_student


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """One turn: `done` is False where another is needed, `arms` are to be trained next, `students` meet the holdout."""
    record, trained = read_run(services.store, event["run"]["runId"]), msgspec.convert(event["students"], list[Student])
    done, arms, students = choose_student(services, invocation, record, trained)
    given = msgspec.to_builtins(students)
    return {"done": done, "arms": arms, "students": given, "counts": {"students": len(given)}}


handler = lambda_entry(run)
