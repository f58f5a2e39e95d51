"""`compare`: files of several runs in, a page and tables out. Only AWS is replaced, by one in memory."""

from pathlib import Path

import msgspec
import pytest

from distillation.layout import RunLayout
from distillation.records import Arm, encode_json, encode_lines
from tests.unit.cli.cloud_fake import FakeCloud
from tests.unit.cli.terminal_fake import Terminal
from tests.unit.report.test_comparison import TASK, run_of
from tests.worlds.run_records import run_record


def put(cloud: FakeCloud, run_id: str, right: str, first: int = 0, decision: str = "promote") -> RunLayout:
    """A run's files, as the machine leaves them."""
    layout, run = RunLayout(run_id), run_of(run_id, right, first)
    models = {"teacher": "amazon.nova-pro-v1:0", "student": "amazon.nova-micro-v1:0:128k"}
    record = run_record(TASK, run_id=run_id, models=models, training={"epochCount": min(len(run_id), 5)})
    report = {
        "runId": run_id,
        "dataset": "reviews",
        "verdict": {"decision": decision, "headline": "So it is."},
        "costs": {"lines": [], "totalUsd": 1.25, "unpriced": []},
        "counts": {"train": 321},
    }
    files = {
        layout.run: encode_json(record),
        layout.report("report.json"): msgspec.json.encode(report),
        layout.dataset("holdout.jsonl"): b"".join(encode_lines(run.holdout)),
        layout.predictions(Arm.STUDENT): b"".join(encode_lines(run.student)),
        layout.predictions(Arm.TEACHER): b"".join(encode_lines(run.teacher)),
    }
    cloud.files.objects.update(files)
    return layout


def test_compare_writes_a_page_and_prints_the_numbers(terminal: Terminal, tmp_path: Path) -> None:
    put(terminal.cloud, "a", "0" * 30 + "1" * 30)
    put(terminal.cloud, "longer", "1" * 50, first=10, decision="hold")
    page = tmp_path / "new" / "page.html"
    code, text = terminal.call("compare", "a", "longer", "--to", page)
    assert code == 0
    for expected in (
        "longer is better",
        "50 holdout items are in all of them",
        "Accuracy: longer − a",
        "321",
        "1.25 USD",
        "hold",
        "training.epochCount",
        str(page),
    ):
        assert expected in text, expected
    assert "longer is better" in page.read_text(encoding="utf-8")
    code, document = terminal.json("compare", "a", "longer", "--to", page)
    assert (code, document["page"]) == (0, str(page)) and document["comparison"]


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda cloud: put(cloud, "b", "1" * 5, first=90), "there is no holdout item that all of these runs have"),
        (lambda cloud: put(cloud, "b", "1" * 5, decision="failed"), "The run b failed"),
        (
            lambda cloud: cloud.files.objects.pop(put(cloud, "b", "1" * 5).predictions("student")),
            "predictions-student.jsonl is not in the bucket",
        ),
        (lambda cloud: None, "The run b has no report"),
    ],
)
def test_what_cannot_be_compared_is_said(terminal: Terminal, tmp_path: Path, prepare: object, said: str) -> None:
    put(terminal.cloud, "a", "1" * 5)
    prepare(terminal.cloud)  # type: ignore[operator]
    code, text = terminal.call("compare", "a", "b", "--to", tmp_path / "page.html")
    assert code == 1 and said in text and "Next:" in text
    assert not (tmp_path / "page.html").exists()


def test_one_run_is_no_comparison(terminal: Terminal, tmp_path: Path) -> None:
    put(terminal.cloud, "a", "1" * 5)
    code, text = terminal.call("compare", "a", "--to", tmp_path / "page.html")
    assert code == 1 and "1 runs cannot be compared" in text
