"""The student trained several times on the real machine: the one that serves is chosen on validation, the others are
retired, and a rerun adopts them all.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.flow import LABELS, App, jsonl, reviews

SETTINGS: dict[str, Any] = {
    "task": LABELS,
    "sampling": {"sampled": 1},
    "split": {"holdoutShare": 0.5, "validationShare": 0.3},
    "promotion": "never",
}
QUESTIONS: dict[str, dict[str, Any]] = {
    "trained-again": {"repeats": 3},
    "candidates": {"candidates": [{"epochCount": 1}, {"epochCount": 4}, {"maxExamples": 10}], "repeats": 2},
}


def tell(app: App) -> dict[str, list[dict[str, Any]]]:
    """Each question asked twice with one run id."""

    def twice(name: str) -> list[dict[str, Any]]:
        with app.untriggered():
            app.upload(f"seeds/{name}/a.jsonl", jsonl(reviews(88)))
        question = SETTINGS | {"dataset": name, "runId": name, "training": QUESTIONS[name]}
        return [app.wait(app.start(f"{name}-{attempt}", question)) for attempt in ("first", "again")]

    with ThreadPoolExecutor() as pool:
        return dict(zip(QUESTIONS, pool.map(twice, QUESTIONS), strict=True))


@pytest.fixture(scope="module")
def runs(told: Callable[[str], dict[str, list[dict[str, Any]]]]) -> dict[str, list[dict[str, Any]]]:
    """What came of them."""
    return told(__name__)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_run_and_its_rerun_end_well_and_each_job_is_submitted_once(
    app: App, runs: dict[str, list[dict[str, Any]]], name: str
) -> None:
    assert [run["status"] for run in runs[name]] == ["SUCCEEDED", "SUCCEEDED"], runs[name][-1].get("cause")
    jobs = [call["name"] for call in app.calls("CreateModelCustomizationJob", f"nova-distill-{name}-")]
    first = [job for job in jobs if job.endswith("-t0")]
    assert len(jobs) == len(set(jobs)) and len(first) == (3 if name == "trained-again" else 4)


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_end_leaves_the_model_that_serves_and_no_deployment_of_the_run(
    app: App, runs: dict[str, list[dict[str, Any]]], name: str
) -> None:
    chosen = app.json(f"runs/{name}/6-model/choice.json")["chosen"].replace("-", "")
    assert app.models(f"nova-distill-{name}-") == [f"nova-distill-{name}-{chosen}-t0"], "the rerun adopted it"
    assert app.deployments(f"nova-distill-{name}-") == []


def test_the_report_shows_every_repeat_and_the_interval_of_items_and_trainings(
    app: App, runs: dict[str, list[dict[str, Any]]]
) -> None:
    report = app.json("runs/trained-again/8-report/report.json")
    assert len(report["trainings"]["values"]) == 3
    assert report["gate"]["difference"]["method"] == "items-and-trainings"
    assert all(one["n"] > 0 for one in report["choice"]["tried"])


def test_losing_candidates_never_meet_the_holdout(app: App, runs: dict[str, list[dict[str, Any]]]) -> None:
    choice = app.json("runs/candidates/6-model/choice.json")
    losers = {one["name"] for one in choice["tried"]} - {choice["best"], "student-2"}
    asked = {key.split("/")[4] for key in app.keys("runs/candidates/7-evaluation/shards/")}
    assert len(losers) == 2 and not losers & asked
