"""Promotions that wait for a person's word, and promotions that do not hold: the student before goes on serving behind
the same ARN.
"""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from subprocess import CompletedProcess
from typing import Any, NamedTuple

import pytest

from tests.flow import LABELS, PATIENCE, App, check_counts, jsonl, reviews, turn_round

SETTINGS: dict[str, Any] = {
    "task": LABELS,
    "sampling": {"sampled": 0},
    "split": {"holdoutShare": 0.5},
    "gate": {"margin": 1.0, "overBase": False, "championMargin": 1.0},
    "promotion": "approve",
    "serving": {"keepRejectedModel": False},
}


class Asked(NamedTuple):
    """How a run ended that waited for an answer; the stable deployment while it waited; what the command said, and what
    it said to a second answer.
    """

    run: dict[str, Any]
    waiting: list[str]
    said: CompletedProcess[str]
    again: CompletedProcess[str]


class Stories(NamedTuple):
    """Run id -> how it ended.

    `serves` and `parameters`: of the dataset `approved`, after its run of that name, and after each of the two that
    follow. `held`: two runs of the dataset `held` that would promote by themselves, once it is pinned, and once more
    when an older student was put in place by hand.
    """

    asked: dict[str, Asked]
    unmoved: dict[str, Any]
    serves: list[tuple[str, str]]
    parameters: list[dict[str, Any]]
    held: dict[str, dict[str, Any]]


def tell(app: App) -> Stories:
    """All runs, ended. The declined one goes beside those of the other dataset, which go one after the other."""
    with app.untriggered():
        for dataset in ("approved", "declined", "held"):
            app.upload(f"seeds/{dataset}/seeds.jsonl", jsonl(reviews(110)))
    with ThreadPoolExecutor() as pool:
        declined = pool.submit(_answered, app, "declined", "declined", "--decline")
        held = pool.submit(_held, app)
        asked = {"approved": _answered(app, "approved", "approved")}
        serves, parameters = [app.serves("approved")], [app.parameter("approved")]
        asked["spoiled"] = _answered(app, "approved", "spoiled", spoil=True)
        serves.append(app.serves("approved"))
        parameters.append(app.parameter("approved"))
        app.fault("failed", jobName="nova-distill-approved-stable", message="no capacity for the new model")
        unmoved = app.wait(
            app.start("unmoved", SETTINGS | {"dataset": "approved", "runId": "unmoved", "promotion": "auto"})
        )
        serves.append(app.serves("approved"))
        parameters.append(app.parameter("approved"))
        return Stories(asked | {"declined": declined.result()}, unmoved, serves, parameters, held.result())


@pytest.fixture(scope="module")
def stories(told: Callable[[str], Stories]) -> Stories:
    """What came of them."""
    return told(__name__)


def _answered(app: App, dataset: str, run_id: str, *answer: str, spoil: bool = False) -> Asked:
    execution = app.start(run_id, SETTINGS | {"dataset": dataset, "runId": run_id})
    until = time.monotonic() + PATIENCE
    while app.runs(execution) and not app.keys(f"runs/{run_id}/8-report/report.json") and time.monotonic() < until:
        time.sleep(0.5)
    waiting = app.deployments(f"nova-distill-{dataset}-stable")
    if spoil:
        turn_round(app, run_id)
    while (said := app.cli("approve", run_id, *answer)).returncode and app.runs(execution) and time.monotonic() < until:
        time.sleep(0.5)
    return Asked(app.wait(execution), waiting, said, app.cli("approve", run_id))


def _held(app: App) -> dict[str, dict[str, Any]]:
    def ended(name: str, run_id: str) -> dict[str, Any]:
        return app.wait(app.start(name, SETTINGS | {"dataset": "held", "runId": run_id, "promotion": "auto"}))

    held = {"older": ended("held-older", "held-older")}
    assert app.cli("pin", "held", "--reason", "sale week").returncode == 0
    held["pinned"] = ended("held-newer", "held-newer")
    app.cli("unpin", "held")
    held["by itself"] = ended("held-newer-again", "held-newer") | {"served": app.parameter("held")}
    assert app.cli("rollback", "held", "--yes").returncode == 0
    held["by hand"] = ended("held-newer-late", "held-newer") | {"served": app.parameter("held")}
    return held


