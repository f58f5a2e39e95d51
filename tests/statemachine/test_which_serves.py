"""Four worlds in which the student should not serve, whatever it saves: the verdict names who should.

Three hold the same sentences. What is right in them is what one of the arms said in a first run: so each arm is in turn
the best, on the real machine and without a word about statistics. In the fourth the labels are codes that say nothing
to a model, so only examples help.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest

from local.demo_seeds import SYSTEM, demo_seeds
from local.paths import PROJECT
from tests.flow import LABELS, App, check_counts, jsonl

SETTINGS: dict[str, Any] = {
    "task": LABELS,
    "sampling": {"sampled": 0},
    "split": {"holdoutShare": 0.5},
    "promotion": "auto",
}
WIDE = {"gate": {"margin": 1.0, "overBase": False, "overRivals": False, "championMargin": 1.0}}
"""Whatever the student is worth, it is promoted."""
HALF = {"gate": {"margin": 0.3}}
"""Some sixty items show no narrower margin."""
CODES = {"amazon": "A1", "yelp": "B2", "imdb": "C3"}
CODED: dict[str, Any] = {
    "task": {"kind": "label", "labels": sorted(CODES.values())},
    "split": {"holdoutShare": 0.75},
    "arms": {"fewShot": 18},
}
"""Each draw of few-shot is right in about 70 of 100 items; base and teacher in about 35, which is chance. A mean over
draws asks for 100 items.
"""
PAGES = PROJECT / "build" / "pages"
ARMS = ("teacher", "base", "student")

Row = dict[str, str]


class Learnt(NamedTuple):
    """What the first run is there for: prompt -> answer of each arm, and the prompts that the student learnt from, by
    their label.
    """

    said: dict[str, dict[str, str]]
    taught: dict[str, list[str]]


def tell(app: App) -> dict[str, dict[str, Any]]:
    """World -> its run. The sentences are answered once before; the champion's world has two runs."""
    rows = [{"prompt": seed.prompt, "system": SYSTEM, "reference": seed.reference} for seed in demo_seeds(130)]
    _run(app, "plain", rows, {"promotion": "never"})
    learnt = _learnt(app, "plain")
    said = learnt.said
    worlds = {
        "untaught": (said["base"], {}),
        "level": (_level(said["teacher"], said["base"]), HALF),
    }
    with ThreadPoolExecutor() as pool:
        runs = {name: pool.submit(_run, app, name, _right(rows, truth), more) for name, (truth, more) in worlds.items()}
        runs["reigned"] = pool.submit(_reigned, app, _right(rows, said["student"]), learnt)
        runs["coded"] = pool.submit(_run, app, "coded", _coded(), CODED)
        return {name: run.result() for name, run in runs.items()}


def _run(app: App, dataset: str, rows: list[Row], more: dict[str, Any], run_id: str = "") -> dict[str, Any]:
    with app.untriggered():
        app.upload(f"seeds/{dataset}/seeds.jsonl", jsonl(rows))
    name = f"serves-{run_id or dataset}"
    return app.wait(app.start(name, SETTINGS | more | {"dataset": dataset, "runId": name}))


def _reigned(app: App, rows: list[Row], learnt: Learnt) -> dict[str, Any]:
    """A student that serves and is always right, then one that has seen one side only."""
    first = _run(app, "reigned", rows, WIDE)
    assert first["status"] == "SUCCEEDED", first.get("cause")
    held = set(learnt.said["student"])
    few = {*learnt.taught["positive"][:12], *learnt.taught["negative"][:1]}
    less = [row for row in rows if row["prompt"] in held or row["prompt"] in few]
    return _run(app, "reigned", less, HALF, "after")


def _coded() -> list[Row]:
    """Sentences of three sites, each under its site's code."""
    system = "Name the shelf on which this sentence is filed."
    return [{"prompt": one.prompt, "system": system, "reference": CODES[one.category]} for one in demo_seeds(150)]


