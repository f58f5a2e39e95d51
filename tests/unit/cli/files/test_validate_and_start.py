"""`validate` and `start` as a person calls them: output, what reaches AWS, exit codes."""

import gzip
import json
from datetime import timedelta
from pathlib import Path

import pytest

from cli.runs import start as starting
from tests.unit.cli.cloud_fake import FakeCloud
from tests.unit.cli.run_stories import START, at, execution
from tests.unit.cli.terminal_fake import Terminal


def good_seeds(path: Path, number: int = 12) -> Path:
    path.write_text("".join(json.dumps({"prompt": f"Review {n}: good food 🙂"}) + "\r\n" for n in range(number)))
    return path


# validate


def test_validate_good_seeds(terminal: Terminal, tmp_path: Path) -> None:
    packed = tmp_path / "more.jsonl.gz"
    packed.write_bytes(gzip.compress(b'{"prompt": "another"}\n'))
    code, text = terminal.call("validate", good_seeds(tmp_path / "seeds.jsonl"), packed)
    assert code == 0
    assert "13 seeds: 13 usable, 0 set aside." in text
    assert "Task: text." in text


def test_validate_shows_every_problem_and_fails_as_the_run_would(terminal: Terminal, tmp_path: Path) -> None:
    seeds = good_seeds(tmp_path / "seeds.jsonl")
    with seeds.open("a") as file:
        file.write('not json\n\n{"prompt": "User: hi"}\n{"prompt": "Review 1: good food 🙂"}\n')
    code, text = terminal.call("validate", seeds)
    assert code == 1
    for found in ("not_json", "reserved_word", "prompt: duplicate", "2 of 15 seeds cannot be used"):
        assert found in text
    assert "rejected-seeds.jsonl" not in text


def test_validate_sets_a_few_bad_seeds_aside(terminal: Terminal, tmp_path: Path) -> None:
    seeds = good_seeds(tmp_path / "seeds.jsonl", 40)
    with seeds.open("a") as file:
        file.write("not json\n")
    code, text = terminal.call("validate", seeds)
    assert code == 0
    assert "41 seeds: 40 usable, 1 set aside." in text


def test_validate_reads_files_in_the_order_of_their_names_so_of_duplicates_the_first_stays(
    terminal: Terminal, tmp_path: Path
) -> None:
    first, second = good_seeds(tmp_path / "a.jsonl"), good_seeds(tmp_path / "b.jsonl", 13)
    code, text = terminal.call("validate", second, first)
    assert code == 0
    assert "25 seeds: 13 usable, 12 set aside." in text
    assert "b.jsonl:1 " in text and "a.jsonl:1 " not in text


def test_validate_input_alone(terminal: Terminal, tmp_path: Path) -> None:
    settings = tmp_path / "input.json"
    settings.write_text('{"gate": {"margin": "wide"}, "sampling": {"greedyy": 1}}')
    code, text = terminal.call("validate", "--input", settings)
    assert code == 1
    assert "gate.margin" in text and "greedyy" in text
    settings.write_text('{"gate": {"margin": 0.1}}')
    assert terminal.call("validate", "--input", settings)[0] == 0


@pytest.mark.parametrize(
    "arguments",
    [["validate"], ["validate", "no-such-file.jsonl"], ["report", "a", "b"], ["fetch", "a"], ["start"], ["nonsense"]],
)
def test_wrong_usage_is_2(terminal: Terminal, arguments: list[str]) -> None:
    assert terminal.call(*arguments)[0] == 2


# start


def test_start_on_files_that_are_there(terminal: Terminal, tmp_path: Path) -> None:
    settings = tmp_path / "input.json"
    settings.write_text('{"sampling": {"sampled": 2}}')
    terminal.cloud.files.objects["seeds/reviews/a.jsonl"] = b""
    code, text = terminal.call("start", "reviews", "--input", settings)
    (started,) = terminal.cloud.machine.known.values()
    assert code == 0
    assert started.input["dataset"] == "reviews" and started.input["sampling"] == {"sampled": 2}
    assert started.name == started.input["runId"] and started.name.startswith("reviews-2")
    assert started.name in text
    assert (
        f"https://us-east-1.console.aws.amazon.com/states/home?region=us-east-1#/v2/executions/details/{started.arn}"
        in text
    )


