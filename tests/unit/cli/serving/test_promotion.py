"""promote, rollback, approve and serving as a person calls them; AWS is one in memory, the steps are the application's
own.
"""

import getpass
import json
from datetime import timedelta

import pytest

from application.serving.approval import ask_for_approval
from cli import connection
from distillation.layout import RunLayout
from gateways.executions import Execution
from tests.fakes import EPOCH, FakeExecutions
from tests.unit.cli.terminal_fake import Terminal
from tests.worlds.promotion_world import DATASET, STABLE, PromotionWorld
from tests.worlds.report_world import ESTIMATE


class Desk:
    """A terminal, and the world that its commands act on."""

    def __init__(self, terminal: Terminal) -> None:
        self.world, self.terminal = PromotionWorld(), terminal
        machine = "arn:aws:states:us-east-1:123456789012:stateMachine:NovaDistill"
        self.world.settings = self.world.settings._replace(state_machine_arn=machine)
        self.world.__dict__["executions"] = FakeExecutions()

    def add_run(self, run_id: str, decision: str = "hold") -> str:
        report = {
            "runId": run_id,
            "dataset": DATASET,
            "verdict": {"decision": decision, "headline": "Hold: too few items.", "reasons": ["About 400 items"]},
        }
        self.world.files.put(RunLayout(run_id).report("report.json"), json.dumps(report).encode())
        return self.world.add_run(run_id)

    def call(self, *arguments: str) -> tuple[int, str]:
        return self.terminal.call(*arguments)