def _learnt(app: App, dataset: str) -> Learnt:
    folder = f"runs/serves-{dataset}"
    prompts = {line["promptId"]: line["prompt"] for line in app.lines(f"{folder}/5-dataset/holdout.jsonl")}
    said = {
        arm: {
            prompts[line["promptId"]]: line["text"]
            for line in app.lines(f"{folder}/7-evaluation/predictions-{arm}.jsonl")
        }
        for arm in ARMS
    }
    taught: dict[str, list[str]] = {label: [] for label in LABELS["labels"]}
    for line in app.lines(f"{folder}/5-dataset/train.jsonl"):
        asked, answered = (turn["content"][0]["text"] for turn in line["messages"])
        taught[answered].append(asked)
    return Learnt(said, taught)


def _level(one: dict[str, str], other: dict[str, str]) -> dict[str, str]:
    """Where two arms differ, each is right every second time."""
    differ = sorted(prompt for prompt in one if one[prompt] != other[prompt])
    return one | {prompt: other[prompt] for prompt in differ[::2]}


def _right(rows: list[Row], truth: dict[str, str]) -> list[Row]:
    return [row | {"reference": truth.get(row["prompt"], row["reference"])} for row in rows]


@pytest.fixture(scope="module")
def runs(told: Callable[[str], dict[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """What came of them."""
    return told(__name__)


def verdict(app: App, runs: dict[str, dict[str, Any]], world: str, run_id: str = "") -> dict[str, Any]:
    """The verdict of a world's run, whose counts add up. Its page is kept in build/pages, to be looked at."""
    assert runs[world]["status"] == "SUCCEEDED", runs[world].get("cause")
    folder = f"runs/serves-{run_id or world}/8-report"
    PAGES.mkdir(parents=True, exist_ok=True)
    (PAGES / f"{world}.html").write_bytes(app.read(f"{folder}/index.html"))
    report = app.json(f"{folder}/report.json")
    check_counts(report["counts"])
    return dict(report["verdict"])


def stopped(found: dict[str, Any]) -> str:
    """Reject where the student is shown to be worse than teacher, base or champion, else hold. What some seventy items
    show hangs on a few answers; that the decision follows from it does not.
    """
    shown = (one for one in (*found["checks"], *found["rivals"]) if one["outcome"] == "worse")
    return "reject" if any(one["minus"] not in {"few-shot", "direct"} for one in shown) else "hold"


def test_a_teacher_that_is_worse_than_the_base_is_named_and_the_base_should_serve(
    app: App, runs: dict[str, dict[str, Any]]
) -> None:
    found = verdict(app, runs, "untaught")
    assert (found["decision"], found["serve"]) == (stopped(found), "base")
    assert any("teacher" in warning.lower() and "base" in warning.lower() for warning in found["warnings"]), found
    page = app.read("runs/serves-untaught/8-report/index.html").decode()
    assert found["warnings"][0][:40] in page
    assert app.deployments("nova-distill-untaught-stable") == []


def test_a_base_as_good_as_the_teacher_should_serve_and_saves_the_training(
    app: App, runs: dict[str, dict[str, Any]]
) -> None:
    found = verdict(app, runs, "level")
    assert (found["decision"], found["serve"]) == (stopped(found), "base")
    assert "base" in found["headline"].lower()


def test_where_only_examples_help_few_shot_should_serve_and_its_draws_are_told(
    app: App, runs: dict[str, dict[str, Any]]
) -> None:
    found = verdict(app, runs, "coded")
    assert (found["decision"], found["serve"]) == (stopped(found), "few-shot")
    assert "use few-shot" in found["headline"]
    assert any("Few-shot is the mean of 3 draws of examples" in text for text in found["reasons"])
    [gain] = [
        one
        for one in app.json("runs/serves-coded/7-evaluation/scores.json")["differences"]
        if (one["metric"], one["arm"], one["minus"]) == ("accuracy", "few-shot", "base")
    ]
    assert gain["n"] >= 100 and gain["low"] > 0, gain
    page = app.read("runs/serves-coded/8-report/index.html").decode()
    assert "near chance" in found["warnings"][0] and ", near chance: always answering" in page


def test_a_champion_that_is_better_goes_on_serving(app: App, runs: dict[str, dict[str, Any]]) -> None:
    found = verdict(app, runs, "reigned", "after")
    assert (found["decision"], found["serve"]) == ("reject", "champion")
    assert app.parameter("reigned")["runId"] == "serves-reigned"
    assert app.json("runs/serves-after/8-report/report.json")["arms"]["champion"]["metrics"]["accuracy"]["value"] == 1
