"""Runs whose end leaves something behind: what is retired, what is said to be left, and what becomes of it."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.flow import LABELS, App, jsonl, reviews

SETTINGS = {"task": LABELS, "sampling": {"sampled": 3}, "split": {"holdoutShare": 0.3}}
Run = dict[str, Any]


def until(seen: Callable[[], Any], seconds: float = 90) -> Any:
    """What `seen` gives once it gives something."""
    end = time.monotonic() + seconds
    while not (found := seen()) and time.monotonic() < end:
        time.sleep(0.2)
    assert found
    return found


def deployment_of(app: App, run_id: str) -> str:
    """The ARN of the run's own deployment, once there is one."""

    def made() -> list[str]:
        found = app.client("bedrock").list_custom_model_deployments(nameContains=f"nova-distill-{run_id}-")
        return [one["customModelDeploymentArn"] for one in found["modelDeploymentSummaries"]]

    return str(until(made)[0])


def start(app: App, name: str, **more: Any) -> str:
    app.upload(f"seeds/{name}/seeds.JSONL", jsonl(reviews(28)))
    return app.start(name, {"dataset": name, "runId": name} | SETTINGS | more)


def denied_clean_up(app: App) -> Run:
    """A run whose deployment fails and may not be deleted."""
    app.fault("slowJob", jobName="nova-distill-denied-student-d0", seconds=6)
    app.fault("failed", jobName="nova-distill-denied-student-d0", message="no capacity")
    execution = start(app, "denied")
    arn = deployment_of(app, "denied")
    app.fault("accessDenied", operation="DeleteCustomModelDeployment", jobName=arn, times=None)
    return app.wait(execution) | {"left": arn}


STORIES = {"denied": denied_clean_up}


@pytest.fixture(scope="module")
def runs(app: App) -> dict[str, Run]:
    """Every story's execution, ended. The stories go side by side."""
    with ThreadPoolExecutor(2) as pool:
        futures = {name: pool.submit(story, app) for name, story in STORIES.items()}
        return {name: future.result() for name, future in futures.items()}


def test_what_the_clean_up_may_not_delete_is_named_with_reason_and_command_in_cause_report_and_watch(
    app: App, runs: dict[str, Run]
) -> None:
    run = runs["denied"]
    assert (run["status"], run["error"]) == ("FAILED", "DeploymentFailed")
    assert f"STILL COSTS MONEY: {run['left']} (AccessDeniedException: " in run["cause"]
    command = f"aws bedrock delete-custom-model-deployment --custom-model-deployment-identifier {run['left']}"
    assert command in run["cause"]
    report = app.json("runs/denied/8-report/report.json")
    assert (report["left"][0]["what"], report["left"][0]["command"]) == (run["left"], command)
    assert report["nothingMade"] is False
    assert "ThrottledByBedrock" in report["left"][1]["why"], "the model cannot go while its deployment stays"
    assert app.models("nova-distill-denied-") == ["nova-distill-denied-student-t0"]
    assert "STILL COSTS MONEY" in app.cli("watch", "denied").stdout
