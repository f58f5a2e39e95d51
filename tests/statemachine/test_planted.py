"""Leaks, duplicates, personal data and contradictions that are planted in the seeds: each is found in its file with its
reason, and the rest is learnt.
"""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest

from distillation.run.config import Split
from distillation.seeds.prompts import prompt_id
from distillation.seeds.split import Side, side_of_id
from tests.flow import GOOD, THINGS, App, check_counts, jsonl, reviews

SYSTEM = "Say how the writer of the review feels.\nAnswer with exactly one of: negative | positive"
SETTINGS: dict[str, Any] = {
    "dataset": "planted",
    "runId": "planted",
    "task": {"kind": "answer", "answerPattern": "(negative|positive)"},
    "sampling": {"sampled": 0},
    "examples": {"trustReference": True},
    "filters": {"personalData": "reject"},
    "decontamination": {"files": ["evaluation/known.jsonl"]},
    "split": {"holdoutShare": 0.3},
    "promotion": "never",
}
SPLIT = Split(holdout_share=0.3, validation_share=0.1)
Row = dict[str, str]


def row(prompt: str, label: str | None = None) -> Row:
    """A seed; without a label its reference cannot be contradicted, which would be found first."""
    return {"system": SYSTEM, "prompt": prompt} | ({"reference": label} if label else {})


def is_held(prompt: str) -> bool:
    return side_of_id(prompt_id(SYSTEM, prompt), SPLIT) is Side.HOLDOUT


def story(number: int) -> str:
    """Thirty words of their own that praise something."""
    words = [f"{THINGS[(number + n) % len(THINGS)]}{number}x{n} was {GOOD[n % len(GOOD)]}" for n in range(12)]
    return "I loved it: " + ", ".join(words)


def stories(held: bool) -> Iterator[str]:
    """Stories that fall on this side of the split."""
    return (story(number) for number in count() if is_held(story(number)) is held)


def varied(prompt: str, held: bool, form: str) -> str:
    """The prompt in another form that falls on this side. `form` holds {prompt} and {number}."""
    return next(text for number in count() if is_held(text := form.format(prompt=prompt, number=number)) is held)


def planted() -> tuple[list[Row], dict[str, set[str]]]:
    """The seeds, and reason -> prompt ids that must be rejected for it."""
    measured, learnt = stories(held=True), stories(held=False)
    held, other, twin, again, known = next(measured), next(measured), next(learnt), next(learnt), next(learnt)
    leak = varied(" ".join(held.split()[3:24]), False, "Quite another text number {number} repeats this: {prompt}")
    bad: dict[str, list[str]] = {
        "duplicate_of_holdout": [
            next(text for n in count(1) if not is_held(text := other.replace(" ", " " * (n + 1))))
        ],
        "near_duplicate_of_holdout": [varied(held, False, "{prompt} indeed{number}")],
        "overlaps_holdout": [leak],
        "duplicate": [next(text for n in count(1) if not is_held(text := twin.replace(" ", " " * (n + 1))))],
        "near_duplicate": [varied(again, False, "{prompt} indeed{number}")],
        "overlaps_evaluation_file": [known],
        "personal_data": [
            varied("", False, f"A {GOOD[0]} film. Write to anna.{{number}}@example.com for more{{prompt}}")
        ],
        "contradicts_reference": [
            # The teacher is sure that these are positive.
            varied(
                "", False, f"I love it! Great {thing} and wonderful service, thank you so much ({{number}}){{prompt}}"
            )
            for thing in THINGS[:4]
        ],
    }
    rows = [row(text) for text in (held, other, twin, again)]
    rows += [
        row(text, "negative" if reason == "contradicts_reference" else None)
        for reason, texts in bad.items()
        for text in texts
    ]
    return rows, {reason: {prompt_id(SYSTEM, text) for text in texts} for reason, texts in bad.items()}


def tell(app: App) -> dict[str, Any]:
    """The run, ended."""
    rows, _ = planted()
    known = next(
        text
        for text in (r["prompt"] for r in rows)
        if prompt_id(SYSTEM, text) in planted()[1]["overlaps_evaluation_file"]
    )
    with app.untriggered():
        app.upload("evaluation/known.jsonl", jsonl([{"prompt": f"An item of a test that is known: {known}"}]))
        app.upload(
            "seeds/planted/seeds.jsonl",
            jsonl([*rows, *(row(r["prompt"], r["reference"]) for r in reviews(60))]),
        )
    return app.wait(app.start("planted", SETTINGS))


@pytest.fixture(scope="module")
def run(told: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """How it ended."""
    return told(__name__)


def test_each_planted_prompt_is_rejected_with_its_reason(app: App, run: dict[str, Any]) -> None:
    assert run["status"] == "SUCCEEDED", run.get("cause")
    reasons = {line["promptId"]: line["reason"] for line in app.lines("runs/planted/5-dataset/rejected.jsonl")}
    for reason, ids in planted()[1].items():
        assert {reasons.get(one) for one in ids} == {reason}, reason


def test_none_of_them_is_learnt_or_measured_and_every_prompt_is_accounted_for(app: App, run: dict[str, Any]) -> None:
    bad = set().union(*planted()[1].values())
    texts = {
        prompt["prompt"] for prompt in app.lines("runs/planted/1-prompts/prompts.jsonl") if prompt["promptId"] in bad
    }
    held = app.lines("runs/planted/5-dataset/holdout.jsonl")
    learnt = [
        line["messages"][0]["content"][0]["text"]
        for name in ("train", "validation")
        for line in app.lines(f"runs/planted/5-dataset/{name}.jsonl")
    ]
    assert not texts & {item["prompt"] for item in held}
    assert not texts & set(learnt)
    report = app.json("runs/planted/8-report/report.json")
    check_counts(report["counts"])
    assert report["accountProblems"] == []
    rejected: dict[str, int] = {}
    for step in report["data"]["funnel"]:
        if step["unit"] == "prompts":
            rejected |= {reason: rejected.get(reason, 0) + number for reason, number in step["rejected"].items()}
    for reason, ids in planted()[1].items():
        assert rejected[reason] >= len(ids)


def test_the_dataset_can_be_made_again_from_its_files_byte_for_byte(app: App, run: dict[str, Any]) -> None:
    rebuilt = app.cli("rebuild", "planted")
    assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
    assert "byte for byte" in rebuilt.stdout
