"""Nothing that people copy is broken: ids, paths and models stay whole in a terminal of 80 columns, and in pipes."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from cli.runs.draw.run import PlainLines, RunPicture
from cli.runs.draw.runs import RunLine, draw_runs
from cli.runs.run_view import run_view
from cli.screen import PIPE_COLUMNS, screen
from tests.unit.cli.run_stories import RUN_ID, at, execution, observed, up_to_answers
from tests.unit.cli.terminal_fake import Terminal
from tests.unit.cli.test_commands import REPORT, finished

LONG = "reviews-with-a-name-20260102-030405"


@pytest.fixture
def narrow(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> tuple[Terminal, io.StringIO]:
    said = io.StringIO()
    monkeypatch.setattr(screen, "text", Console(file=said, width=80, color_system=None))
    return terminal, said


def test_runs_at_80_columns(narrow: tuple[Terminal, io.StringIO]) -> None:
    terminal, said = narrow
    finished(terminal.cloud, "SUCCEEDED", name=LONG)
    terminal.call("runs")
    (line,) = [line for line in said.getvalue().splitlines() if LONG in line]
    assert len(line) <= 80 and "SUCCEEDED" in line


def test_money_is_not_cut_from_the_list_and_a_run_that_names_its_dataset_does_so_once(
    narrow: tuple[Terminal, io.StringIO],
) -> None:
    started = execution(name="reviews-20260102-030405", input={"dataset": "reviews"}, status="SUCCEEDED")
    screen.text.print(draw_runs([RunLine(started.name, started, "reject", "teacher", spent_usd=1234.5678)], at(900)))
    said = narrow[1].getvalue()
    assert "1234.5678" in said and "…" not in said and "dataset" not in said
    assert max(map(len, said.splitlines())) <= 80


def test_a_report_at_80_columns_breaks_no_word(narrow: tuple[Terminal, io.StringIO]) -> None:
    terminal, said = narrow
    reason = "Accuracy of the student is 45.4 %, against the teacher's 45.4 %, on the same 154 items: no difference."
    told = REPORT | {"verdict": {"decision": "hold", "reasons": [reason]}}
    line = {"stage": "predictions", "route": "onDemand", "inputTokens": 8_100_000, "outputTokens": 200_000}
    told["costs"] = {
        "lines": [line | {"model": "amazon.nova-micro-v1:0:128k", "usd": 1.5}],
        "totalUsd": 1.5,
        "unpriced": [],
    }
    terminal.cloud.files.objects[f"runs/{RUN_ID}/8-report/report.json"] = json.dumps(told).encode()
    terminal.call("report", RUN_ID)
    text = said.getvalue()
    assert set(reason.split()) <= set(text.split()) and "nova-micro-v1:0:128k" in text
    assert "s3://bucket/runs/reviews-1/8-report/index.html" in text


def test_a_pipe_is_wide(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    asked = [sys.executable, "-c", "from cli.screen import screen; print(screen.text.width)"]
    done = subprocess.run(
        asked, cwd=Path(__file__).parents[3], env=environment, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) == PIPE_COLUMNS


def test_the_time_left_follows_the_pace_so_far() -> None:
    """A thousand of 2,000 records in 60 s: a minute is left. Nothing done: nothing is said."""
    started = observed(up_to_answers(inside_maps=True), execution=execution())
    answered = observed(up_to_answers(inside_maps=True), keys=("4-answers/shard-0000.jsonl",))
    console = Console(record=True, width=100, file=io.StringIO())
    console.print(RunPicture().draw(run_view(answered), at(67)))
    assert "about 1:00 left" in console.export_text()
    assert any("about 1:00 left" in line for line in PlainLines().changes(run_view(answered), at(67)))
    assert not any(" left" in line for line in PlainLines().changes(run_view(started), at(67)))
