"""`python -m tests.faults [NAME ...]`: the matrix, or the cells that are named, on a local AWS of its own.

Prints a line a cell and writes it into docs/reliability.md; cells that did not run keep their line. Exit 1 where a cell
ended otherwise than it must.
"""

import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from local import lifecycle
from local.paths import PROJECT
from tests.faults.matrix import CELLS, GOOD, SETTINGS, Cell
from tests.flow import App, jsonl, reviews, running_app

AT_ONCE = 3
SEEDS = 24
CLEAN_UP = 15.0
"""Seconds that a clean-up outside the machine is given before it is looked at what is left."""
DOCUMENT = PROJECT / "docs" / "reliability.md"
_HEAD = """# What becomes of a run when something goes wrong

Made by `make faults`: {cells} runs on the local AWS, {good} ended as they must. "Jobs" are the batch jobs,
customization jobs and deployments that were submitted. "Left" is what exists after the end and may go on costing money;
the models of runs that succeeded are kept on purpose. A denied call always ends the run: no retry gives a right that is
missing.

| what happens | outcome | jobs | left | message |
|---|---|---|---|---|
"""


_MADE = {
    "AwaitBatch": "CreateModelInvocationJob",
    "AwaitTuning": "CreateModelCustomizationJob",
    "AwaitDeployment": "CreateCustomModelDeployment",
    "AwaitJudging": "CreateEvaluationJob",
}


class Row(NamedTuple):
    """What became of a cell."""

    cell: Cell
    outcome: str
    jobs: str
    left: str
    message: str
    seconds: float
    said: bool

    @property
    def good(self) -> bool:
        """Whether it ended as it must, and says what it leaves where it did not succeed."""
        return self.outcome.startswith(self.cell.ends) and (self.said or not self.left or self.cell.ends == GOOD)

    def markdown(self) -> str:
        """A line of the table."""
        cells = (self.cell.what, self.outcome, self.jobs, self.left, self.message)
        return f"| {' | '.join(cell.replace('|', '/') or 'nothing' for cell in cells)} |"


def main(names: Sequence[str]) -> int:
    """Runs the cells and prints them; 1 where one ended otherwise than it must."""
    cells = [cell for cell in CELLS if not names or cell.name in names]
    with tempfile.TemporaryDirectory(prefix="faults-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        try:
            app = running_app(home)
            with ThreadPoolExecutor(AT_ONCE) as pool:
                rows = list(pool.map(partial(_printed, app, home), [cell for cell in cells if not cell.alone]))
            rows += [_printed(app, home, cell) for cell in cells if cell.alone]
        finally:
            lifecycle.down(home)
    good = sum(row.good for row in rows)
    _write({row.cell.what: row.markdown() for row in rows})
    sys.stdout.write(f"{good} of {len(rows)} ended as they must.\n")
    return 0 if good == len(rows) else 1


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
    return row


def _row(app: App, home: Path, cell: Cell) -> Row:
    """Runs a cell: its seeds, its faults, its execution, and what is there afterwards."""
    app.upload(f"seeds/{cell.name}/seeds.JSONL", jsonl(reviews(110 if cell.settings.get("split") else SEEDS)))
    for fault in cell.faults:
        app.fault(**fault)
    begun = time.monotonic()
    question = SETTINGS | dict(cell.settings) | {"dataset": cell.name, "runId": cell.name}
    try:
        run = _ended(app, home, cell, question)
    finally:
        if cell.alone:
            app.clear_faults()
    seconds = time.monotonic() - begun
    if run["status"] != "SUCCEEDED":
        time.sleep(CLEAN_UP)
    return Row(
        cell,
        outcome=" ".join(filter(None, (run["status"], run.get("error")))),
        jobs=_jobs(app, cell.name),
        left=", ".join(_left(app, cell.name)),
        message=_message(str(run.get("cause") or "")),
        seconds=seconds,
        said=_said(app, cell.name),
    )


def _message(cause: str) -> str:
    """The beginning of a cause, and what it says of what still costs money."""
    head, found, left = " ".join(cause.split()).partition("STILL COSTS MONEY")
    return head[:160] + (f" [...] {found}{left[:200]}" if found else "")


def _said(app: App, run_id: str) -> bool:
    """Whether a report of the run names something that is left or kept."""
    keys = [key for key in app.keys(f"runs/{run_id}/8-report/") if key.endswith(("failure.json", "report.json"))]
    return any(app.json(key).get(part) for key in keys for part in ("left", "kept"))


def _ended(app: App, home: Path, cell: Cell, question: dict[str, Any]) -> dict[str, Any]:
    execution = app.start(cell.name, question)
    if cell.kill and _entered(app, execution, cell.kill):
        for process in _workers(home, cell.kill):
            os.kill(process, signal.SIGKILL)
    if cell.stop_in:
        if not _entered(app, execution, cell.stop_in):
            return app.wait(execution) | {"status": f"NEVER IN {cell.stop_in}"}
        app.client("stepfunctions").stop_execution(executionArn=execution, error="Operator", cause="stopped by hand")
        if cell.again:
            app.wait(execution)
            execution = app.start(f"{cell.name}-again", question)
    return app.wait(execution)


def _entered(app: App, execution: str, state: str) -> bool:
    """Waits until a state is entered; False where the run ends before. The emulator writes no events inside a Map: a
    wait there is entered when its job is there.
    """
    run_id = execution.rsplit(":", 1)[1]
    history = app.client("stepfunctions").get_paginator("get_execution_history")
    while app.runs(execution):
        if state in _MADE and app.calls(_MADE[state], f"nova-distill-{run_id}-"):
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
    submitted = (
        len(app.calls(operation, f"nova-distill-{run_id}-"))
        for operation in ("CreateModelInvocationJob", "CreateModelCustomizationJob", "CreateCustomModelDeployment")
    )
    return " + ".join(map(str, submitted))


def _left(app: App, run_id: str) -> list[str]:
    """Deployments, models and working batch jobs of a run."""
    prefix = f"nova-distill-{run_id}-"
    pages = app.client("bedrock").get_paginator("list_model_invocation_jobs").paginate(nameContains=prefix)
    working = [
        f"{job['jobName']} ({job['status']})"
        for page in pages
        for job in page["invocationJobSummaries"]
        if job["status"] in {"Submitted", "Validating", "Scheduled", "InProgress"}
    ]
    return [*app.deployments(prefix), *app.models(prefix), *working]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
