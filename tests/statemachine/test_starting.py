"""Starting runs: by upload, by event, by input; and what bad input is told."""

import gzip
import json
import time

from tests.flow import LABELS, App, check_counts, jsonl, reviews


def started_for(app: App, dataset: str, seconds: float = 60) -> list[str]:
    until = time.monotonic() + seconds
    while time.monotonic() < until and not [name for name in app.executions() if name.startswith(dataset)]:
        time.sleep(0.5)
    time.sleep(5)
    return [name for name in app.executions() if name.startswith(dataset)]


def test_files_that_land_together_make_one_run_gz_and_csv_too_and_a_doubled_event_starts_nothing(app: App) -> None:
    body = (
        b'{"task": {"kind": "label", "labels": ["positive", "negative"]}, "promptTemplate": "It says: $text"}'.replace(
            b"$text", b"{text}"
        )
    )
    with app.triggered():
        app.upload("seeds/together/input.json", body)
        app.upload("seeds/together/a.jsonl.gz", gzip.compress(jsonl(reviews(12))))
        app.upload(
            "seeds/together/b.csv",
            b"text,reference\r\n" + b"".join(f'"It was ""fine"", visit {n}",positive\r\n'.encode() for n in range(6)),
        )
    started = started_for(app, "together")
    assert len(started) == 1
    run = app.wait(app.execution_of(started[0]))
    assert run["status"] == "SUCCEEDED", run.get("cause")
    counts = app.json(f"runs/{started[0]}/8-report/report.json")["counts"]
    check_counts(counts)
    assert counts["seedsIn"] == 18
    stored = app.client("s3").head_object(Bucket=app.bucket, Key="seeds/together/b.csv")
    detail = {"detail": {"object": {"key": "seeds/together/b.csv", "etag": stored["ETag"].strip('"')}}}
    queue = next(
        url
        for url in app.client("sqs").list_queues()["QueueUrls"]
        if "dead" not in url.lower() and "dlq" not in url.lower()
    )
    app.client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(detail), DelaySeconds=0)
    assert started_for(app, "together", 1) == started


def test_bad_seeds_end_the_run_before_money_is_spent_with_every_problem_in_the_file(app: App) -> None:
    lines = [b'{"prompt": "fine %d"}' % n for n in range(10)] + [
        b"{broken",
        b'{"promt": "typo"}',
        b'{"prompt": "User: hi"}',
        b'{"prompt": ""}',
    ]
    app.upload("seeds/bad/seeds.JSONL", b"\r\n".join(lines))
    run = app.wait(app.start("bad-seeds", {"dataset": "bad"}))
    assert (run["status"], run["error"]) == ("FAILED", "InvalidInput")
    rejected = app.lines("runs/bad-seeds/0-run/rejected-seeds.jsonl")
    assert [r["line"] for r in rejected] == [11, 12, 13, 14]
    assert all(r["file"] and r["field"] and r["found"] is not None and r["expected"] for r in rejected)
    assert "seeds/bad/seeds.JSONL" in run["cause"] and "4" in run["cause"]
    assert app.jobs("bad-seeds") == []


def test_a_bad_input_is_told_all_its_problems_at_once(app: App) -> None:
    run = app.wait(
        app.start(
            "bad-input", {"dataset": "bad", "tsk": {}, "gate": {"margin": "wide"}, "sampling": {"temperature": 3}}
        )
    )
    assert (run["status"], run["error"]) == ("FAILED", "InvalidInput")
    for part in ("tsk", "gate.margin", "sampling.temperature"):
        assert part in run["cause"]


def test_a_few_bad_lines_are_set_aside_and_the_run_goes_on_with_a_line_for_each_draw(app: App) -> None:
    app.upload("seeds/few-bad/seeds.JSONL", jsonl(reviews(30)) + b"{broken\n" + jsonl(reviews(1)))
    run = app.wait(app.start("few-bad", {"dataset": "few-bad", "task": LABELS, "examples": {"policy": "proportional"}}))
    assert run["status"] == "SUCCEEDED", run.get("cause")
    counts = app.json("runs/few-bad/8-report/report.json")["counts"]
    check_counts(counts)
    assert (counts["seedsIn"], counts["seeds"], counts["seedsRejected"]) == (32, 30, 2)
    assert counts["examples"] == 4 * counts["promptsLearnt"]
    assert {r["reason"] for r in app.lines("runs/few-bad/0-run/rejected-seeds.jsonl")} >= {"duplicate"}


def test_money_is_asked_for_and_kept_to_and_a_rerun_with_more_takes_over_what_was_paid(app: App) -> None:
    with app.untriggered():
        app.upload("seeds/budget/seeds.jsonl", jsonl(reviews(44)))
    plain = {"dataset": "budget", "task": LABELS, "runId": "budget"}
    asked = app.start("budget-asked", plain | {"runId": "budget-asked", "approveAboveUsd": 0})
    while app.runs(asked) and (said := app.cli("approve", "budget-asked", "--decline", "--reason", "too dear")):
        if said.returncode == 0:
            break
        time.sleep(0.5)
    declined = app.wait(asked)
    assert (declined["status"], declined["error"]) == ("FAILED", "SpendingDeclined")
    assert "too dear" in declined["cause"]
    assert app.jobs("budget-asked") == []
    waiting = app.start("budget", plain | {"maxUsd": 10, "approveAboveUsd": 0})
    while app.runs(waiting) and not app.keys("runs/budget/0-run/run.json"):
        time.sleep(0.5)
    # Less than teacher and training together, so that the run ends between them.
    record = app.json("runs/budget/0-run/run.json")
    record["config"]["maxUsd"] = 0.006
    app.upload("runs/budget/0-run/run.json", json.dumps(record).encode())
    while app.runs(waiting) and app.cli("approve", "budget").returncode:
        time.sleep(0.5)
    first = app.wait(waiting)
    assert (first["status"], first["error"]) == ("FAILED", "BudgetExceeded"), first.get("cause")
    assert "the next step" in first["cause"]
    again = app.start("budget-again", plain | {"maxUsd": 10, "approveAboveUsd": 0})
    assert app.wait(again)["status"] == "SUCCEEDED", app.wait(again).get("cause")
    assert app.jobs("nova-distill-budget-w") == ["nova-distill-budget-w00-s0000"]
    assert app.cli("runs").stdout.count("0.0") >= 2


def test_a_pattern_that_matches_nothing_ends_after_the_pilot_and_the_next_run_pays_none_of_it_again(app: App) -> None:
    with app.untriggered():
        app.upload("seeds/pilot/seeds.jsonl", jsonl(reviews(44)))
    before = len(app.calls("Converse"))
    wrong = {"kind": "answer", "answerPattern": "the answer is ([0-9]+)$"}
    run = app.wait(app.start("pilot-wrong", {"dataset": "pilot", "task": wrong, "pilot": 10}))
    assert (run["status"], run["error"]) == ("FAILED", "PilotFailed"), run.get("cause")
    assert "task.answerPattern" in run["cause"]
    asked = len(app.lines("runs/pilot-wrong/2-requests/pilot-00/shard-0000.jsonl"))
    assert asked == 10 <= len(app.calls("Converse")) - before
    assert app.jobs("pilot-wrong") == []
    run = app.wait(app.start("pilot-right", {"dataset": "pilot", "task": LABELS, "pilot": 10}))
    assert run["status"] == "SUCCEEDED", run.get("cause")
    report = app.json("runs/pilot-right/8-report/report.json")
    check_counts(report["counts"])
    assert (report["counts"]["requests"], report["counts"]["cached"], report["accountProblems"]) == (220, 0, [])