def test_start_elsewhere_than_on_aws_has_no_console(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = FakeCloud(on_aws=False)
    cloud.files.objects["seeds/reviews/a.jsonl"] = b""
    code, text = Terminal(cloud, monkeypatch).call("start", "reviews")
    assert code == 0 and "console.aws" not in text and "arn:aws:states" in text


def test_going_on_with_a_run_gives_a_new_execution_of_the_same_run(terminal: Terminal) -> None:
    terminal.cloud.files.objects["seeds/reviews/a.jsonl"] = b""
    assert terminal.call("start", "reviews", "--run-id", "reviews-7")[0] == 0
    (started,) = terminal.cloud.machine.known.values()
    assert started.input["runId"] == "reviews-7"
    assert started.name.startswith("reviews-7_")


def test_bad_input_starts_nothing(terminal: Terminal, tmp_path: Path) -> None:
    settings = tmp_path / "input.json"
    for content, complaint in (
        ("[1]", "no JSON object"),
        ("{", "is not JSON"),
        ('{"dataset": "other"}', "'other'"),
        ('{"gate": 3}', "gate"),
        ('{"runId": "A B"}', "runId"),
    ):
        settings.write_text(content)
        code, text = terminal.call("start", "reviews", "--input", settings)
        assert code == 1 and complaint in text, content
    assert terminal.cloud.machine.known == {}


def test_an_upload_starts_nothing_itself_and_finds_the_run_that_it_triggers(terminal: Terminal, tmp_path: Path) -> None:
    cloud = terminal.cloud
    cloud.machine.add(execution(arn="arn:aws:states:us-east-1:1:execution:NovaDistill:old", name="old", stopped=START))
    settings = tmp_path / "settings.json"
    settings.write_text('{"gate": {"margin": 0.1}}')
    uploads: list[list[str]] = []

    def triggered() -> None:
        uploads.append(sorted(cloud.files.objects))
        if "seeds/reviews/seeds.jsonl" in cloud.files.objects:
            other = "arn:aws:states:us-east-1:1:execution:NovaDistill:other-1"
            cloud.machine.add(execution(arn=other, name="other-1", input={"dataset": "other"}, started=at(60)))
            cloud.machine.start("reviews-0123456789", {"dataset": "reviews"})

    cloud.files.on_upload = triggered
    cloud.files.objects["seeds/reviews/older.csv"] = b"prompt\n"
    code, text = terminal.call(
        "start", "reviews", "--input", settings, "--upload", good_seeds(tmp_path / "seeds.jsonl")
    )
    assert code == 0
    assert uploads[0] == ["seeds/reviews/input.json", "seeds/reviews/older.csv"]
    assert "Run      reviews-0123456789" in text
    assert "Also part of the dataset: seeds/reviews/older.csv" in text
    assert "holds for every later run" in text
    assert len(cloud.machine.known) == 3


def test_an_upload_that_triggers_nothing_says_so(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starting, "TRIGGER_PATIENCE", timedelta())
    code, text = terminal.call("start", "reviews", "--upload", good_seeds(tmp_path / "seeds.jsonl"))
    assert code == 1
    assert "no run started within" in text and "python -m cli start reviews" in text


def test_files_that_no_run_would_read_are_not_uploaded(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "a").mkdir()
    same = ["--upload", good_seeds(tmp_path / "s.jsonl"), "--upload", good_seeds(tmp_path / "a" / "s.jsonl")]
    for arguments, complaint in ((["--upload", tmp_path / "notes.txt"], "notes.txt"), (same, "same name")):
        code, text = terminal.call("start", "reviews", *arguments)
        assert code == 1 and complaint in text
    assert terminal.cloud.files.objects == {}


def test_settings_of_an_upload_may_not_name_a_run(terminal: Terminal, tmp_path: Path) -> None:
    settings = tmp_path / "input.json"
    settings.write_text('{"runId": "reviews-1"}')
    code, text = terminal.call(
        "start", "reviews", "--input", settings, "--upload", good_seeds(tmp_path / "seeds.jsonl")
    )
    assert code == 1 and "runId" in text and terminal.cloud.files.objects == {}
    assert terminal.call("start", "reviews", "--run-id", "x", "--upload", tmp_path / "seeds.jsonl")[0] == 2


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        ("reviews", "reviews-20260102-030405"),
        ("a" * 32, "a" * 20 + "-20260102-030405"),
        ("a--b-", "a-b-20260102-030405"),
    ],
)
def test_new_run_ids_are_run_ids(dataset: str, expected: str) -> None:
    assert starting.new_run_id(dataset, START) == expected
    assert starting.read_input(None, "reviews", expected)["runId"] == expected
