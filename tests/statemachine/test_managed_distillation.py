"""A whole run with Bedrock's own distillation beside a whole run of ours: same seeds, same holdout, same evaluation."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.flow import LABELS, App, check_counts, jsonl, reviews

SEEDS = 180
SETTINGS: dict[str, Any] = {"dataset": "managed", "task": LABELS, "split": {"holdoutShare": 0.25}, "promotion": "never"}
METHODS = {"managed-theirs": "DISTILLATION", "managed-ours": "FINE_TUNING"}


def tell(app: App) -> dict[str, dict[str, Any]]:
    """Run id -> the execution's description."""
    with app.untriggered():
        app.upload("seeds/managed/a.jsonl", jsonl(reviews(SEEDS)))
    with ThreadPoolExecutor() as pool:
        started = {
            run_id: app.start(run_id, SETTINGS | {"runId": run_id, "training": {"method": method}})
            for run_id, method in METHODS.items()
        }
        return dict(zip(started, pool.map(app.wait, started.values()), strict=True))


@pytest.fixture(scope="module")
def runs(told: Callable[[str], dict[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """What came of them."""
    return told(__name__)


def report(app: App, run_id: str) -> dict[str, Any]:
    return dict(app.json(f"runs/{run_id}/8-report/report.json"))


def test_both_runs_reach_their_report(app: App, runs: dict[str, dict[str, Any]]) -> None:
    for run_id, run in runs.items():
        assert run["status"] == "SUCCEEDED", (run_id, run.get("cause"))
        found = report(app, run_id)
        check_counts(found["counts"])
        assert found["accountProblems"] == []
        assert found["settings"]["training"]["method"] == METHODS[run_id]
        assert {"teacher", "base", "student"} <= found["arms"].keys()


def test_the_student_is_a_distilled_model_and_nothing_else_was_sent(app: App, runs: dict[str, dict[str, Any]]) -> None:
    jobs = app.client("bedrock").list_model_customization_jobs(nameContains="managed-theirs")[
        "modelCustomizationJobSummaries"
    ]
    (job,) = [app.client("bedrock").get_model_customization_job(jobIdentifier=job["jobArn"]) for job in jobs]
    assert (job["status"], job["customizationType"]) == ("Completed", "DISTILLATION")
    teacher = job["customizationConfig"]["distillationConfig"]["teacherModelConfig"]
    assert teacher == {"teacherModelIdentifier": "amazon.nova-pro-v1:0", "maxResponseLengthForInference": 512}
    lines = app.lines("runs/managed-theirs/5-dataset/train.jsonl")
    assert len(lines) >= 100
    assert all([message["role"] for message in line["messages"]] == ["user"] for line in lines)


def test_the_teacher_is_asked_about_the_holdout_only(app: App, runs: dict[str, dict[str, Any]]) -> None:
    theirs = report(app, "managed-theirs")["counts"]
    held = {item["promptId"] for item in app.lines("runs/managed-theirs/5-dataset/holdout.jsonl")}
    asked = {
        request["recordId"].split("-")[0]
        for key in app.keys("runs/managed-theirs/2-requests/wave-")
        if key.endswith("jsonl")
        for request in app.lines(key)
    }
    # What the other run had answered already is taken over from the cache.
    assert asked <= held | {line["promptId"] for line in app.lines("runs/managed-theirs/5-dataset/rejected.jsonl")}
    assert theirs["requests"] == 5 * theirs["holdout"]


def test_both_methods_are_measured_on_the_same_holdout(app: App, runs: dict[str, dict[str, Any]]) -> None:
    ours, theirs = (app.read(f"runs/{run_id}/5-dataset/holdout.jsonl") for run_id in ("managed-ours", "managed-theirs"))
    assert ours == theirs
    stages = {
        run_id: {line["stage"] for line in report(app, run_id)["costs"]["lines"]}
        for run_id in ("managed-ours", "managed-theirs")
    }
    assert {"distillation", "training"} <= stages["managed-theirs"]
    assert "distillation" not in stages["managed-ours"]
    # Both ask the holdout's questions: whichever comes second takes the answers of the first.
    assert any("teacher" in lines for lines in stages.values())
