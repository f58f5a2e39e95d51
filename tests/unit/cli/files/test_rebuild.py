"""`rebuild`: the same bytes from a folder and from the bucket, and a clear no where something is not what it was."""

import json
from pathlib import Path

import pytest

from distillation.layout import RunLayout
from tests.fakes import model_output
from tests.unit.cli.terminal_fake import Terminal
from tests.worlds.curation_world import CurationWorld, asked, plain_texts, says

ROOT = RunLayout("run-1").root


@pytest.fixture(scope="module")
def world() -> CurationWorld:
    run = CurationWorld([asked(text) for text in plain_texts(60)], filters={"judge": {"threshold": 4}})
    run.reduced(lambda record_id, *_: model_output(f"It is thing {record_id[-1]}."))
    run.rated(lambda record_id, *_: model_output("45"[int(record_id[0], 16) % 2] if int(record_id[1], 16) else "2"))
    run.assembled()
    return run


@pytest.fixture
def folder(world: CurationWorld, tmp_path: Path) -> Path:
    """What `fetch` makes of the run."""
    for key, body in world.files.objects.items():
        if key.startswith(ROOT):
            path = tmp_path / key.removeprefix(ROOT)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
    return tmp_path


def test_a_fetched_run_makes_the_same_bytes_again(terminal: Terminal, folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    code, text = terminal.call("rebuild", "run-1", "--from", folder)
    assert code == 0, text
    assert "the same, byte for byte" in text
    same = {"runId": "run-1", "same": True, "differing": [], "altered": []}
    assert terminal.json("rebuild", "run-1", "--from", folder) == (0, same)
    assert all(
        f"{name} " in text for name in ("train.jsonl", "validation.jsonl", "holdout.jsonl", "rejected.jsonl", "card.md")
    )
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before, (
        "the folder is only read"
    )


def test_nothing_behind_the_replies_is_looked_at(terminal: Terminal, folder: Path) -> None:
    for path in [*folder.glob("4-answers/*shard*"), *folder.glob("5-dataset/candidates/*.jsonl")]:
        path.write_text("nonsense")
    assert terminal.call("rebuild", "run-1", "--from", folder)[0] == 0


def test_a_file_that_was_altered_since_is_named(terminal: Terminal, folder: Path) -> None:
    altered = folder / "5-dataset/train.jsonl"
    altered.write_text(altered.read_text() + "{}\n")
    code, text = terminal.call("rebuild", "run-1", "--from", folder)
    assert code == 1 and f"{altered} is not the file that the run wrote" in text and "byte for byte" not in text


def test_from_the_bucket(terminal: Terminal, world: CurationWorld) -> None:
    terminal.cloud.files.objects = dict(world.files.objects)
    code, text = terminal.call("rebuild", "run-1")
    assert code == 0, text
    assert "byte for byte" in text


def test_a_changed_reply_is_seen(terminal: Terminal, folder: Path) -> None:
    reply = sorted(folder.glob("3-replies/wave-00/**/*.jsonl.out"))[0]
    reply.write_text(reply.read_text().replace("It is thing 0.", "It is a lie."))
    code, text = terminal.call("rebuild", "run-1", "--from", folder)
    assert code == 1
    assert "train.jsonl" in text
    assert "differs" in text


def test_another_library_version_is_named(terminal: Terminal, folder: Path) -> None:
    path = folder / "5-dataset/manifest.json"
    manifest = json.loads(path.read_text())
    manifest["versions"]["rensa"] = "0.0.1"
    manifest["files"]["train.jsonl"]["sha256"] = "0" * 64
    path.write_text(json.dumps(manifest))
    code, text = terminal.call("rebuild", "run-1", "--from", folder)
    assert code == 1
    assert "version of rensa: 0.0.1 then," in text
    assert "0000000000000000" in text


def test_a_folder_without_the_run_says_how_to_get_it(terminal: Terminal, tmp_path: Path, folder: Path) -> None:
    (tmp_path / "empty").mkdir()
    code, text = terminal.call("rebuild", "run-1", "--from", tmp_path / "empty")
    assert code == 1
    assert "cli fetch run-1" in text
    code, text = terminal.call("rebuild", "run-2", "--from", folder)
    assert code == 1
    assert "holds the run run-1, not run-2" in text


def test_answers_that_were_taken_over_from_the_cache_are_part_of_it(
    terminal: Terminal, world: CurationWorld, tmp_path: Path
) -> None:
    later = CurationWorld(world.prompts)
    later.files.objects |= {key: body for key, body in world.files.objects.items() if key.startswith("answers/")}
    later.reduced(says("never asked")).assembled()
    terminal.cloud.files.objects = dict(later.files.objects)
    code, text = terminal.call("rebuild", "run-1")
    assert code == 0, text
    assert not [key for key in later.files.objects if key.endswith(".jsonl.out")]
