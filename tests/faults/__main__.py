"""`python -m tests.faults [NAME ...]`: the matrix, or the cells that are named, on a local AWS of its own.

Prints a line a cell and writes it into docs/reliability.md; cells that did not run keep their line. Exit 1 where a cell
ended otherwise than it must.
"""

import json
import os
import re
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from local import lifecycle
from local.paths import PROJECT
from tests.faults.matrix import ABORTED, CELLS, GOOD, SETTINGS, SUBMITTED, Cell
from tests.flow import App, jsonl, reviews, running_app, turn_round
from tests.teacher import endpoint

AT_ONCE = 5
SEEDS = 24
CLEAN_UP = 60.0
"""Seconds that a clean-up outside the machine may take before it is looked at what is left."""
DOCUMENT = PROJECT / "docs" / "reliability.md"
_HEAD = """# What becomes of a run when something goes wrong

Made by `make faults`: {cells} runs on the local AWS, {good} ended as they must. "Jobs" are the batch jobs,
customization jobs, deployments and evaluation jobs that were submitted. "Left" is what exists after the end and may go
on costing money; the models of runs that succeeded are kept on purpose. A denied call always ends the run: no retry
gives a right that is missing. After each run, what serves its dataset is what the dataset's parameter names.

A run that was stopped, ran out of time or out of history comes to no state of its own that could clean up. Step
Functions' event and its rule start the clean-up then, and the message is that of the notice. The machine's time limit
and the end with a full history were brought about on the real machine: by a short `TimeoutSeconds`, and by a Fail state
with the error and the cause that Step Functions gives.

| what happens | outcome | jobs | left | message |
|---|---|---|---|---|
"""


_MADE = {
    "AwaitBatch": ("CreateModelInvocationJob", ""),
    "AwaitTuning": ("CreateModelCustomizationJob", ""),
    "AwaitDeployment": ("CreateCustomModelDeployment", ""),
    "AwaitPredictions": ("CreateModelInvocationJob", "base"),
    "AwaitJudging": ("CreateEvaluationJob", ""),
}
_UNDER_WAY = {"Submitted", "Validating", "Scheduled", "InProgress"}


class Row(NamedTuple):
    """What became of a cell."""

    cell: Cell
    outcome: str
    jobs: str
    left: str
    message: str
    seconds: float
    said: bool
    served: bool

    @property
    def good(self) -> bool:
        """Whether it ended as it must, says what it leaves where it did not succeed, and leaves to serve what the
        parameter names.
        """
        told = self.said or not self.left or self.cell.ends == GOOD
        return self.outcome.startswith(self.cell.ends) and told and self.served

    def markdown(self) -> str:
        """A line of the table."""
        cells = (self.cell.what, self.outcome, self.jobs, self.left, self.message)
        return f"| {' | '.join(cell.replace('|', '/') or 'nothing' for cell in cells)} |"


