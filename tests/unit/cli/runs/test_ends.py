"""Ends without success on the terminal: which execution is meant, what is left, and what a verdict does not say."""

import json
from typing import Any

import pytest

from distillation.bedrock.submission import OPEN, set_run_state
from distillation.records import Leftover
from distillation.report.failure import build_failure_report
from gateways.executions import Execution
from tests.fakes import EPOCH
from tests.unit.cli.cloud_fake import FakeCloud
from tests.unit.cli.run_stories import ROOT, RUN_ID, at, execution, row
from tests.unit.cli.terminal_fake import Terminal

LEFT = Leftover(what="arn:own", why="AccessDeniedException: no", command="aws bedrock delete-it arn:own")
AGAIN = f"{RUN_ID}_20260102-050405"


def failed(cloud: FakeCloud, name: str = "report.json", *, seconds: float = 200) -> None:
    """A failure report of a run that left something, written so many seconds after its start."""
    failure = {"state": "", "error": "Aborted", "cause": "Stopped.", "left": [LEFT]}
    report = build_failure_report(RUN_ID, "reviews", at(seconds).isoformat(timespec="seconds"), failure, {})
    cloud.files.put_json(f"{ROOT}8-report/{name}", report)


def started_again(cloud: FakeCloud, first: str = "FAILED") -> Execution:
    """The run's first execution, which has ended, and a second one that works."""
    cloud.machine.add(execution(first, stopped=at(190)))
    later: dict[str, Any] = {"name": AGAIN, "arn": cloud.machine.arn_of(AGAIN), "started": at(7200)}
    return cloud.machine.add(execution(**later, input={"dataset": "reviews", "runId": RUN_ID}))


@pytest.mark.parametrize("first", ["FAILED", "SUCCEEDED"])
def test_stop_stops_the_newest_execution_of_a_run_that_was_started_again(terminal: Terminal, first: str) -> None:
    again = started_again(terminal.cloud, first)
    set_run_state(terminal.cloud.paid, RUN_ID, OPEN, execution=AGAIN, now=EPOCH)
    code, _ = terminal.call("stop", RUN_ID)
    assert (code, terminal.cloud.machine.known[again.arn].status) == (0, "ABORTED")


def test_an_execution_with_any_name_is_found_by_the_run_that_the_ledger_says_it_holds(terminal: Terminal) -> None:
    cloud = terminal.cloud
    cloud.machine.add(execution("FAILED", stopped=at(190)))
    console = cloud.machine.add(
        execution(name="by-hand", arn=cloud.machine.arn_of("by-hand"), started=at(7200), input={"runId": RUN_ID})
    )
    set_run_state(cloud.paid, RUN_ID, OPEN, execution="by-hand", now=EPOCH)
    terminal.call("stop", RUN_ID)
    assert cloud.machine.known[console.arn].status == "ABORTED"


def test_an_execution_whose_run_another_one_holds_is_stopped_and_the_runs_jobs_are_left_alone(
    terminal: Terminal,
) -> None:
    cloud = terminal.cloud
    first, again = cloud.machine.add(execution()), started_again(cloud, "RUNNING")
    set_run_state(cloud.paid, RUN_ID, OPEN, execution=AGAIN, now=EPOCH)
    cloud.add_rows([row("nova-distill-reviews-1-w00-s0000", "batch")])
    code, text = terminal.call("stop", first.arn)
    assert code == 1 and f"{AGAIN}, holds the run" in text and f"python -m cli stop {AGAIN}" in text
    assert [cloud.machine.known[one.arn].status for one in (first, again)] == ["ABORTED", "RUNNING"]
    assert not [call for call in cloud.asked if call.startswith("job")]


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT"])
@pytest.mark.parametrize("name", ["report.json", "failure.json"])
def test_watch_says_what_a_run_left_whose_own_end_could_not_say_it(terminal: Terminal, status: str, name: str) -> None:
    terminal.cloud.machine.add(execution(status, stopped=at(190), cause="Stopped by hand."))
    terminal.cloud.files.put_json(f"{ROOT}8-report/report.json", {"verdict": {"decision": "hold"}})
    failed(terminal.cloud, name)
    code, text = terminal.call("watch", RUN_ID)
    assert code == 1 and str(LEFT) in " ".join(text.replace("│", " ").split())


def test_watch_says_once_what_the_cause_says_already(terminal: Terminal) -> None:
    cause = f"Stopped.\n{LEFT}"
    terminal.cloud.machine.add(execution("FAILED", stopped=at(190), error="StillCosts", cause=cause))
    failed(terminal.cloud)
    assert terminal.call("watch", RUN_ID)[1].count("STILL COSTS MONEY") == 1


def test_watch_says_that_the_clean_up_is_not_over_and_nothing_of_an_earlier_one(terminal: Terminal) -> None:
    terminal.cloud.machine.add(execution("ABORTED", stopped=at(190)))
    failed(terminal.cloud, seconds=-60)
    assert "being taken back" not in terminal.call("watch", RUN_ID)[1], "nothing was made"
    set_run_state(terminal.cloud.paid, RUN_ID, OPEN, execution=RUN_ID, now=EPOCH)
    text = terminal.call("watch", RUN_ID)[1]
    assert "are being taken back; watch it again" in text and "STILL COSTS MONEY" not in text


@pytest.mark.parametrize(("seconds", "said"), [(200, True), (100, False)])
def test_report_says_what_failed_after_the_verdict_but_not_before_it(
    terminal: Terminal, seconds: float, *, said: bool
) -> None:
    verdict = {"runId": RUN_ID, "dataset": "reviews", "verdict": {"decision": "promote"}}
    body = json.dumps(verdict | {"createdAt": at(150).isoformat(timespec="seconds")}).encode()
    terminal.cloud.files.objects[f"{ROOT}8-report/report.json"] = body
    failed(terminal.cloud, "failure.json", seconds=seconds)
    code, text = terminal.call("report", RUN_ID)
    assert code == 0 and "reviews: promote" in text
    assert (("After this verdict: Failed: Aborted." in text), (str(LEFT) in text)) == (said, said)