@pytest.fixture
def desk(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk(terminal)
    monkeypatch.setattr(connection, "connect", lambda *_: desk.world)
    return desk


def test_a_held_student_is_promoted_by_hand_and_rolled_back(desk: Desk) -> None:
    first, second = desk.add_run("run-1"), desk.add_run("run-2")
    code, text = desk.call("promote", DATASET, "--run", "run-1", "--yes")
    assert code == 0 and "About 400 items" in text and "Serves now: nothing" in text and "20 of 20" in text
    assert desk.call("promote", DATASET, "--run", "run-2", "--yes")[0] == 0
    assert desk.world.stable.models[STABLE] == second
    code, text = desk.call("rollback", DATASET, "--yes")
    assert code == 0 and "run-1 serves reviews again" in text
    now = desk.world.parameter
    assert (now.model_arn, now.rolled_back_from, desk.world.stable.models[STABLE]) == (first, "run-2", first)
    assert "The last rollback went back from run-2" in desk.call("serving", DATASET)[1]
    assert "nothing in the history" in desk.call("rollback", DATASET, "--yes")[1]


def test_pin_and_unpin_say_who_and_why_and_serving_shows_it(desk: Desk) -> None:
    assert "Nothing was promoted" in desk.call("pin", DATASET)[1]
    desk.add_run("run-1")
    desk.call("promote", DATASET, "--run", "run-1", "--yes")
    user = getpass.getuser()
    assert desk.world.parameter.by == user
    assert desk.call("pin", DATASET, "--reason", "sale week")[0] == 0
    assert desk.world.parameter.pinned.startswith(f"{user} at 20") and desk.world.parameter.pinned.endswith("sale week")
    assert f"Pinned by {user} at" in desk.call("serving", DATASET)[1]
    assert desk.call("unpin", DATASET)[0] == 0 and desk.world.parameter.pinned == ""


def test_all_of_it_as_json(desk: Desk) -> None:
    for run in ("run-1", "run-2"):
        desk.add_run(run)
    desk.world.__dict__["executions"].start("run-2", {"dataset": DATASET, "runId": "run-2"})
    ask_for_approval(desk.world, "run-2", "token", 72)
    said = {
        command: desk.terminal.json(command, *arguments)
        for command, *arguments in (
            ("waiting",),
            ("approve", "run-2"),
            ("promote", DATASET, "--run", "run-1", "--yes"),
            ("pin", DATASET),
            ("unpin", DATASET),
            ("promote", DATASET, "--run", "run-2", "--yes"),
            ("rollback", DATASET, "--yes"),
            ("serving", DATASET),
        )
    }
    assert {code for code, _ in said.values()} == {0}
    assert said["waiting"][1][0]["runId"] == "run-2" and said["approve"][1]["decision"] == "approved"
    assert said["rollback"][1]["runId"] == said["serving"][1]["runId"] == "run-1"


def test_without_a_yes_nothing_happens(desk: Desk) -> None:
    desk.add_run("run-1")
    code, text = desk.call("promote", DATASET, "--run", "run-1")
    assert code == 1 and "Have the student of run-1 serve reviews?" in text
    assert not desk.world.stable.created and not desk.world.ssm.values


def test_a_promotion_waits_for_the_move(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.add_run("run-1")
    desk.add_run("run-2")
    desk.call("promote", DATASET, "--run", "run-1", "--yes")
    desk.world.stable.slow = True
    looks: list[float] = []

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 3:
            desk.world.stable.settle()

    monkeypatch.setattr("time.sleep", sleep)
    assert desk.call("promote", DATASET, "--run", "run-2", "--yes")[0] == 0
    assert len(looks) == 3


def test_a_move_that_does_not_end_is_left_to_itself(desk: Desk) -> None:
    desk.add_run("run-1")
    desk.add_run("run-2")
    desk.call("promote", DATASET, "--run", "run-1", "--yes")
    desk.world.stable.slow = True
    code, text = desk.call("promote", DATASET, "--run", "run-2", "--yes")
    assert code == 1 and "after an hour" in text and desk.world.parameter.run_id == "run-1"


@pytest.mark.parametrize("command", ["promote", "rollback"])
def test_a_canary_that_fails_leaves_what_serves(desk: Desk, command: str) -> None:
    first, second = desk.add_run("run-1"), desk.add_run("run-2")
    desk.call("promote", DATASET, "--run", "run-1", "--yes")
    if command == "rollback":
        desk.call("promote", DATASET, "--run", "run-2", "--yes")
        desk.world.wrong.add(first)
        code, text = desk.call("rollback", DATASET, "--yes")
    else:
        desk.world.wrong.add(second)
        code, text = desk.call("promote", DATASET, "--run", "run-2", "--yes")
    assert code == 1 and "0 of 20 canary prompts" in text
    kept = {"promote": ("run-1", first), "rollback": ("run-2", second)}[command]
    assert (desk.world.parameter.run_id, desk.world.stable.models[STABLE]) == kept


def test_in_haste_a_rollback_asks_no_canary(desk: Desk) -> None:
    first = desk.add_run("run-1")
    desk.add_run("run-2")
    for run in ("run-1", "run-2"):
        desk.call("promote", DATASET, "--run", run, "--yes")
    desk.world.wrong.add(first)
    assert desk.call("rollback", DATASET, "--yes", "--skip-canary", "--to", "run-1")[0] == 0
    assert desk.world.stable.models[STABLE] == first


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("promote", DATASET, "--run", "nobody"), "There is no run nobody"),
        (("promote", "others", "--run", "run-1"), "belongs to the dataset reviews"),
        (("rollback", "others"), "Nothing was promoted for others yet"),
        (("rollback", DATASET, "--to", "run-9"), "no run run-9 in the history"),
        (("promote", DATASET, "--run", "run-1"), "serves reviews already"),
        (("serving", "others"), "Nothing was promoted"),
        (("approve", "run-1"), "does not wait for an approval"),
    ],
)
def test_what_cannot_be_is_said_with_the_next_step(desk: Desk, arguments: tuple[str, ...], said: str) -> None:
    desk.add_run("run-1")
    desk.call("promote", DATASET, "--run", "run-1", "--yes")
    code, text = desk.call(*arguments)
    assert code == 1 and said in text


def test_a_run_without_a_student_cannot_be_promoted(desk: Desk) -> None:
    desk.add_run("run-1")
    del desk.world.files.objects[RunLayout("run-1").students]
    assert "no student that answered" in desk.call("promote", DATASET, "--run", "run-1")[1]