def main(names: Sequence[str]) -> int:
    """Runs the cells and prints them; 1 where one ended otherwise than it must."""
    cells = [cell for cell in CELLS if not names or cell.name in names]
    with endpoint() as teacher, tempfile.TemporaryDirectory(prefix="faults-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        os.environ["NOVA_DISTILL_TEACHER_URL"] = teacher
        try:
            app = running_app(home, customization_jobs=8)
            with ThreadPoolExecutor(AT_ONCE) as pool:
                rows = list(pool.map(partial(_printed, app, home), [cell for cell in cells if not cell.alone]))
            rows += [_printed(app, home, cell) for cell in cells if cell.alone]
        finally:
            lifecycle.down(home)
    good = sum(row.good for row in rows)
    sys.stdout.write(f"{good} of {len(rows)} ended as they must.\n")
    return 0 if good == len(rows) else 1


_WRITING = threading.Lock()


def _write(seen: dict[str, str]) -> None:
    """Writes the document: the cells that ran, and of the others what it said before."""
    before = {line.split(" | ")[0].removeprefix("| "): line for line in DOCUMENT.read_text("utf-8").splitlines()}
    lines = [(cell, line) for cell in CELLS if (line := (before | seen).get(cell.what))]
    good = sum(line.split(" | ")[1].startswith(cell.ends) for cell, line in lines)
    text = _HEAD.format(cells=len(lines), good=good) + "\n".join(line for _, line in lines)
    DOCUMENT.write_text(text + "\n", encoding="utf-8")


def _printed(app: App, home: Path, cell: Cell) -> Row:
    row = _row(app, home, cell)
    mark = "ok  " if row.good else "BAD "
    sys.stdout.write(f"{mark} {cell.name:24} {row.seconds:5.0f} s {row.jobs:12} {row.markdown()}\n")
    sys.stdout.flush()
    with _WRITING:
        _write({cell.what: row.markdown()})
    return row


def _row(app: App, home: Path, cell: Cell) -> Row:
    """Runs a cell: its seeds, its faults, its execution, and what is there afterwards."""
    app.upload(f"seeds/{cell.name}/seeds.JSONL", jsonl(reviews(110 if cell.settings.get("split") else SEEDS)))
    for fault in cell.faults:
        app.fault(**fault)
    begun = time.monotonic()
    question = SETTINGS | dict(cell.settings) | {"dataset": cell.name, "runId": cell.name}
    try:
        if cell.after:
            app.wait(app.start(f"before-{cell.name}", question | {"runId": f"before-{cell.name}"}))
        run = _ended(app, home, cell, question)
        seconds = time.monotonic() - begun
        if run["status"] != GOOD:
            _cleaned_up(app, cell.name)
    finally:
        if cell.alone:
            app.clear_faults()
    return Row(
        cell,
        outcome=" ".join(filter(None, (run["status"], run.get("error")))),
        jobs=_jobs(app, cell.name),
        left=", ".join(_left(app, cell.name)),
        message=_message(_told(app, cell, run)),
        seconds=seconds,
        said=_said(app, cell.name),
        served=_served(app, cell.name),
    )


def _cleaned_up(app: App, run_id: str) -> None:
    """Waits for the failure report, which is written after the clean-up."""
    until = time.monotonic() + CLEAN_UP
    while time.monotonic() < until and _failure_report(app, run_id) is None:
        time.sleep(0.5)


def _failure_report(app: App, run_id: str) -> dict[str, Any] | None:
    keys = app.keys(f"runs/{run_id}/8-report/")
    reports = [app.json(key) for key in keys if key.endswith(("failure.json", "report.json"))]
    return next((dict(report) for report in reports if report["verdict"]["decision"] == "failed"), None)


def _told(app: App, cell: Cell, run: dict[str, Any]) -> str:
    """The cause that a failed run ends with. Of one that its own rail did not end: what its report says."""
    if run["status"] == GOOD or not (cell.ends == ABORTED or cell.alone):
        return str(run.get("cause") or "")
    report = _failure_report(app, cell.name) or {}
    left = (f"STILL COSTS MONEY: {one['what']} ({one['why']})" for one in report.get("left", ()))
    told = [str(report.get("cause") or run.get("cause") or "no report"), *left]
    return "\n".join([*told, f"What to do next: {report.get('nextStep', '')}"])


def _served(app: App, dataset: str) -> bool:
    """Whether the dataset's stable deployment is the one, on the model, that its parameter names; or there is none.
    An update that is under way is waited for.
    """
    named = app.client("ssm").describe_parameters(
        ParameterFilters=[{"Key": "Name", "Values": [f"/nova-distill/{dataset}/student"]}]
    )["Parameters"]
    if not named:
        return not app.deployments(f"nova-distill-{dataset}-stable")
    says = app.parameter(dataset)
    until = time.monotonic() + CLEAN_UP
    while not (right := app.serves(dataset) == (says["deploymentArn"], says["modelArn"])) and time.monotonic() < until:
        time.sleep(0.5)
    return right


def _message(cause: str) -> str:
    """The beginning of a cause, of what it says of what still costs money, and of the advice."""
    parts = re.split("(?=STILL COSTS MONEY|What to do next)", " ".join(cause.split()))
    return " ".join(part.strip()[:160] + ("..." if len(part) > 160 else "") for part in [*parts[:2], *parts[2:][-1:]])


def _said(app: App, run_id: str) -> bool:
    """Whether a report of the run names something that is left or kept."""
    report = _failure_report(app, run_id) or {}
    return bool(report.get("left") or report.get("kept"))


def _ended(app: App, home: Path, cell: Cell, question: dict[str, Any]) -> dict[str, Any]:
    if cell.kill and cell.alone:
        # The emulator says nothing of what is inside a Map: what works there is what was not there before.
        _kill(_workers(home, cell.kill))
    with _changed(app, cell.machine):
        execution = app.start(cell.name, question)
    if cell.kill and not (
        (cell.alone or _entered(app, execution, cell.kill)) and _killed(app, home, execution, cell.kill)
    ):
        return app.wait(execution) | {"status": f"NEVER KILLED {cell.kill}"}
    if cell.spoil and _entered(app, execution, "AwaitPromotion"):
        turn_round(app, cell.name)
    if cell.stop_in:
        if not _entered(app, execution, cell.stop_in):
            return app.wait(execution) | {"status": f"NEVER IN {cell.stop_in}"}
        app.client("stepfunctions").stop_execution(executionArn=execution, error="Operator", cause="stopped by hand")
        if cell.again:
            app.wait(execution)
            execution = app.start(f"{cell.name}-again", question)
    return app.wait(execution)


@contextmanager
def _changed(app: App, changes: Mapping[str, Any]) -> Iterator[None]:
    """Within, an execution that starts has the machine's definition with other states or another time limit."""
    if not changes:
        yield
        return
    machines, arn = app.client("stepfunctions"), app.machine
    before = machines.describe_state_machine(stateMachineArn=arn)["definition"]
    definition = json.loads(before)
    changed = definition | changes | {"States": definition["States"] | changes.get("States", {})}
    machines.update_state_machine(stateMachineArn=arn, definition=json.dumps(changed))
    yield
    time.sleep(1)
    machines.update_state_machine(stateMachineArn=arn, definition=before)


def _killed(app: App, home: Path, execution: str, state: str) -> bool:
    """Kills the processes of a state's function as soon as there are any."""
    while app.runs(execution):
        if found := _workers(home, state):
            return _kill(found)
        time.sleep(0.05)
    return False


def _kill(processes: Iterable[int]) -> bool:
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    return True


def _entered(app: App, execution: str, state: str) -> bool:
    """Waits until a state is entered; False where the run ends before. The emulator writes no events inside a Map: a
    wait there is entered when its job is there.
    """
    run_id = execution.rsplit(":", 1)[1]
    history = app.client("stepfunctions").get_paginator("get_execution_history")
    while app.runs(execution):
        if state in _MADE and app.calls(_MADE[state][0], f"nova-distill-{run_id}-{_MADE[state][1]}"):
            return True
        for page in history.paginate(executionArn=execution):
            for event in page["events"]:
                if event.get("stateEnteredEventDetails", {}).get("name") == state:
                    return True
        time.sleep(0.1)
    return False


def _workers(home: Path, state: str) -> list[int]:
    """The processes of a state's function on this local AWS."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(home) in words and f"-Functions{state}" in words:
            found.append(int(folder.name))
    return found


def _jobs(app: App, run_id: str) -> str:
    return " + ".join(str(len(app.calls(operation, f"nova-distill-{run_id}-"))) for operation in SUBMITTED)


def _left(app: App, run_id: str) -> list[str]:
    """Deployments, models and working jobs of a run."""
    prefix, bedrock = f"nova-distill-{run_id}-", app.client("bedrock")
    working = [
        f"{job['jobName']} ({job['status']})"
        for operation, found in (
            ("list_model_invocation_jobs", "invocationJobSummaries"),
            ("list_model_customization_jobs", "modelCustomizationJobSummaries"),
            ("list_evaluation_jobs", "jobSummaries"),
        )
        for page in bedrock.get_paginator(operation).paginate(nameContains=prefix.rstrip("-"))
        for job in page[found]
        if job["jobName"].startswith(prefix) and job["status"] in _UNDER_WAY
    ]
    return [*app.deployments(prefix), *app.models(prefix), *working]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
