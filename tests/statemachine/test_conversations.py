"""A run on conversations of several turns, through batch jobs, a customization job and the deployed student."""

from collections.abc import Callable
from typing import Any

from tests.flow import LABELS, App, check_counts, jsonl, reviews

RUN = "talks"
SETTINGS: dict[str, Any] = {
    "dataset": RUN,
    "runId": RUN,
    "task": LABELS,
    "sampling": {"sampled": 1},
    "arms": {"fewShot": 2},
    "promotion": "never",
}


def talk(review: dict[str, str], number: int) -> dict[str, object]:
    """The review is what the customer says last."""
    said = [
        f"I bought a thing in shop {number}.",
        "What did you think of it?",
        review["prompt"],
        review["reference"],
    ]
    roles = ["user", "assistant"] * 2
    return {"messages": [{"role": role, "content": text} for role, text in zip(roles, said, strict=True)]}


def tell(app: App) -> dict[str, Any]:
    """The run, ended."""
    talks = [talk(review, number) for number, review in enumerate(reviews(60))]
    broken = {"messages": [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]}
    with app.untriggered():
        app.upload(f"seeds/{RUN}/a.jsonl", jsonl([*talks, broken]))
    return app.wait(app.start(RUN, SETTINGS))


def test_the_turns_before_the_prompt_go_through_the_whole_run(app: App, told: Callable[[str], dict[str, Any]]) -> None:
    run = told(__name__)
    assert run["status"] == "SUCCEEDED", run.get("cause")
    report = app.json(f"runs/{RUN}/8-report/report.json")
    check_counts(report["counts"])
    assert (report["counts"]["seeds"], report["counts"]["seedsRejected"]) == (60, 1)
    [bad] = app.lines(f"runs/{RUN}/0-run/rejected-seeds.jsonl")
    assert (bad["line"], bad["field"], bad["reason"]) == (61, "messages[1].role", "wrong_turns")
    lines = app.lines(f"runs/{RUN}/5-dataset/train.jsonl")
    assert lines and all([m["role"] for m in line["messages"]] == ["user", "assistant"] * 2 for line in lines)
    held = app.lines(f"runs/{RUN}/5-dataset/holdout.jsonl")
    assert held and all(len(item["earlier"]) == 2 and item["reference"] in LABELS["labels"] for item in held)
    assert {"teacher", "base", "few-shot", "student"} <= report["arms"].keys()
    assert all(report["arms"][arm]["errors"] == {} for arm in ("teacher", "base", "few-shot", "student"))
