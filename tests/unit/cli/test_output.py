"""What all commands share: JSON for programs, the deployment's name, codes, versions, ledgers of every kind."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from cli import connection
from cli.account import commands as account_commands
from cli.app import app
from distillation.bedrock import job_names
from distillation.bedrock.job_status import JobKind, known_statuses
from distillation.bedrock.waiting import JobLook
from distillation.records import Arm
from infra.packaging.release import release
from tests.unit.cli.account.test_doctor import Account
from tests.unit.cli.cloud_fake import FakeCloud
from tests.unit.cli.run_stories import ROOT, RUN_ID, at, execution, row, whole_run
from tests.unit.cli.terminal_fake import Terminal
from tests.unit.cli.test_commands import REPORT

PROJECT = Path(__file__).parents[3]


@pytest.fixture
def ended(terminal: Terminal) -> Terminal:
    """A run that has ended well."""
    terminal.cloud.machine.add(execution("SUCCEEDED", stopped=at(190)))
    terminal.cloud.machine.events = list(whole_run(inside_maps=True).events)
    terminal.cloud.files.objects[ROOT + "8-report/report.json"] = json.dumps(REPORT).encode()
    return terminal


# JSON


def test_runs_as_json(ended: Terminal) -> None:
    code, (line,) = ended.json("runs")
    assert code == 0
    assert (line["runId"], line["dataset"], line["status"], line["verdict"]) == (
        RUN_ID,
        "reviews",
        "SUCCEEDED",
        "promote",
    )
    assert line["startedAt"] == "2026-01-02T03:04:05Z"


def test_a_report_as_json_is_the_report(ended: Terminal) -> None:
    assert ended.json("report", RUN_ID) == (0, REPORT)


def test_watch_as_json_is_the_end_of_the_run(ended: Terminal) -> None:
    code, view = ended.json("watch", RUN_ID)
    assert (code, view["status"], view["decision"], view["failure"]) == (0, "SUCCEEDED", "promote", None)
    assert {stage["times"]["name"]: stage["times"]["state"] for stage in view["stages"]}["ScoreRun"] == "done"


def test_no_runs_as_json_is_an_empty_list(terminal: Terminal) -> None:
    assert terminal.json("runs") == (0, [])


def test_start_and_fetch_as_json(ended: Terminal, tmp_path: Path) -> None:
    ended.cloud.files.objects["seeds/reviews/a.jsonl"] = b""
    code, started = ended.json("start", "reviews")
    assert code == 0 and started["executionArn"].endswith(started["runId"])
    assert ended.json("fetch", RUN_ID, "--to", tmp_path) == (
        0,
        {"runId": RUN_ID, "files": 1, "folder": str(tmp_path)},
    )


def test_stop_as_json(terminal: Terminal) -> None:
    terminal.cloud.machine.add(execution("ABORTED", stopped=at(9)))
    done = {"runId": RUN_ID, "retired": [], "kept": [], "left": [], "costs": None}
    assert terminal.json("stop", RUN_ID) == (0, done)


def test_validate_as_json(terminal: Terminal, tmp_path: Path) -> None:
    seeds = tmp_path / "seeds.jsonl"
    seeds.write_text("not json\n")
    code, found = terminal.json("validate", seeds)
    assert code == 1 and found["fatal"] and found["rejected"][0]["reason"] == "not_json"


def test_an_estimate_and_a_plan_that_come_to_nothing_say_why_as_json(terminal: Terminal, tmp_path: Path) -> None:
    seeds, settings = tmp_path / "seeds.jsonl", tmp_path / "input.json"
    seeds.write_text("not json\n")
    settings.write_text('{"gate": 3}')
    for command in (("estimate", seeds), ("plan", "--input", settings)):
        code, found = terminal.json(*command)
        assert code == 1 and found["fatal"]


def test_what_goes_wrong_is_json_too(terminal: Terminal) -> None:
    code, said = terminal.json("report", "reviews-9")
    assert code == 1 and said["error"] == "The run reviews-9 has no report." and "watch reviews-9" in said["next"]


NEEDS = {"compare": ("a", "b"), "rebuild": ("nobody",), "fetch": ("--to", "x"), "promote": ("reviews", "--run", "x")}
"""What a command takes beside the options of all. The others take a dataset, or nothing."""
ON_A_DATASET = {"seeds", "start", "serving", "rollback", "pin", "unpin", "approve"}
WITHOUT_AWS = {"validate", "estimate", "plan"}
COMMANDS = get_command(app).commands  # type: ignore[attr-defined]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_prints_one_document_and_takes_its_stack_from_the_environment(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    """Where nothing was ever run and nothing is deployed: most have something to say against it."""
    asked: list[str] = []
    monkeypatch.setenv("NOVA_DISTILL_STACK", "Other")
    monkeypatch.setattr(connection, "connect", lambda stack, *_: asked.append(stack) or terminal.cloud)
    monkeypatch.setattr(account_commands, "confirm", lambda *_: None)
    monkeypatch.setattr(connection, "clients_of", lambda *_: Account({"Account": "111122223333", "Arn": "arn:x"}))
    seeds = tmp_path / "seeds.jsonl"
    seeds.write_text('{"prompt": "x"}\n')
    given = [seeds] if command in ("validate", "estimate") else ["reviews"] if command in ON_A_DATASET else []
    code, document = terminal.json(command, *NEEDS.get(command, given))
    assert code in (0, 1) and isinstance(document, dict | list)
    if command in ("doctor", "prove"):
        assert "Other" in json.dumps(document)
    else:
        assert asked == ([] if command in WITHOUT_AWS else ["Other"])


# codes, names


@pytest.mark.parametrize(
    ("decision", "serve", "code"),
    [
        ("promote", "student", 0),
        ("hold", "teacher", 10),
        ("reject", "teacher", 11),
        ("failed", None, 12),
        ("reject", "base", 21),
        ("hold", "few-shot", 30),
        ("hold", "direct", 40),
        ("hold", "champion", 50),
    ],
)
def test_the_verdict_and_who_should_serve_as_an_exit_code(
    ended: Terminal, decision: str, serve: str | None, code: int
) -> None:
    told = REPORT | {"verdict": {"decision": decision, "serve": serve}}
    ended.cloud.files.objects[ROOT + "8-report/report.json"] = json.dumps(told).encode()
    assert ended.call("report", RUN_ID, "--exit-code")[0] == code
    assert ended.call("report", RUN_ID)[0] == 0


@pytest.mark.parametrize(("on_aws", "where"), [(True, "· AWS ·"), (False, "· LOCAL AWS ·")])
def test_a_command_says_first_which_deployment_it_speaks_to(
    monkeypatch: pytest.MonkeyPatch, *, on_aws: bool, where: str
) -> None:
    monkeypatch.setenv("NOVA_DISTILL_STACK", "Other")
    head = Terminal(FakeCloud(on_aws=on_aws), monkeypatch).call("runs")[1].splitlines()[0]
    assert head.startswith("Other") and where in head and "account 123456789012 · us-east-1" in head


def test_version(terminal: Terminal) -> None:
    assert terminal.call("--version") == (0, f"nova-distill {release()}\n")


def test_the_entry_point_works_from_any_folder_and_names_itself(tmp_path: Path) -> None:
    """As `make install` writes it; a package `cli` in the user's folder does not get in its way."""
    (tmp_path / "cli.py").write_text("raise SystemExit('the wrong cli')")
    entry = tmp_path / "nova-distill"
    # `make test` runs this beside other phases: its flags are no business of a make that a user calls.
    alone = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    written = subprocess.run(
        ["make", "-s", "entry", f"ENTRY={entry}"], cwd=PROJECT, env=alone, capture_output=True, text=True, check=True
    )
    assert written.stderr == ""
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}

    def called(*arguments: str, **more: str) -> str:
        asked = ["nova-distill", *arguments]
        done = subprocess.run(
            asked, cwd=tmp_path, env=environment | more, capture_output=True, text=True, check=not more
        )
        return done.stdout

    assert called("watch", "--help").startswith("Usage: nova-distill watch")
    asked = {"_NOVA_DISTILL_COMPLETE": "complete_bash", "COMP_WORDS": "nova-distill re", "COMP_CWORD": "1"}
    assert called(**asked).split() == ["report", "rebuild"]


