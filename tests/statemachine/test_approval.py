"""Runs whose promotion waits for a person's word: approved, and declined."""

import time
from concurrent.futures import ThreadPoolExecutor
from subprocess import CompletedProcess
from typing import Any, NamedTuple

import pytest

from tests.flow import LABELS, PATIENCE, App, check_counts, jsonl, reviews

SETTINGS: dict[str, Any] = {
    "task": LABELS,
    "sampling": {"sampled": 0},
    "split": {"holdoutShare": 0.5},
    "gate": {"margin": 1.0},
    "promotion": "approve",
    "serving": {"keepRejectedModel": False},
}
ANSWERS = {"approved": (), "declined": ("--decline",)}


class Asked(NamedTuple):
    """How a run ended that waited for an answer; the stable deployments while it waited; what the command said, and what it said to a second answer."""

    run: dict[str, Any]
    waiting: list[str]
    said: CompletedProcess[str]
    again: CompletedProcess[str]


@pytest.fixture(scope="module")
def runs(app: App) -> dict[str, Asked]:
    """Both runs, ended. They go side by side."""
    with app.untriggered():
        for name in ANSWERS:
            app.upload(f"seeds/{name}/seeds.jsonl", jsonl(reviews(110, f" when {name}")))
    with ThreadPoolExecutor() as pool:
        return dict(zip(ANSWERS, pool.map(lambda name: _answered(app, name), ANSWERS), strict=True))


def _answered(app: App, name: str) -> Asked:
    execution = app.start(name, SETTINGS | {"dataset": name, "runId": name})
    until = time.monotonic() + PATIENCE
    while not app.keys(f"runs/{name}/8-report/report.json") and time.monotonic() < until:
        time.sleep(0.5)
    waiting = app.deployments(f"nova-distill-{name}-stable")
    while (said := app.cli("approve", name, *ANSWERS[name])).returncode and time.monotonic() < until:
        time.sleep(0.5)
    return Asked(app.wait(execution), waiting, said, app.cli("approve", name))


@pytest.mark.parametrize("name", list(ANSWERS))
def test_the_run_waits_with_nothing_promoted_and_takes_one_answer(app: App, runs: dict[str, Asked], name: str) -> None:
    run, waiting, said, again = runs[name]
    assert waiting == []
    assert said.returncode == 0, said.stderr
    assert run["status"] == "SUCCEEDED", run.get("cause")
    assert again.returncode == 1
    assert "was answered before" in again.stderr
    report = app.json(f"runs/{name}/8-report/report.json")
    check_counts(report["counts"])
    assert report["verdict"]["decision"] == "promote"


def test_an_approved_student_serves(app: App, runs: dict[str, Asked]) -> None:
    now = app.parameter("approved")
    assert now["runId"] == "approved"
    assert app.serves("approved") == (now["deploymentArn"], now["modelArn"])
    assert app.deployments("nova-distill-approved-") == ["nova-distill-approved-stable"]


def test_a_declined_student_is_retired_with_its_model_and_named_nowhere(app: App, runs: dict[str, Asked]) -> None:
    assert app.deployments("nova-distill-declined-") == app.models("nova-distill-declined-") == []
    names = [p["Name"] for page in app.client("ssm").get_paginator("describe_parameters").paginate() for p in page["Parameters"]]
    assert "/nova-distill/declined/student" not in names
