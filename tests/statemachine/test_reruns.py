"""Runs that were broken off or failed, started again with their run id: what was paid for is taken up, what failed is
asked anew, what is promoted stays.
"""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.flow import LABELS, App, check_counts, jsonl, reviews

SEEDS = 22
SETTINGS = {"task": LABELS, "split": {"holdoutShare": 0.3}}
Run = dict[str, Any]


def subscribe(app: App) -> None:
    """A queue that gets what the topic sends."""
    sqs = app.client("sqs")
    url = sqs.create_queue(QueueName="subscriber")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    app.client("sns").subscribe(TopicArn=app.outputs["NotificationTopicArn"], Protocol="sqs", Endpoint=arn)


def notified(app: App) -> list[str]:
    """Every message so far: subject and text."""
    sqs, messages = app.client("sqs"), list[str]()
    url = sqs.get_queue_url(QueueName="subscriber")["QueueUrl"]
    while received := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in received:
            body = json.loads(message["Body"])
            messages.append(f"{body.get('Subject')}\n{body['Message']}")
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return messages


def twice(app: App, name: str, **more: object) -> list[Run]:
    """The same question, asked by two executions with one run id."""
    question = {"dataset": name, "runId": name} | SETTINGS | more
    return [app.wait(app.start(f"{name}-{attempt}", question)) for attempt in ("first", "again")]


def broken_off(app: App) -> list[Run]:
    """A run whose execution somebody stops while its batch job works."""
    question = {"dataset": "broken-off", "runId": "broken-off"} | SETTINGS
    first = app.start("broken-off-first", question)
    until = time.monotonic() + 60
    while not app.jobs("nova-distill-broken-off-w") and time.monotonic() < until:
        time.sleep(0.3)
    app.client("stepfunctions").stop_execution(executionArn=first, error="Operator", cause="broken off by hand")
    return [app.wait(first), app.wait(app.start("broken-off-again", question))]


def failed_waves(app: App) -> list[Run]:
    """A run all of whose waves fail, and its rerun after the cause was mended."""
    return twice(app, "failed-waves")


def kept_model(app: App) -> list[Run]:
    """A run whose deployment fails, told to keep its model."""
    return twice(app, "kept-model", keepModelOnFailure=True)


def promoted(app: App) -> list[Run]:
    """A run that is promoted, then its run id used for another question."""
    question = {
        "dataset": "promoted",
        "runId": "promoted",
        "task": LABELS,
        "sampling": {"sampled": 0},
        "split": {"holdoutShare": 0.5},
        "gate": {"margin": 1.0, "overBase": False, "championMargin": 1.0},
    }
    other = question | {"split": {"holdoutShare": 0.4}}
    return [app.wait(app.start("promoted-first", question)), app.wait(app.start("promoted-other", other))]


def at_once(app: App) -> list[Run]:
    """Two runs of one dataset, the second started while the first one's batch job works."""
    app.fault("slowJob", jobName="nova-distill-at-once-1-w", seconds=10)
    first = app.start("at-once-1", {"dataset": "at-once", "runId": "at-once-1"} | SETTINGS)
    until = time.monotonic() + 60
    while not app.jobs("nova-distill-at-once-1-w") and time.monotonic() < until:
        time.sleep(0.3)
    second = app.start("at-once-2", {"dataset": "at-once", "runId": "at-once-2"} | SETTINGS, in_turn=False)
    return [app.wait(first), app.wait(second)]


STORIES = {
    "at-once": at_once,
    "broken-off": broken_off,
    "failed-waves": failed_waves,
    "kept-model": kept_model,
    "promoted": promoted,
}


def tell(app: App) -> dict[str, list[Run]]:
    """Both executions of every story. The stories go side by side."""
    subscribe(app)
    app.fault("slowJob", jobName="nova-distill-broken-off-w", seconds=12)
    app.fault("failed", jobName="nova-distill-failed-waves-w", message="the bucket was closed", times=3)
    app.fault("failed", jobName="kept-model-student-d0", message="no capacity")
    with app.untriggered():
        for name in STORIES:
            app.upload(f"seeds/{name}/seeds.jsonl", jsonl(reviews(110 if name == "promoted" else SEEDS)))
    with ThreadPoolExecutor(len(STORIES)) as pool:
        futures = {name: pool.submit(story, app) for name, story in STORIES.items()}
        return {name: future.result() for name, future in futures.items()}


@pytest.fixture(scope="module")
def runs(told: Callable[[str], dict[str, list[Run]]]) -> dict[str, list[Run]]:
    """What came of them."""
    return told(__name__)


def check_success(app: App, run: Run, run_id: str) -> dict[str, int]:
    assert run["status"] == "SUCCEEDED", run.get("cause")
    counts: dict[str, int] = app.json(f"runs/{run_id}/8-report/report.json")["counts"]
    check_counts(counts)
    return counts


