"""`validate` and `seeds`: what a run would say of seeds, and what would disappoint, before anything is paid for."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from cli.files.draw_findings import SHOWN_PLACES
from cli.runs import start as starting
from tests.unit.cli.terminal_fake import Terminal

PROJECT = Path(__file__).parents[4]


def lines(path: Path, *records: object) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def good_seeds(path: Path, number: int) -> Path:
    return lines(path, *({"prompt": f"Review {n}"} for n in range(number)))


def test_seeds_are_set_aside_by_reason(terminal: Terminal, tmp_path: Path) -> None:
    bad = [{"prompt": f"User: {number}"} for number in range(SHOWN_PLACES + 3)]
    text = terminal.call("validate", lines(tmp_path / "s.jsonl", *bad, {"prompt": "x", "reference": 3}))[1]
    assert f"{len(bad)} seeds set aside: prompt: reserved_word" in text and "… and 3 more" in text
    assert "1 seed set aside: reference: " in text and text.count("'User:' at position 1") == 1


@pytest.mark.parametrize(
    ("record", "code", "said"),
    [
        ({"label": "good"}, 1, "✗ {}: 'label' is not read (40 seeds); did you mean reference?"),
        ({"refrence": "good"}, 1, "did you mean reference?"),
        ({"system_prompt": "Be brief."}, 1, "did you mean system?"),
        ({"topic": "food"}, 0, "! {}: 'topic' is not read (40 seeds); did you mean category?"),
        ({"metadata": {"a": 1}}, 0, "! {}: 'metadata' is not read (40 seeds)"),
        ({"label": "good", "reference": "good"}, 0, "! {}: 'label' is not read (40 seeds)"),
        ({"reference": "good", "category": "a"}, 0, "Task: text."),
    ],
)
def test_keys_that_no_run_reads_are_named(
    terminal: Terminal, tmp_path: Path, record: dict[str, object], code: int, said: str
) -> None:
    seeds = lines(tmp_path / "s.jsonl", *({"prompt": f"Review {number}"} | record for number in range(40)))
    found, text = terminal.call("validate", seeds)
    assert found == code and said.format(seeds) in text


def test_columns_that_no_run_reads_are_named(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("text,answer,note\n" + "".join(f"Review {n},good,x\n" for n in range(40)))
    (tmp_path / "input.json").write_text('{"promptTemplate": "{text}"}')
    code, text = terminal.call("validate", tmp_path / "s.csv", "--input", tmp_path / "input.json")
    assert code == 1
    assert "'answer' is not read (40 seeds); did you mean reference?" in text and "'note' is not read" in text
    assert "'text' is not read" not in text


def test_a_conversation_is_read_without_complaint(terminal: Terminal) -> None:
    text = terminal.call("validate", PROJECT / "examples/conversations/conversations.jsonl")[1]
    assert "is not read" not in text


def test_references_that_contradict_one_another_are_a_problem(terminal: Terminal, tmp_path: Path) -> None:
    first = lines(tmp_path / "a.jsonl", *({"prompt": f"Review {n}", "reference": "good"} for n in range(40)))
    second = lines(tmp_path / "b.jsonl", *({"prompt": f"Review {n}", "reference": "bad"} for n in range(40)))
    code, text = terminal.call("validate", first, second)
    assert code == 1 and "40 of 80 seeds contradict the reference of an earlier seed" in text


def test_too_few_to_train_on_and_too_few_to_measure(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "half.json").write_text('{"split": {"holdoutShare": 0.5}}')
    code, text = terminal.call("validate", good_seeds(tmp_path / "s.jsonl", 10), "--input", tmp_path / "half.json")
    assert code == 1 and "prompts are left to train on" in text and "takes at least 8" in text
    code, text = terminal.call("validate", good_seeds(tmp_path / "more.jsonl", 60))
    assert code == 0 and "with fewer than 100 no student can be promoted" in text
    code, text = terminal.call("validate", good_seeds(tmp_path / "enough.jsonl", 600))
    assert code == 0 and "no student can be promoted" not in text and "Split: " in text


def test_an_empty_file_is_named(terminal: Terminal, tmp_path: Path) -> None:
    empty = lines(tmp_path / "empty.jsonl")
    code, text = terminal.call("validate", empty)
    assert code == 1 and f"{empty}: holds no seed" in text and "seeds/seeds" not in text
    assert terminal.call("validate", empty, good_seeds(tmp_path / "s.jsonl", 40))[0] == 1


@pytest.mark.parametrize("kind", ["auto", "label"])
def test_references_that_cannot_be_labels_are_an_error_with_its_reason(
    terminal: Terminal, tmp_path: Path, kind: str
) -> None:
    seeds = lines(tmp_path / "s.jsonl", *({"prompt": f"R {n}", "reference": f"l{n % 201}"} for n in range(603)))
    (tmp_path / "input.json").write_text(json.dumps({"task": {"kind": kind}}))
    code, text = terminal.call("validate", seeds, "--input", tmp_path / "input.json")
    assert code == 1 and "201 distinct value(s)" in text and "expected 2 to 200 labels" in text


# in the bucket


def test_the_seeds_of_a_dataset_are_listed_checked_and_removed(terminal: Terminal, tmp_path: Path) -> None:
    stored = terminal.cloud.files.objects
    stored["seeds/reviews/good.jsonl"] = good_seeds(tmp_path / "s.jsonl", 60).read_bytes()
    stored["seeds/reviews/bin.jsonl.gz"] = b"no gzip"
    stored["seeds/reviews/input.json"] = b'{"gate": {"margin": 0.1}}'
    stored["seeds/reviews/notes.txt"] = b"x"
    rows = {row[0]: row[-1] for line in terminal.call("seeds", "reviews")[1].splitlines() if (row := line.split())}
    assert (rows["good.jsonl"], rows["input.json"], rows["notes.txt"]) == ("seeds", "settings", "nothing")
    code, text = terminal.call("seeds", "reviews", "--check")
    assert code == 1 and "corrupt_gzip" in text
    assert "Next: python -m cli seeds reviews --remove bin.jsonl.gz" in text
    assert terminal.call("seeds", "reviews", "--remove", "bin.jsonl.gz")[0] == 1
    assert "seeds/reviews/bin.jsonl.gz" in stored
    assert terminal.call("seeds", "reviews", "--remove", "bin.jsonl.gz", "--yes")[0] == 0
    assert "seeds/reviews/bin.jsonl.gz" not in stored
    assert terminal.call("seeds", "reviews", "--check")[0] == 0
    code, text = terminal.call("seeds", "reviews", "--remove", "bin.jsonl.gz", "--yes")
    assert code == 1 and "There is no seeds/reviews/bin.jsonl.gz" in text
    rest = ("good.jsonl", "input.json", "notes.txt")
    code, text = terminal.call("seeds", "reviews", *(part for name in rest for part in ("--remove", name)), "--yes")
    assert code == 0 and "✓ Removed good.jsonl, input.json, notes.txt." in text and "No seed file is left." in text


@pytest.mark.parametrize("command", [("seeds", "reveiws"), ("start", "reveiws")])
def test_a_dataset_that_is_not_there_starts_nothing(terminal: Terminal, command: tuple[str, str]) -> None:
    terminal.cloud.files.objects["seeds/reviews/a.jsonl"] = b"x"
    code, text = terminal.call(*command)
    assert code == 1 and "There is no seed file" in text and "Did you mean reviews?" in text
    assert terminal.cloud.machine.known == {}


def test_an_upload_is_checked_first(terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = tmp_path / "bin.jsonl"
    bad.write_bytes(bytes(range(256)) * 20)
    code, text = terminal.call("start", "reviews", "--upload", bad)
    assert code == 1 and "Nothing was uploaded" in text and terminal.cloud.files.objects == {}
    monkeypatch.setattr(starting, "TRIGGER_PATIENCE", timedelta())
    terminal.call("start", "reviews", "--upload", bad, "--unchecked")
    assert list(terminal.cloud.files.objects) == ["seeds/reviews/bin.jsonl"]


def test_an_upload_is_checked_under_the_datasets_own_settings(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small file is enough where the dataset has others; a CSV file needs the template of the dataset's settings."""
    monkeypatch.setattr(starting, "TRIGGER_PATIENCE", timedelta())
    stored, path = terminal.cloud.files.objects, tmp_path / "s.csv"
    path.write_text("text\n" + "".join(f"Review {n}\n" for n in range(9)))
    assert "no_prompt_template" in terminal.call("start", "reviews", "--upload", path)[1]
    stored["seeds/reviews/input.json"] = b'{"promptTemplate": "{text}", "split": {"holdoutShare": 0.5}}'
    assert "left to train on" in terminal.call("start", "reviews", "--upload", path)[1]
    stored["seeds/reviews/older.csv"] = b"text\n"
    assert "Uploaded seeds/reviews/s.csv" in terminal.call("start", "reviews", "--upload", path)[1]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"arms": {"direct": True}}, "arms.direct: found usable references in 0 of 60"),
        ({"training": {"method": "DISTILLATION"}}, "training.method: found 49 prompts outside the holdout"),
        ({"training": {"method": "DISTILLATION"}, "expansion": {"targetPrompts": 100}}, ""),
        ({"maxUsd": 0.001}, "maxUsd is 0.001"),
    ],
)
def test_what_the_seeds_do_not_allow_is_said_as_the_run_would(
    terminal: Terminal, tmp_path: Path, settings: dict[str, object], said: str
) -> None:
    path, given = good_seeds(tmp_path / "seeds.jsonl", 60), lines(tmp_path / "input.json", settings)
    code, text = terminal.call("validate", path, "--input", given)
    assert code == bool(said) and said in text, text


def test_all_that_several_turns_do_not_allow_is_said_at_once(terminal: Terminal, tmp_path: Path) -> None:
    earlier = [{"role": role, "content": "x"} for role in ("user", "assistant")]
    turns = ([*earlier, {"role": "user", "content": f"And city {n}?"}] for n in range(60))
    path = lines(tmp_path / "seeds.jsonl", *({"messages": messages} for messages in turns))
    settings = {"arms": {"direct": True}, "training": {"method": "DISTILLATION"}, "expansion": {"targetPrompts": 100}}
    given = lines(tmp_path / "input.json", settings)
    code, text = terminal.call("validate", path, "--input", given)
    assert code == 1
    for field in ("arms.direct: found", "expansion.targetPrompts: found", "training.method: found"):
        assert field in text, text
