"""What Bedrock can do to a run, and what becomes of the run. Runs go side by side, each with its own dataset, run id
and fault.

The seed files end in .JSONL: read like any other, but not matched by the upload rule, so that each run is started once,
here.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.flow import LABELS, PATIENCE, App, check_counts, jsonl, reviews

SEEDS = 22
RECORDS = SEEDS * 5
AT_ONCE = 3
"""Runs at a time, beside the other stories."""

FAULTS: dict[str, list[dict[str, Any]]] = {
    "none": [],
    "busy-records": [{"fault": "recordErrors", "share": 0.1, "errorCode": 500}],
    "bad-records": [{"fault": "recordErrors", "share": 0.1, "errorCode": 400}],
    "partial": [{"fault": "partiallyCompleted", "share": 0.3}],
    "expired": [{"fault": "expired", "share": 0.4}],
    "stopped": [{"fault": "stopped", "share": 0.4}],
    "failed-once": [{"fault": "failed", "message": "capacity"}],
    "failed-always": [{"fault": "failed", "message": "the role may not read the bucket", "times": None}],
    "lost-event": [{"fault": "lostEvent", "jobName": "lost-event-(w|student-t)", "times": 2}],
    "early-event": [{"fault": "earlyEvent", "jobName": "early-event-(w|student-t)", "times": 2}],
    "doubled-event": [{"fault": "doubledEvent", "jobName": "doubled-event-(w|student-t)", "times": 2}],
    "slow": [{"fault": "slowJob", "seconds": 8}],
}
ON_STUDENT: dict[str, dict[str, Any]] = {
    "tuning-fails": {
        "fault": "failed",
        "jobName": "tuning-fails-student-t0",
        "message": "Internal error while training",
    },
    "deployment-fails": {"fault": "failed", "jobName": "deployment-fails-student-d0", "message": "no capacity"},
}


def tell(app: App) -> dict[str, dict[str, Any]]:
    """Every run of this module, ended."""
    app.fault("throttling", operation="CreateModelInvocationJob", times=2)
    app.fault("lostReply", operation="CreateModelInvocationJob", times=1)
    app.fault("throttling", operation="Converse", times=3)
    names = [*FAULTS, *ON_STUDENT]
    for name in names:
        for fault in FAULTS.get(name, []):
            app.fault(**({"jobName": f"nova-distill-{name}-w"} | fault))
        if name in ON_STUDENT:
            app.fault(**ON_STUDENT[name])
    with ThreadPoolExecutor(AT_ONCE) as pool:
        strange = pool.submit(_strange, app)
        ended = pool.map(lambda name: _ended(app, name), names)
        return dict(zip(names, ended, strict=True)) | {"strange": strange.result()}


@pytest.fixture(scope="module")
def runs(told: Callable[[str], dict[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """What came of them."""
    return told(__name__)


def overheard(count: int) -> list[dict[str, str]]:
    """Reviews that no other story asks about, so that the calls about them can be told from those of others."""
    return [review | {"prompt": f"Overheard: {review['prompt']}"} for review in reviews(count)]


def _started(app: App, name: str) -> str:
    app.upload(f"seeds/{name}/input.json", b'{"split": {"holdoutShare": 0.3}}')
    app.upload(f"seeds/{name}/seeds.JSONL", jsonl(overheard(SEEDS)))
    return app.start(name, {"dataset": name, "task": LABELS})


def _ended(app: App, name: str) -> dict[str, Any]:
    return app.wait(_started(app, name))


def _strange(app: App) -> dict[str, Any]:
    """A run whose first batch job is forgotten while it works, and whose second one writes odd lines."""
    app.fault("slowJob", jobName="nova-distill-strange-w00", seconds=6)
    app.fault("oddLines", jobName="nova-distill-strange-w01")
    execution, bedrock, jobs = _started(app, "strange"), app.client("bedrock"), list[dict[str, Any]]()
    until = time.monotonic() + PATIENCE
    while not jobs and time.monotonic() < until:
        time.sleep(0.3)
        jobs = bedrock.list_model_invocation_jobs(nameContains="nova-distill-strange-w00")["invocationJobSummaries"]
    app.fault("forgotten", operation="GetModelInvocationJob", jobName=jobs[0]["jobArn"], times=None)
    return app.wait(execution)


def counts(app: App, run_id: str) -> dict[str, int]:
    found: dict[str, int] = app.json(f"runs/{run_id}/8-report/report.json")["counts"]
    return found


@pytest.mark.parametrize("name", [name for name in FAULTS if name != "failed-always"])
def test_the_run_succeeds_and_every_record_is_accounted_for(
    app: App, runs: dict[str, dict[str, Any]], name: str
) -> None:
    assert runs[name]["status"] == "SUCCEEDED", runs[name].get("cause")
    found = counts(app, name)
    check_counts(found)
    assert (found["seedsIn"], found["requests"], found["requestsMissing"]) == (SEEDS, RECORDS, 0)
    ids = [answer["recordId"] for key in app.keys(f"runs/{name}/4-answers/shard-") for answer in app.lines(key)]
    assert len(ids) == len(set(ids)) == found["answers"]


@pytest.mark.parametrize("name", list(FAULTS))
def test_each_batch_job_is_submitted_once_whatever_reply_was_lost(
    app: App, runs: dict[str, dict[str, Any]], name: str
) -> None:
    failed = {"failed-once": 1, "failed-always": 2}.get(name, 0)
    jobs = [f"nova-distill-{name}-w{wave:02d}-s{wave:04d}" for wave in range(1 + failed)]
    assert app.jobs(f"nova-distill-{name}-w") == jobs
    assert [call["name"] for call in app.calls("CreateModelInvocationJob", f"nova-distill-{name}-w")] == jobs


def test_busy_records_are_asked_again_in_a_retry_wave_and_answered(app: App, runs: dict[str, dict[str, Any]]) -> None:
    (shard,) = app.json("runs/busy-records/2-requests/wave-01/plan.json")["shards"]
    assert (shard["records"], shard["route"]) == (11, "now")
    assert counts(app, "busy-records")["answers"] == RECORDS


def test_bad_records_are_rejected_with_bedrocks_reason_and_not_asked_again(
    app: App, runs: dict[str, dict[str, Any]]
) -> None:
    rejected = app.lines("runs/bad-records/4-answers/rejected-0000.jsonl")
    assert {r["reason"] for r in rejected} == {"bedrock_error"}
    assert len(rejected) == counts(app, "bad-records")["answersRejected"] == 11
    assert app.keys("runs/bad-records/2-requests/wave-01/") == []


@pytest.mark.parametrize(("name", "share"), [("partial", 0.3), ("expired", 0.4), ("stopped", 0.4)])
def test_what_a_job_that_ended_early_wrote_is_kept_and_only_the_rest_is_asked_again(
    app: App, runs: dict[str, dict[str, Any]], name: str, share: float
) -> None:
    kept = app.lines(f"runs/{name}/4-answers/shard-0000.jsonl")
    again = app.lines(f"runs/{name}/2-requests/wave-01/shard-0001.jsonl")
    assert 0 < len(again) == RECORDS - len(kept)
    assert not {a["recordId"] for a in kept} & {r["recordId"] for r in again}
    assert counts(app, name)["answers"] == RECORDS


def test_a_tail_under_100_records_is_asked_through_converse_on_the_flex_tier_each_record_once(
    app: App, runs: dict[str, dict[str, Any]]
) -> None:
    plans = [
        app.json(key) for name in runs for key in app.keys(f"runs/{name}/2-requests/") if key.endswith("plan.json")
    ]
    small = sum(shard["records"] for plan in plans for shard in plan["shards"] if shard["route"] == "now")
    asked = [call for call in app.calls("Converse", "amazon.nova-pro") if "Overheard" in str(call["messages"])]
    assert len(asked) == small > 0
    assert {call["serviceTier"]["type"] for call in asked} == {"flex"}


def test_a_failed_job_is_made_good_by_the_next_wave(app: App, runs: dict[str, dict[str, Any]]) -> None:
    assert app.jobs("nova-distill-failed-once-w") == [
        "nova-distill-failed-once-w00-s0000",
        "nova-distill-failed-once-w01-s0001",
    ]
    assert counts(app, "failed-once")["answers"] == RECORDS


def test_jobs_that_always_fail_end_the_run_after_the_bounded_waves_with_bedrocks_message(
    app: App, runs: dict[str, dict[str, Any]]
) -> None:
    run = runs["failed-always"]
    assert (run["status"], run["error"]) == ("FAILED", "NotEnoughAnswers")
    assert "the role may not read the bucket" in run["cause"]
    assert len(app.jobs("nova-distill-failed-always-w")) == 3
    assert app.json("runs/failed-always/8-report/report.json")["verdict"]["decision"] == "failed"


def test_a_job_that_bedrock_forgot_has_failed_and_its_records_are_asked_in_the_next_wave(
    app: App, runs: dict[str, dict[str, Any]]
) -> None:
    assert runs["strange"]["status"] == "SUCCEEDED", runs["strange"].get("cause")
    row = next(one for one in app.lines("runs/strange/0-run/ledger.jsonl") if one["jobName"].endswith("w00-s0000"))
    assert (row["status"], row["outcome"]) == ("Gone", "failed")
    assert app.jobs("nova-distill-strange-w") == [
        "nova-distill-strange-w00-s0000",
        "nova-distill-strange-w01-s0001",
    ]


def test_odd_replies_are_judged_fairly_and_what_nobody_answered_is_asked_again(
    app: App, runs: dict[str, dict[str, Any]]
) -> None:
    found = counts(app, "strange")
    check_counts(found)
    assert (found["answers"], found["answersRejected"], found["requestsMissing"]) == (RECORDS, 0, 0)
    strangers = app.lines("runs/strange/4-answers/strangers-0001.jsonl")
    foreign = [stranger for stranger in strangers if stranger["recordId"].startswith("foreign-")]
    assert (len(foreign), len(strangers)) == (1, 3), "a foreign id, and two whose ids were swapped"
    # Those three, the busy one and the one of which nothing was said.
    (shard,) = app.json("runs/strange/2-requests/wave-02/plan.json")["shards"]
    assert shard["records"] == 5
    uncounted = [one for one in app.lines("runs/strange/4-answers/shard-0001.jsonl") if not one.get("inputTokens")]
    assert len(uncounted) == 1
    warnings = app.json("runs/strange/8-report/report.json")["warnings"]
    assert any(warning.startswith("3 replies of Bedrock answer nothing that was asked") for warning in warnings)


@pytest.mark.parametrize("name", ["lost-event", "early-event", "doubled-event", "slow"])
def test_events_lost_early_or_doubled_and_slow_jobs_change_nothing_but_time(
    app: App, runs: dict[str, dict[str, Any]], name: str
) -> None:
    assert app.jobs(f"nova-distill-{name}-w") == [f"nova-distill-{name}-w00-s0000"]
    assert counts(app, name)["answers"] == RECORDS


@pytest.mark.parametrize("fault", ["lostEvent", "earlyEvent", "doubledEvent"])
def test_the_events_of_batch_and_of_tuning_jobs_were_disturbed(
    app: App, runs: dict[str, dict[str, Any]], fault: str
) -> None:
    assert app.fired(fault) == 2


@pytest.mark.parametrize("fault", ["throttling", "lostReply"])
def test_throttling_and_a_lost_reply_were_met_and_no_run_failed_of_them(
    app: App, runs: dict[str, dict[str, Any]], fault: str
) -> None:
    assert app.fired(fault) >= 1
    assert {run["status"] for name, run in runs.items() if name in FAULTS and name != "failed-always"} == {"SUCCEEDED"}


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("tuning-fails", "TuningFailed", "Internal error while training"),
        ("deployment-fails", "DeploymentFailed", "no capacity"),
    ],
)
def test_without_a_student_the_run_fails_with_bedrocks_reason_and_nothing_goes_on_costing(
    app: App, runs: dict[str, dict[str, Any]], name: str, error: str, said: str
) -> None:
    assert (runs[name]["status"], runs[name]["error"]) == ("FAILED", error)
    assert said in runs[name]["cause"]
    assert app.deployments(name) == app.models(name) == []


def test_a_rerun_with_the_same_run_id_adopts_the_answers_that_were_paid_for(
    app: App, runs: dict[str, dict[str, Any]]
) -> None:
    before = app.jobs("nova-distill-tuning-fails-w")
    assert len(before) == 1
    again = app.wait(
        app.start("tuning-fails-again", {"dataset": "tuning-fails", "runId": "tuning-fails", "task": LABELS})
    )
    assert again["status"] == "SUCCEEDED", again.get("cause")
    assert app.jobs("nova-distill-tuning-fails-w") == before


def test_a_new_run_of_the_same_seeds_takes_its_answers_from_the_cache_and_a_wide_margin_promotes(
    app: App, runs: dict[str, dict[str, Any]]
) -> None:
    app.upload("seeds/none/more.JSONL", jsonl(reviews(SEEDS + 100)[SEEDS:]))
    app.wait(
        app.start(
            "first-all",
            {
                "dataset": "none",
                "task": LABELS,
                "split": {"holdoutShare": 0.4},
                "gate": {"margin": 0.5, "overBase": False, "championMargin": 1.0},
            },
        )
    )
    second = app.wait(
        app.start(
            "second-all",
            {
                "dataset": "none",
                "task": LABELS,
                "split": {"holdoutShare": 0.4},
                "gate": {"margin": 0.5, "overBase": False, "championMargin": 1.0},
            },
        )
    )
    assert second["status"] == "SUCCEEDED", second.get("cause")
    assert counts(app, "first-all")["cached"] == RECORDS
    assert counts(app, "second-all")["cached"] == counts(app, "second-all")["requests"] == (SEEDS + 100) * 5
    assert app.jobs("nova-distill-second-all-w") == []
    report = app.json("runs/second-all/8-report/report.json")
    assert report["verdict"]["decision"] == "promote", report["verdict"]
    assert app.parameter("none")["runId"] == "second-all"
    assert app.serves("none") == (app.parameter("none")["deploymentArn"], app.parameter("none")["modelArn"])
    assert app.deployments("second-all") == []


def test_a_student_that_is_not_shown_good_enough_is_retired_and_named_nowhere(
    app: App, runs: dict[str, dict[str, Any]]
) -> None:
    assert app.json("runs/slow/8-report/report.json")["verdict"]["decision"] in {"hold", "reject"}
    assert app.deployments("slow") == []
    names = [p["Name"] for p in app.client("ssm").describe_parameters()["Parameters"]]
    assert "/nova-distill/slow/student" not in names
