"""What the demo says before anything is started, and at its end."""

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import msgspec
import psutil
import pytest
from rich.console import Console

from local import demo, lifecycle, processes
from local.errors import LocalAwsError
from local.final_screen import final_screen
from local.instance import Instance
from local.paths import PROJECT
from local.progress import Progress
from local.uploads import read_too

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


def _written(folder: Path, report: object, *rounds: tuple[str, int, int]) -> Path:
    """`rounds`: the folder below 2-requests, how many requests were asked and how many taken over."""
    (folder / "8-report").mkdir()
    (folder / "8-report" / "report.json").write_bytes(msgspec.json.encode(report))
    for name, requests, cached in rounds:
        plan = folder / "2-requests" / name / "plan.json"
        plan.parent.mkdir(parents=True)
        stage = name.split("-")[0].replace("wave", "answers")
        plan.write_bytes(msgspec.json.encode({"stage": stage, "requests": requests, "cached": cached}))
    return folder


def _arm(value: float, cost: float) -> dict[str, object]:
    figures = {
        "accuracy": {"value": value, "low": value - 0.05, "high": value + 0.05},
        "costPer1000Usd": {"value": cost},
    }
    return {"metrics": figures}


def test_the_end_names_verdict_three_arms_cost_and_page_in_eight_lines(tmp_path: Path) -> None:
    verdict = {
        "headline": "Hold: these items do not show [it] either way, in the slice 'a'.",
        "metric": "accuracy",
        "serve": "teacher",
    }
    arms = {
        "teacher": _arm(0.9, 0.0595),
        "base": _arm(0.7, 0.002),
        "student": _arm(0.8, 0.002),
        "direct": _arm(0.85, 1),
    }
    run = {"verdict": verdict, "arms": arms, "costs": {"totalUsd": 0.060}, "estimate": {"totalUsd": 0.147}}
    folder = _written(tmp_path, run, ("pilot-00", 0, 10), ("wave-00", 0, 2_000))
    console = Console(width=80, record=True, file=io.StringIO())
    *lines, page = final_screen(folder)
    console.print("\n".join(lines))
    shown = console.export_text().splitlines()
    assert len(shown) + 1 <= 8
    assert shown[0] == verdict["headline"]
    assert shown[1:4] == [
        "  teacher  accuracy  90.0 % (85.0 to 95.0)    1,000 answers 0.0595 USD",
        "  student  accuracy  80.0 % (75.0 to 85.0)    1,000 answers 0.0020 USD",
        "  base     accuracy  70.0 % (65.0 to 75.0)    1,000 answers 0.0020 USD",
    ]
    assert shown[4] == "  serve    teacher, by what was measured"
    assert shown[5] == "  asked    the teacher 0 requests; 2,000 answers came from earlier runs"
    assert shown[6] == "  cost     0.060 USD at list prices, estimated 0.147 without those"
    assert page.endswith(str(folder / "8-report" / "index.html"))


def test_the_end_of_a_run_that_compared_nothing(tmp_path: Path) -> None:
    lines = final_screen(_written(tmp_path, {"verdict": {"headline": "Hold: nothing to decide on."}}))
    assert lines[:2] == [
        "[bold]Hold: nothing to decide on.[/]",
        "  cost     not known",
    ]


@pytest.mark.parametrize(
    ("models", "said"),
    [
        ({}, "  asked    the teacher 2,154 requests; 30 answers came from earlier runs"),
        ({"judge": "another"}, "  asked    the teacher 2,024 requests; 10 answers came from earlier runs"),
    ],
)
def test_every_round_of_the_teacher_counts_and_those_of_another_judge_do_not(
    tmp_path: Path, models: dict[str, str], said: str
) -> None:
    rounds = (
        ("pilot-00", 10, 0),
        ("expansion-00", 20, 10),
        ("wave-00", 1_990, 0),
        ("wave-01", 4, 0),
        ("ratings-00", 100, 20),
        ("comparisons-00", 30, 0),
    )
    folder = _written(tmp_path, {"verdict": {"headline": "Hold."}, "models": models}, *rounds)
    assert said in final_screen(folder)


def test_what_a_managed_distillation_asks_by_itself_is_not_in_the_count(tmp_path: Path) -> None:
    costs = {"totalUsd": 1.0, "lines": [{"stage": "training"}, {"stage": "distillation"}]}
    folder = _written(tmp_path, {"verdict": {"headline": "Hold."}, "costs": costs}, ("wave-00", 154, 0))
    assert "  asked    the teacher 154 requests directly" in final_screen(folder)


