"""doctor and prove on the local AWS: every question is answered, what it can show of the assumptions holds, nothing
stays.
"""

import re
from pathlib import Path

from cli.account.assumptions import ASSUMPTIONS
from tests.flow import App
from tests.proofs import replay
from tests.screens import documented

UNSEEN = {"judge", "both-sampling-fields"}
"""What only a judge of another family shows; the app is deployed with none."""


def test_doctor_finds_nothing_that_would_stop_a_run(app: App) -> None:
    done = app.cli("doctor", COLUMNS="80")
    assert done.returncode == 0, done.stdout
    assert "Nothing here would stop a run" in done.stdout
    assert done.stdout.count("may be called") == 3
    shown, said = (
        [re.sub(r"\d+", "0", line.rstrip()) for line in text.splitlines()]
        for text in (documented("doctor"), done.stdout)
    )
    assert shown == said, "docs/first-hour.md is behind: make screens"


def test_prove_shows_every_assumption_leaves_nothing_and_its_files_can_be_read(app: App, tmp_path: Path) -> None:
    done = app.cli("prove", "--yes", "--to", str(tmp_path), "--every", "0.3")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("✓") == len(ASSUMPTIONS) - len(UNSEEN)
    assert done.stdout.count("not proven") == len(UNSEEN) + 1
    summary = "14 hold, 0 do not, 2 not proven."
    assert summary in done.stdout and summary in documented("prove")
    replay(tmp_path)
    assert not [name for name in names(app) if "-proof-" in name]


def names(app: App) -> list[str]:
    """Deployments, models, machines, rules and queues: what prove makes beside jobs."""
    return [
        *app.deployments("nova-distill-proof-"),
        *app.models("nova-distill-proof-"),
        *(one["name"] for one in app.client("stepfunctions").list_state_machines()["stateMachines"]),
        *(one["Name"] for one in app.client("events").list_rules()["Rules"]),
        *app.client("sqs").list_queues().get("QueueUrls", []),
    ]
