"""What the demo says before anything is started, and at its end."""

import io
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from local import demo, lifecycle
from local.final_screen import final_screen
from local.paths import PROJECT


def _written(folder: Path, report: object) -> Path:
    (folder / "8-report").mkdir()
    (folder / "8-report" / "report.json").write_bytes(msgspec.json.encode(report))
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
    run = {"verdict": verdict, "arms": arms, "costs": {"totalUsd": 0.119}, "estimate": {"totalUsd": 0.147}}
    folder = _written(tmp_path, run)
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
    assert shown[5] == "  cost     0.119 USD at list prices, estimated 0.147"
    assert page.endswith(str(folder / "8-report" / "index.html"))


def test_the_end_of_a_run_that_compared_nothing(tmp_path: Path) -> None:
    lines = final_screen(_written(tmp_path, {"verdict": {"headline": "Hold: nothing to decide on."}}))
    assert lines[:2] == [
        "[bold]Hold: nothing to decide on.[/]",
        "  cost     not known",
    ]


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