@pytest.mark.parametrize("name", ["approved", "declined"])
def test_the_run_waits_with_nothing_promoted_and_takes_one_answer(app: App, stories: Stories, name: str) -> None:
    run, waiting, said, again = stories.asked[name]
    assert waiting == []
    assert said.returncode == 0, said.stderr
    assert run["status"] == "SUCCEEDED", run.get("cause")
    assert again.returncode == 1
    assert "has its answer already" in again.stderr
    report = app.json(f"runs/{name}/8-report/report.json")
    check_counts(report["counts"])
    assert report["verdict"]["decision"] == "promote"


def test_an_approved_student_serves(app: App, stories: Stories) -> None:
    now = stories.parameters[0]
    assert now["runId"] == "approved"
    assert stories.serves[0] == (now["deploymentArn"], now["modelArn"])
    assert app.models("nova-distill-approved-") == ["nova-distill-approved-student-t0"]


def test_a_declined_student_is_retired_with_its_model_and_named_nowhere(app: App, stories: Stories) -> None:
    assert app.deployments("nova-distill-declined-") == app.models("nova-distill-declined-") == []
    names = [
        p["Name"]
        for page in app.client("ssm").get_paginator("describe_parameters").paginate()
        for p in page["Parameters"]
    ]
    assert "/nova-distill/declined/student" not in names


def test_a_promotion_whose_canary_answers_otherwise_is_taken_back_and_the_student_before_serves(
    app: App, stories: Stories
) -> None:
    run, waiting, said, _ = stories.asked["spoiled"]
    assert waiting == ["nova-distill-approved-stable"]
    assert said.returncode == 0, said.stderr
    assert (run["status"], run["error"]) == ("FAILED", "CanaryFailed")
    assert "serving.canaryAgreement" in run["cause"]
    assert stories.serves[1] == stories.serves[0]
    assert stories.parameters[1] == stories.parameters[0]
    assert app.deployments("nova-distill-spoiled-") == app.models("nova-distill-spoiled-") == []


def test_a_move_that_bedrock_fails_leaves_the_student_before_serving(app: App, stories: Stories) -> None:
    assert stories.unmoved["status"] == "FAILED"
    assert "no capacity for the new model" in stories.unmoved["cause"]
    assert stories.serves[2] == stories.serves[0]
    assert stories.parameters[2] == stories.parameters[0]
    assert app.deployments("nova-distill-unmoved-") == app.models("nova-distill-unmoved-") == []


def test_a_pinned_dataset_keeps_what_serves_and_report_and_watch_say_who_and_why(app: App, stories: Stories) -> None:
    run = stories.held["pinned"]
    assert run["status"] == "SUCCEEDED", run.get("cause")
    held = json.loads(run["output"])["held"]
    assert "pinned to held-older by " in held and "sale week" in held
    assert app.models("nova-distill-held-newer-") == ["nova-distill-held-newer-student-t0"]
    assert "Not promoted by itself" in app.cli("watch", app.execution_of("held-newer")).stdout
    assert stories.held["by itself"]["served"]["runId"] == "held-newer"


def test_a_run_id_that_is_started_again_does_not_promote_over_what_was_put_in_place_by_hand(
    app: App, stories: Stories
) -> None:
    run = stories.held["by hand"]
    assert run["status"] == "SUCCEEDED", run.get("cause")
    assert (run["served"]["runId"], bool(run["served"]["by"])) == ("held-older", True)
    assert "held-older was put in place by hand after this run began" in json.loads(run["output"])["held"]
    warnings = app.json("runs/held-newer/8-report/report.json")["warnings"]
    assert any(warning.startswith("Not promoted by itself: held-older") for warning in warnings)
