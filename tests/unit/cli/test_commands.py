"""The commands as a person calls them: output, files, exit codes. Only AWS is replaced, by one in memory."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import NoCredentialsError

from cli import connection as commands
from tests.unit.cli.cloud_fake import FakeCloud
from tests.unit.cli.run_stories import ROOT, at, execution, failed_run, whole_run
from tests.unit.cli.terminal_fake import Terminal

REPORT = {
    "runId": "reviews-1",
    "dataset": "reviews",
    "verdict": {
        "decision": "promote",
        "reasons": ["student − teacher in accuracy: -0.010 [-0.040, 0.020]"],
        "headline": "…",
        "checks": [
            {
                "metric": "accuracy",
                "slice": "phone [b]",
                "n": 40,
                "gated": False,
                "difference": 0.01,
                "margin": 0.05,
                "outcome": "open",
            }
        ],
    },
    "arms": {
        "teacher": {
            "n": 120,
            "metrics": {
                "accuracy": {"value": 0.91, "low": 0.85, "high": 0.95},
                "latencyMedianMs": {"value": 812.4, "low": None, "high": None},
            },
        },
        "student": {
            "n": 120,
            "metrics": {
                "accuracy": {"value": 0.9, "low": 0.84, "high": None},
                "costPer1000Usd": {"value": 0.0041, "low": 0.004, "high": 0.0042},
            },
        },
    },
    "differences": [
        {
            "metric": "accuracy",
            "arm": "student",
            "minus": "teacher",
            "value": -0.01,
            "low": -0.04,
            "high": 0.02,
            "pHolm": 0.7,
            "better": 3,
        }
    ],
    "gate": {"metric": "accuracy"},
    "slices": [{"name": "phone [b]", "n": 40, "arms": {"student": {"accuracy": {"value": 0.875}}}}],
    "data": {
        "funnel": [
            {"step": "nearDuplicates", "unit": "prompts", "came": 400, "kept": 390, "rejected": {"near_duplicate": 10}}
        ]
    },
    "counts": {
        "seedsIn": 403,
        "seeds": 400,
        "seedsRejected": 3,
        "prompts": 400,
        "requests": 2000,
        "replies": 2000,
        "answers": 1992,
        "answersRejected": 8,
        "train": 270,
    },
    "costs": {
        "lines": [
            {
                "stage": "answers",
                "model": "amazon.nova-pro-v1:0",
                "route": "batch",
                "inputTokens": 81000,
                "outputTokens": 2000,
                "usd": 0.0356,
            }
        ],
        "totalUsd": 0.0356,
        "unpriced": [],
    },
    "somethingNew": {"of": "a later release"},
}


# watch


def finished(cloud: FakeCloud, status: str, **more: Any) -> None:
    cloud.machine.add(execution(status, stopped=at(190), **more))
    cloud.machine.events = list((whole_run(inside_maps=True) if status == "SUCCEEDED" else failed_run()).events)
    cloud.files.objects[ROOT + "8-report/report.json"] = json.dumps(REPORT).encode()


def test_watch_a_good_run(terminal: Terminal) -> None:
    finished(terminal.cloud, "SUCCEEDED")
    code, text = terminal.call("watch")
    assert code == 0
    assert "Verdict: promote" in text and "run reviews-1 SUCCEEDED" in text
    assert "Report: s3://bucket/runs/reviews-1/8-report/index.html\n" in text


def test_watch_a_failed_run(terminal: Terminal) -> None:
    finished(terminal.cloud, "FAILED", error="InvalidInput", cause="2 problems\nseeds/reviews/a.jsonl line 1: no")
    code, text = terminal.call("watch", "reviews-1")
    assert code == 1
    assert "seeds/reviews/a.jsonl line 1: no" in text
    assert "0-run/rejected-seeds.jsonl" in text
    assert "console.aws.amazon.com" in text


def test_ctrl_c_leaves_the_run_alone(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal.cloud.machine.add(execution())

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupted)
    code, text = terminal.call("watch")
    assert code == 130
    assert "The run goes on: python -m cli watch reviews-1" in text


def test_there_is_no_run_to_watch(terminal: Terminal) -> None:
    assert "python -m cli start" in terminal.call("watch")[1]
    terminal.cloud.machine.add(execution())
    code, text = terminal.call("watch", "reviews-2")
    assert code == 1 and "There is no run reviews-2" in text and "python -m cli runs" in text


def test_a_run_is_found_by_the_id_in_its_input(terminal: Terminal) -> None:
    finished(terminal.cloud, "SUCCEEDED", name="console-start", input={"dataset": "reviews", "runId": "reviews-9"})
    code, text = terminal.call("watch", "reviews-9")
    assert code == 0 and "run reviews-9 SUCCEEDED" in text


def test_a_run_is_found_by_the_name_of_one_of_its_executions(terminal: Terminal) -> None:
    finished(terminal.cloud, "SUCCEEDED", name="reviews-1_20260102-030405")
    code, text = terminal.call("watch", "reviews-1_20260102-030405")
    assert code == 0 and "SUCCEEDED" in text


# report, fetch, runs


def test_report(terminal: Terminal) -> None:
    terminal.cloud.files.objects[ROOT + "8-report/report.json"] = json.dumps(REPORT).encode()
    code, text = terminal.call("report", "reviews-1")
    assert code == 0
    for expected in (
        "Run reviews-1 of reviews: promote",
        "student − teacher in accuracy",
        "teacher (n 120)",
        "91.0 % [85.0–95.0]",
        "90.0 % [84.0–…]",
        "812 ms",
        "0.0041 USD [0.0040–0.0042]",
        "−1.0 [−4.0, +2.0]",
        "seedsIn 403 · seeds 400 · seedsRejected 3",
        "Accuracy by category",
        "phone [b]",
        "87.5 %",
        "too few items",
        "near_duplicate 10",
        "81,000",
        "0.0356",
        "s3://bucket/runs/reviews-1/8-report/index.html",
    ):
        assert expected in text


def test_a_report_of_the_bare_shape_is_enough(terminal: Terminal) -> None:
    terminal.cloud.files.objects[ROOT + "8-report/report.json"] = (
        b'{"runId": "reviews-1", "dataset": "reviews", "verdict": {"decision": "failed", "reasons": ["no"]}}'
    )
    code, text = terminal.call("report", "reviews-1")
    assert code == 0 and "Run reviews-1 of reviews: failed" in text


@pytest.mark.parametrize(("content", "complaint"), [(None, "has no report"), (b"{}", "cannot be read")])
def test_no_report(terminal: Terminal, content: bytes | None, complaint: str) -> None:
    if content is not None:
        terminal.cloud.files.objects[ROOT + "8-report/report.json"] = content
    code, text = terminal.call("report", "reviews-1")
    assert code == 1 and complaint in text


def test_fetch_keeps_the_layout(terminal: Terminal, tmp_path: Path) -> None:
    names = [
        "0-run/run.json",
        "5-dataset/train.jsonl",
        "3-replies/wave-00/shard-0000/abc/x.jsonl.out",
        "8-report/index.html",
    ]
    terminal.cloud.files.objects |= {ROOT + name: name.encode() for name in names} | {
        "runs/reviews-10/0-run/run.json": b"another run",
        ROOT + "empty/": b"",
    }
    code, text = terminal.call("fetch", "reviews-1", "--to", tmp_path / "here")
    assert code == 0 and "4 files" in text
    written = {
        str(path.relative_to(tmp_path / "here")): path.read_text()
        for path in (tmp_path / "here").rglob("*")
        if path.is_file()
    }
    assert written == {name: name for name in names}


@pytest.mark.parametrize(
    "name", ["../../outside.txt", "a/../../../outside.txt", "/etc/outside.txt", "..\\outside.txt", "a/../outside.txt"]
)
def test_fetch_never_writes_outside_of_its_folder(terminal: Terminal, tmp_path: Path, name: str) -> None:
    terminal.cloud.files.objects[ROOT + name] = b"x"
    target = tmp_path / "a" / "b"
    code, text = terminal.call("fetch", "reviews-1", "--to", target)
    assert code == 1 and "outside" in text
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_fetch_refuses_to_mix_two_runs(terminal: Terminal, tmp_path: Path) -> None:
    for run in ("reviews-1", "reviews-2"):
        terminal.cloud.files.objects[f"runs/{run}/0-run/run.json"] = json.dumps({"runId": run}).encode()
    assert terminal.call("fetch", "reviews-1", "--to", tmp_path)[0] == 0
    assert terminal.call("fetch", "reviews-1", "--to", tmp_path)[0] == 0
    code, text = terminal.call("fetch", "reviews-2", "--to", tmp_path)
    assert code == 1 and "holds the run reviews-1" in text
    assert json.loads((tmp_path / "0-run/run.json").read_bytes())["runId"] == "reviews-1"


def test_a_fetch_that_was_interrupted_has_left_whose_folder_it_is(terminal: Terminal, tmp_path: Path) -> None:
    for name in ("0-run/estimate.json", "0-run/run.json", "1-prompts/prompts.jsonl"):
        terminal.cloud.files.objects[ROOT + name] = b"{}"
    terminal.call("fetch", "reviews-1", "--to", tmp_path)
    assert next(asked for asked in terminal.cloud.asked if asked.startswith("read")) == f"read {ROOT}0-run/run.json"


def test_fetch_of_nothing(terminal: Terminal, tmp_path: Path) -> None:
    code, text = terminal.call("fetch", "reviews-1", "--to", tmp_path)
    assert code == 1 and "has no files" in text


def test_runs(terminal: Terminal) -> None:
    finished(terminal.cloud, "SUCCEEDED")
    terminal.cloud.machine.add(
        execution(
            arn="arn:aws:states:us-east-1:1:execution:NovaDistill:second",
            name="second",
            started=at(600),
            input={"dataset": "other"},
        )
    )
    code, text = terminal.call("runs")
    rows = [line.split() for line in text.splitlines()]
    assert code == 0
    assert rows[3][:5] == ["second", "other", "RUNNING", "01-02", "03:14"]
    assert rows[4] == ["reviews-1", "reviews", "SUCCEEDED", "promote", "01-02", "03:04", "3:10"]


def test_no_runs(terminal: Terminal) -> None:
    assert "No run was started yet" in terminal.call("runs")[1]


# what goes wrong outside


def test_missing_credentials_are_said_without_a_traceback(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise NoCredentialsError

    monkeypatch.setattr(commands, "connect", refuse)
    code, text = terminal.call("runs")
    assert code == 1
    assert "no usable AWS credentials" in text and "Next: Log in" in text and "Traceback" not in text


def test_a_defect_keeps_its_traceback(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(commands, "connect", broken)
    with pytest.raises(ZeroDivisionError):
        terminal.call("runs")