@pytest.mark.parametrize(("arguments", "approved"), [((), True), (("--decline",), False)])
def test_an_answer_lets_the_run_go_on_once(desk: Desk, arguments: tuple[str, ...], approved: bool) -> None:
    desk.add_run("run-1")
    ask_for_approval(desk.world, "run-1", "token", 72)
    assert desk.call("approve", "run-1", *arguments)[0] == 0
    assert desk.world.completed.succeeded["token"]["approved"] is approved
    code, text = desk.call("approve", "run-1")
    assert code == 1 and f"has its answer already: {'approved' if approved else 'declined'}" in text


def test_an_answer_that_comes_too_late_is_said(desk: Desk) -> None:
    desk.add_run("run-1")
    ask_for_approval(desk.world, "run-1", "token", 72)
    desk.world.now.move(hours=73)  # type: ignore[attr-defined]
    assert "went on without an answer" in desk.call("approve", "run-1")[1]
    desk.world.now.time -= timedelta(hours=73)  # type: ignore[attr-defined]
    desk.world.completed.over.add("token")
    assert "does not wait any more" in desk.call("approve", "run-1")[1]
    assert "has its answer already: over" in desk.call("approve", "run-1")[1]


def test_what_waits_is_listed_with_its_command_until_it_is_answered(desk: Desk) -> None:
    machine = desk.world.__dict__["executions"]
    for run in ("run-1", "run-2"):
        desk.add_run(run)
        machine.start(run, {"dataset": DATASET, "runId": run})
    ask_for_approval(desk.world, "run-2", "token", 72)
    code, text = desk.call("waiting")
    assert code == 0 and "run-2" in text and "2026-01-04 00:00" in text and "cli approve run-2" in text
    assert "run-1" not in text
    assert desk.call("approve", "run-2", "--decline", "--reason", "not this month")[0] == 0
    assert "No run waits" in desk.call("waiting")[1]
    row = next(row for row in desk.world.rows.rows("run-2") if row.kind == "approval")
    assert row.status == "declined" and (row.message or "").endswith(" at 2026-01-01 00:00 UTC: not this month")


def test_a_run_that_waits_for_its_money_says_how_much_and_every_run_has_its_command(desk: Desk) -> None:
    machine = desk.world.__dict__["executions"]
    for run, kind in (("run-1", "spending"), ("run-2", "approval")):
        desk.add_run(run)
        machine.start(run, {"dataset": DATASET, "runId": run})
        desk.world.files.put_json(RunLayout(run).estimate, ESTIMATE)
        ask_for_approval(desk.world, run, f"token of {run}", 72, kind)
    _, text = desk.call("waiting")
    assert "spending 0.88 USD" in text and text.count(" USD") == 1
    assert "cli approve run-1" in text and "cli approve run-2" in text
    assert [one["expectedUsd"] for one in desk.terminal.json("waiting")[1]] == [0.88, None]


def test_the_list_of_runs_says_who_answered_what_when_and_why(desk: Desk) -> None:
    machine = desk.world.__dict__["executions"]
    for run, answer in (("run-1", ["--decline", "--reason", "not now"]), ("run-2", []), ("run-3", None)):
        desk.add_run(run, "promote")
        ask_for_approval(desk.world, run, f"token of {run}", 72)
        if answer is not None:
            desk.call("approve", run, *answer)
        started = Execution(machine.arn_of(run), run, "SUCCEEDED", EPOCH, EPOCH, {"dataset": DATASET, "runId": run})
        machine.add(started)
    rows = {row[0]: row for line in desk.call("runs")[1].splitlines() if (row := line.split())}
    assert [rows[f"run-{n}"][4] for n in (1, 2, 3)] == ["declined", "approved", "nobody"]
    listed = {line["runId"]: line for line in json.loads(desk.call("runs", "--json")[1])}
    said = f"declined by {getpass.getuser()} at 2026-01-01 00:00 UTC: not now"
    assert (listed["run-1"]["answer"], listed["run-1"]["declined"]) == (said, True)
    assert (listed["run-3"]["answer"], listed["run-3"]["declined"]) == ("nobody answered", False)