def test_the_rerun_of_an_execution_that_was_stopped_takes_what_its_job_brought_and_asks_only_the_rest(
    app: App, runs: dict[str, list[Run]]
) -> None:
    first, again = runs["broken-off"]
    assert first["status"] == "ABORTED"
    assert check_success(app, again, "broken-off")["answers"] == SEEDS * 5
    jobs = app.jobs("nova-distill-broken-off-w")
    assert jobs in (
        ["nova-distill-broken-off-w00-s0000"],
        ["nova-distill-broken-off-w00-s0000", "nova-distill-broken-off-w01-s0001"],
    )
    assert len(app.calls("CreateModelInvocationJob", "nova-distill-broken-off-w")) == len(jobs)
    if len(jobs) > 1:
        brought = {answer["recordId"] for answer in app.lines("runs/broken-off/4-answers/shard-0000.jsonl")}
        asked = {request["recordId"] for request in app.lines("runs/broken-off/2-requests/wave-01/shard-0001.jsonl")}
        assert asked and not asked & brought


def test_the_rerun_of_failed_batch_jobs_submits_the_next_attempt_and_succeeds(
    app: App, runs: dict[str, list[Run]]
) -> None:
    first, again = runs["failed-waves"]
    assert (first["status"], first["error"]) == ("FAILED", "NotEnoughAnswers")
    assert first["cause"].count("the bucket was closed") == 3
    assert check_success(app, again, "failed-waves")["answers"] == SEEDS * 5
    failed = [f"nova-distill-failed-waves-w{wave:02d}-s{wave:04d}" for wave in range(3)]
    assert app.jobs("nova-distill-failed-waves-w") == sorted([*failed, "nova-distill-failed-waves-w00-s0000.1"])


def test_with_keep_model_on_failure_the_rerun_deploys_the_model_that_was_paid_for(
    app: App, runs: dict[str, list[Run]]
) -> None:
    first, again = runs["kept-model"]
    assert (first["status"], first["error"]) == ("FAILED", "DeploymentFailed")
    check_success(app, again, "kept-model")
    assert len(app.calls("CreateModelCustomizationJob", "kept-model")) == 1
    assert len(app.calls("CreateModelInvocationJob", "nova-distill-kept-model-w")) == 1
    deployments = [call["name"] for call in app.calls("CreateCustomModelDeployment", "kept-model")]
    assert deployments == ["nova-distill-kept-model-student-d0", "nova-distill-kept-model-student-d1"]
    assert app.models("kept-model") == ["nova-distill-kept-model-student-t0"]


def test_a_run_id_that_is_taken_by_another_question_is_refused_and_the_promoted_student_stays(
    app: App, runs: dict[str, list[Run]]
) -> None:
    first, other = runs["promoted"]
    assert check_success(app, first, "promoted")["holdout"] >= 30
    assert (other["status"], other["error"]) == ("FAILED", "InvalidInput")
    assert "run id promoted belongs to an earlier run that differs in settings" in other["cause"]
    parameter = app.parameter("promoted")
    deployment = app.client("bedrock").get_custom_model_deployment(
        customModelDeploymentIdentifier=parameter["deploymentArn"]
    )
    assert (deployment["status"], deployment["modelArn"]) == ("Active", parameter["modelArn"])
    assert app.keys(parameter["reportKey"]) == ["runs/promoted/8-report/index.html"]
    assert len(app.lines("runs/promoted/1-prompts/prompts.jsonl")) == 110


def test_whoever_subscribed_hears_how_each_run_ended(app: App, runs: dict[str, list[Run]]) -> None:
    heard = notified(app)
    assert any(
        "Nova Distill promoted: promote" in text and "runs/promoted/8-report/index.html" in text for text in heard
    )
    assert any(
        "run failed-waves-first failed" in text and "NotEnoughAnswers" in text and "the bucket was closed" in text
        for text in heard
    )
    assert any("run kept-model-first failed" in text and "DeploymentFailed" in text for text in heard)


def test_of_two_runs_at_once_the_second_waits_and_takes_the_answers_of_the_first(
    app: App, runs: dict[str, list[Run]]
) -> None:
    for run in runs["at-once"]:
        assert run["status"] == "SUCCEEDED", run.get("cause")
    assert (len(app.jobs("nova-distill-at-once-1-w")), app.jobs("nova-distill-at-once-2-w")) == (1, [])
    second = app.json("runs/at-once-2/8-report/report.json")
    assert second["counts"]["cached"] == second["counts"]["requests"] == SEEDS * 5
    assert any(said.startswith("Run at-once-1 of this dataset was asking the same") for said in second["warnings"])