def test_hints_name_the_command_as_it_was_called(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOVA_DISTILL_COMMAND", "nova-distill")
    text = terminal.call("report", "reviews-9")[1]
    assert "nova-distill watch reviews-9" in text and "python -m" not in text


# every command on every kind of ledger row


def ledger_names() -> dict[str, str]:
    """A ledger name of every kind, as they are made."""
    app, promoted = "nova-distill", job_names.promotion("nova-distill", RUN_ID)
    return {
        job_names.batch(app, RUN_ID, 0, 0): JobKind.BATCH,
        job_names.batch(app, RUN_ID, 1, 3, attempt=2): JobKind.BATCH,
        **{job_names.prediction_batch(app, RUN_ID, arm, 0, 1): JobKind.BATCH for arm in Arm},
        **{job_names.evaluation(app, RUN_ID, arm, 1, "0a1b2c"): JobKind.EVALUATION for arm in Arm},
        **{job_names.tuning(app, RUN_ID, arm): JobKind.TUNING for arm in (Arm.STUDENT, Arm.DIRECT)},
        job_names.deployment(app, RUN_ID, Arm.STUDENT, 1): JobKind.DEPLOYMENT,
        promoted: JobKind.PROMOTION,
        job_names.way_back(promoted): JobKind.PROMOTION,
        job_names.approval(app, RUN_ID): "approval",
        "somebody-elses-job": "a kind of a later release",
    }


@pytest.mark.parametrize("state", ["SUBMITTING", "SUBMITTED", "ENDED"])
@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED", "FAILED"])
@pytest.mark.parametrize(
    "command",
    [("watch",), ("report", RUN_ID), ("runs",), ("serving", "reviews"), ("approve", RUN_ID)],
    ids=lambda c: c[0],
)
def test_every_command_copes_with_every_kind_of_ledger_row(
    terminal: Terminal, command: tuple[str, ...], status: str, state: str
) -> None:
    cloud = terminal.cloud
    cloud.machine.add(execution(status))
    cloud.machine.events = list(whole_run(inside_maps=True).events)
    cloud.files.objects[ROOT + "8-report/report.json"] = json.dumps(REPORT).encode()
    known = {
        name: sorted(known_statuses(JobKind(kind))) for name, kind in ledger_names().items() if kind in set(JobKind)
    }
    cloud.jobs.update({name: JobLook(status=statuses[0]) for name, statuses in known.items()})
    arn = {"job_arn": None} if state == "SUBMITTING" else {}
    cloud.add_rows([row(name, kind, state=state, **arn) for name, kind in ledger_names().items()])
    if command == ("watch",) and status == "RUNNING":
        cloud.machine.on_describe = lambda: cloud.machine.add(execution("SUCCEEDED", stopped=at(200)))
    code, text = terminal.call(*command)
    assert code in (0, 1) and text and "Traceback" not in text
    if command == ("watch",):
        assert code == (1 if status == "FAILED" else 0)