@pytest.mark.parametrize(
    ("seeds", "settings", "said"),
    [
        ('prompt,reference\n"a,b\n', "{}", "promptTemplate"),
        ('{"prompt": "a"}\n', '{"task": {"kind": "lable"}}', "lable"),
    ],
)
def test_files_that_cannot_make_a_run_are_told_before_anything_starts(
    tmp_path: Path, seeds: str, settings: str, said: str
) -> None:
    file = tmp_path / ("bad.csv" if seeds.startswith("prompt") else "bad.jsonl")
    file.write_text(seeds)
    (tmp_path / "input.json").write_text(settings)
    home = tmp_path / "home"
    command = ["demo", "--seeds", str(file), "--input", str(tmp_path / "input.json"), "--home", str(home)]
    done = subprocess.run(
        [sys.executable, "-m", "local", *command], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert said in done.stdout
    assert "Nothing was started" in done.stderr
    assert not home.exists()


@pytest.mark.parametrize(
    ("keep", "said"), [(False, "its run has ended with it"), (True, "What was started in the local AWS goes on there")]
)
def test_ctrl_c_says_what_became_of_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], keep: bool, said: str
) -> None:
    """Pressed while the local AWS starts: nothing has been started that could be left over."""

    def pressed(home: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(lifecycle, "up", pressed)
    monkeypatch.setattr(demo, "_stop_on_signals", lambda: None)
    with pytest.raises(KeyboardInterrupt):
        demo.run_demo(seeds=None, settings=None, out=tmp_path / "out", home=tmp_path / "home", keep=keep)
    printed = " ".join(capsys.readouterr().out.split())
    assert "Stopped by Ctrl-C." in printed
    assert said in printed


@pytest.fixture
def signals() -> Iterator[None]:
    """The handlers of the signals that a demo sets for its own process."""
    names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(name) for name in names]
    yield
    for name, handler in zip(names, before, strict=True):
        signal.signal(name, handler)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A folder whose instance is stopped at the end."""
    yield tmp_path / "home"
    lifecycle.down(tmp_path / "home")


def _shown(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().out.split())


def test_what_a_demo_kept_is_used_again_and_what_is_left_of_a_killed_one_makes_way(
    home: Path, signals: None, capsys: pytest.CaptureFixture[str]
) -> None:
    with demo.demo_instance(home, Progress(), keep=True, kept=True) as first:
        other = demo.demo_instance(home, Progress(), keep=False, kept=True)
        with pytest.raises(LocalAwsError, match="Another demo is under way"), other:
            pass
    said = _shown(capsys)
    assert "run again make demo KEEP=1" in said
    assert f"-m local down --home {os.path.relpath(home, PROJECT)}" in said
    # A story that begins with an empty bucket does not begin on a kept one.
    with pytest.raises(LocalAwsError, match="already runs"), demo.demo_instance(home, Progress(), keep=False):
        pass
    with demo.demo_instance(home, Progress(), keep=True, kept=True) as second:
        assert second == first
    assert "is used again" in _shown(capsys)
    _kill(home, "bedrock")
    with demo.demo_instance(home, Progress(), keep=False, kept=True) as third:
        assert third.emulator_pid != first.emulator_pid
        assert lifecycle.what_ails(home) == ""
    said = _shown(capsys)
    assert "cannot be used: bedrock has ended." in said
    assert "the teacher is asked everything again" in said
    assert not lifecycle.is_there(home)
    assert not any(_runs(pid) for one in (first, third) for pid in (one.emulator_pid, one.bedrock_pid))


def _kill(home: Path, name: str) -> None:
    process = processes.find(home, name)
    assert process
    process.kill()
    while processes.find(home, name):
        time.sleep(0.05)


def _runs(pid: int | None) -> bool:
    """Where the machine's first process collects no orphans, an ended process stays listed as a zombie."""
    assert pid
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_files_that_an_earlier_upload_left_are_named_and_those_that_are_replaced_are_not(home: Path) -> None:
    instance = lifecycle.up(home, with_bedrock=False)
    s3 = _client(instance)
    s3.create_bucket(Bucket="held")
    for name in ("reviews/seeds.jsonl", "reviews/older.csv", "reviews/input.json", "reviews-2/seeds.jsonl"):
        s3.put_object(Bucket="held", Key=f"seeds/{name}", Body=b"")
    seeds = Path("seeds.jsonl")
    assert read_too(instance, "held", "reviews", seeds, None) == ["input.json", "older.csv"]
    assert read_too(instance, "held", "reviews", seeds, Path("mine.json")) == ["older.csv"]
    assert read_too(instance, "held", "another", seeds, None) == []


def _client(instance: Instance) -> "S3Client":
    return boto3.session.Session("test", "test", region_name=instance.region).client(
        "s3", endpoint_url=instance.emulator_url
    )
