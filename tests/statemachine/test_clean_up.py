"""Runs whose end leaves something behind: what is retired, what is said to be left, and what becomes of it."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.flow import LABELS, PATIENCE, App, jsonl, reviews

SETTINGS = {"task": LABELS, "sampling": {"sampled": 3}, "split": {"holdoutShare": 0.3}}
SYSTEM = "Say how the writer of the review feels.\nAnswer with exactly one of: negative | positive"
Run = dict[str, Any]


def until(seen: Callable[[], Any], seconds: float = PATIENCE) -> Any:
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


def stopped_with_a_deployment(app: App) -> Run:
    """A run that is stopped while its deployment is being made: no Catch of the machine sees that. Its execution has
    another name, and its input is whole only with the dataset's input.json.
    """
    app.fault("slowJob", jobName="nova-distill-halted-student-d0", seconds=4)
    app.upload("seeds/halted/input.json", b'{"task": {"answerPattern": "(negative|positive)"}}')
    app.upload("seeds/halted/seeds.JSONL", jsonl(review | {"system": SYSTEM} for review in reviews(28)))
    half = SETTINGS | {"dataset": "halted", "runId": "halted", "task": {"kind": "answer"}}
    execution = app.start("halted_first", half)
    deployment_of(app, "halted")
    app.client("stepfunctions").stop_execution(executionArn=execution, cause="by hand")
    until(lambda: app.keys("runs/halted/8-report/report.json"))
    return app.wait(execution)


def stopped_by_the_command(app: App) -> Run:
    """A run whose batch job works when its user stops it, and that goes on later."""
    app.fault("slowJob", jobName="nova-distill-quit-w", seconds=30)
    execution = start(app, "quit")
    until(lambda: app.jobs("nova-distill-quit-w"))
    said = app.cli("stop", "quit")
    until(lambda: app.keys("runs/quit/8-report/report.json"))
    again = app.wait(app.start("quit-again", {"dataset": "quit", "runId": "quit"} | SETTINGS))
    return app.wait(execution) | {"said": said, "again": again}


def torn_twice(app: App) -> Run:
    """A run that may not ask its student, and its rerun, whose loss curves have another form and whose deployment may
    not be deleted after the verdict.
    """
    app.fault("slowJob", jobName="nova-distill-torn-student-d", seconds=5, times=2)
    execution = start(app, "torn")
    app.fault("accessDenied", operation="Converse", jobName=deployment_of(app, "torn"), times=None)
    first, models = app.wait(execution), app.models("nova-distill-torn-")
    again = app.start("torn_again", {"dataset": "torn", "runId": "torn"} | SETTINGS)
    left = deployment_of(app, "torn")
    app.fault("accessDenied", operation="DeleteCustomModelDeployment", jobName=left, times=None)
    for key in app.keys("runs/torn/6-model/"):
        if key.endswith("_metrics.csv"):
            app.upload(key, b"\xef\xbb\xbfstep,loss\n1.0,\n")
    return app.wait(again) | {"first": first, "models": models, "left": left}


STORIES = {
    "denied": denied_clean_up,
    "halted": stopped_with_a_deployment,
    "quit": stopped_by_the_command,
    "torn": torn_twice,
}


def tell(app: App) -> dict[str, Run]:
    """Every story's execution, ended. The stories go side by side."""
    with ThreadPoolExecutor() as pool:
        futures = {name: pool.submit(story, app) for name, story in STORIES.items()}
        return {name: future.result() for name, future in futures.items()}


@pytest.fixture(scope="module")
def runs(told: Callable[[str], dict[str, Run]]) -> dict[str, Run]:
    """What came of them."""
    return told(__name__)


def test_what_the_clean_up_may_not_delete_is_named_with_reason_and_command_in_cause_report_and_watch(
    app: App, runs: dict[str, Run]
) -> None:
    run = runs["denied"]
    assert (run["status"], run["error"]) == ("FAILED", "DeploymentFailed")
    assert f"STILL COSTS MONEY: {run['left']} (AccessDeniedException: " in run["cause"]
    command = (
        f"aws bedrock delete-custom-model-deployment --custom-model-deployment-identifier {run['left']} "
        "--region us-east-1"
    )
    assert command in run["cause"]
    report = app.json("runs/denied/8-report/report.json")
    assert (report["left"][0]["what"], report["left"][0]["command"]) == (run["left"], command)
    assert report["nothingMade"] is False
    assert "ThrottledByBedrock" in report["left"][1]["why"], "the model cannot go while its deployment stays"
    assert app.models("nova-distill-denied-") == ["nova-distill-denied-student-t0"]
    assert "STILL COSTS MONEY" in app.cli("watch", "denied").stdout


def test_an_execution_that_is_stopped_leaves_nothing_and_has_a_report(app: App, runs: dict[str, Run]) -> None:
    assert runs["halted"]["status"] == "ABORTED"
    report = app.json("runs/halted/8-report/report.json")
    assert (report["error"], report["left"]) == ("Aborted", [])
    assert [line.partition(" arn:")[0] for line in report["deleted"]] == ["deleted deployment", "deleted custom model"]
    assert app.deployments("nova-distill-halted-") == app.models("nova-distill-halted-") == []


def test_the_stop_command_stops_machine_and_jobs_says_the_cost_and_the_run_can_go_on(
    app: App, runs: dict[str, Run]
) -> None:
    run = runs["quit"]
    assert run["status"] == "ABORTED"
    assert run["said"].returncode == 0, run["said"].stderr
    assert "stopped batch job" in run["said"].stdout and "So far: " in run["said"].stdout
    assert run["again"]["status"] == "SUCCEEDED", run["again"].get("cause")
    counts = app.json("runs/quit/8-report/report.json")["counts"]
    assert counts["requestsMissing"] == 0


def test_a_model_that_was_asked_outlives_a_failure_and_the_rerun_takes_it_up(app: App, runs: dict[str, Run]) -> None:
    first = runs["torn"]["first"]
    assert (first["status"], first["error"]) == ("FAILED", "AccessDeniedException")
    assert runs["torn"]["models"] == app.models("nova-distill-torn-") == ["nova-distill-torn-student-t0"]
    assert len(app.calls("CreateModelCustomizationJob", "nova-distill-torn-")) == 1


def test_a_failure_after_the_verdict_stands_beside_its_report_and_the_terminal_tells_both(
    app: App, runs: dict[str, Run]
) -> None:
    run = runs["torn"]
    assert (run["status"], run["error"]) == ("FAILED", "StillCosts"), run["cause"]
    report, failure = (app.json(f"runs/torn/8-report/{name}.json") for name in ("report", "failure"))
    assert report["verdict"]["decision"] in {"promote", "hold", "reject"}
    assert (failure["error"], failure["left"][0]["what"]) == ("StillCosts", run["left"])
    said = app.cli("report", "torn").stdout
    assert "After this verdict: Failed" in said and f"STILL COSTS MONEY: {run['left']}" in said
    assert run["left"].rsplit("/", 1)[1] in app.cli("watch", "torn").stdout


def test_loss_curves_in_another_form_are_a_warning_of_the_report(app: App, runs: dict[str, Run]) -> None:
    assert runs["torn"]["error"] == "StillCosts"
    warnings = app.json("runs/torn/8-report/report.json")["warnings"]
    assert any(warning.startswith("The training loss of student cannot be read as a whole") for warning in warnings)
