"""How often the whole rule promotes in worlds whose truth is known: `evaluation.score`, then `evaluation.verdict`, as
ScoreRun calls them.

A world fails only where chance cannot explain what was seen: a share that may be at most 5 % by the lower end of its
exact 95 % interval, one that must be at least 80 % by the upper end. `gate_before.json` holds the
shares of the rule that came before (decision 0016 as it was), measured by this simulation.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

import msgspec
from rich.console import Console
from scipy import stats

from benchmarks.environments import PROJECT
from benchmarks.gate_worlds import (
    Differs,
    Holdout,
    World,
    graded,
    labelled,
    many_labels,
    rng_of,
    skewed_losses,
    total_losses,
    unreferenced,
)
from distillation.bedrock.prices import load_prices
from distillation.evaluation.answer_sheet import read_sheet
from distillation.evaluation.score import score
from distillation.evaluation.scores import CheckOutcome, GateDecision, Scores, Verdict
from distillation.evaluation.uncertainty.statistics import Draw
from distillation.evaluation.verdict import reach_verdict
from distillation.run.evaluation import Gate

MODELS = {"teacher": "amazon.nova-pro-v1:0"} | dict.fromkeys(
    ("base", "student", "champion", "few-shot"), "amazon.nova-micro-v1:0"
)
BEFORE = PROJECT / "benchmarks" / "gate_before.json"
RESAMPLES = 499
"""Enough for ends of intervals in a simulation; right and wrong need none."""
EQUAL, TEN_BELOW = Differs(0.05, 0.05), Differs(0.05, 0.15)
WORLDS = (
    World(
        "student equal to the base, 1 point below the teacher, 1,000 items",
        labelled(1_000, 0.85, {"student": Differs(0.05, 0.06), "base": Differs(0.05, 0.06)}),
        at_most=0.05,
    ),
    World(
        "student 2 points (the margin) below the champion, 1,000 items",
        labelled(1_000, 0.85, {"student": EQUAL, "base": TEN_BELOW, "champion": Differs(0.05, 0.03)}),
        at_most=0.05,
        repeats=600,
    ),
    World(
        "student 5 points (the margin) below the teacher, 1,000 items",
        labelled(1_000, 0.9, {"student": Differs(0.03, 0.08), "base": Differs(0.05, 0.25)}),
        at_most=0.05,
        repeats=600,
    ),
    World(
        "student equal to the teacher, 10 points over the base, 400 items",
        labelled(400, 0.9, {"student": EQUAL, "base": TEN_BELOW}),
        at_least=0.8,
        repeats=2_000,
    ),
    World(
        "teacher 10 points below the base, student equal to the base, 400 items",
        labelled(400, 0.7, {"student": Differs(0.15, 0.05), "base": Differs(0.15, 0.05)}),
        at_most=0.0,
    ),
    World(
        "C1: no references, teacher sure in 62 %, student says otherwise in 30 %, 500 items",
        unreferenced(500, 0.62, 0.70, 0.60),
        at_most=0.05,
    ),
    *(
        World(
            f"C1: no references, teacher sure in {sure:.0%}, student agrees in {agrees:.0%}, 500 items: check passes",
            unreferenced(500, sure, agrees, 0.60),
            at_most=0.05,
            agrees=True,
        )
        for sure, agrees in ((0.62, 0.70), (0.786, 0.80), (0.786, 0.85))
    ),
    World(
        "C2: student 8 points below the teacher, 8 % of whose answers were lost, 1,000 items",
        labelled(1_000, 0.9, {"student": Differs(0.03, 0.11), "base": Differs(0.05, 0.25)}, lost=0.08),
        at_most=0.05,
    ),
    *(
        World(f"C3: {name}, at the margin, {n} items", graded(n, loss), at_most=0.05)
        for name, loss in (("some answers lost completely", total_losses), ("skewed losses", skewed_losses))
        for n in (30, 100, 200)
    ),
    World(
        "C5: best of 5 students at the margin on one holdout, 500 items",
        labelled(
            500,
            0.9,
            {f"student{number}": Differs(0.03, 0.08) for number in range(5)} | {"base": Differs(0.05, 0.25)},
        ),
        at_most=0.05,
        tries=5,
    ),
    *(
        World(
            f"C6: student at the margin, groups of {size} that share their luck, 1,000 items",
            labelled(1_000, 0.9, {"student": Differs(0.03, 0.08), "base": Differs(0.05, 0.25)}, group=size),
            at_most=0.05,
        )
        for size in (5, 10)
    ),
)
COVERAGE = (
    World("macro-F1, 2 labels, 200 items", many_labels(200, 2, zipf=False), repeats=300),
    World("macro-F1, 20 labels by Zipf, 200 items", many_labels(200, 20, zipf=True), repeats=200),
    World("macro-F1, 77 labels, 154 items", many_labels(154, 77, zipf=False), repeats=100),
)


def run(console: Console, share: float = 1.0) -> dict[str, Any]:
    """Simulates every world `share` of its repeats; see `summary`."""
    found = {}
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for world, seen in (*((one, promoted) for one in WORLDS), *((one, covered) for one in COVERAGE)):
            repeats = max(2, round(world.repeats * share))
            found[world.name] = (sum(pool.map(partial(seen, world.name), range(repeats), chunksize=5)), repeats)
            console.print(f"{world.name}: {found[world.name][0]} of {repeats}")
    return summary(found, _before())


def promoted(name: str, seed: int) -> bool:
    """Whether one draw of a world promotes a student, or passes it."""
    world = next(world for world in WORLDS if world.name == name)
    holdout, gate = world.draw(rng_of(name, seed)), Gate(**world.gate)
    tried = enumerate(_tried(holdout, world.tries), 1)
    verdicts = [verdict_of(one, gate, seed, number) for number, one in tried]
    if world.agrees:
        return any(verdict.checks[0].outcome is CheckOutcome.PASSED for verdict in verdicts)
    return any(verdict.decision is GateDecision.PROMOTE for verdict in verdicts)


def verdict_of(holdout: Holdout, gate: Gate, seed: int, decisions: int = 1) -> Verdict:
    """What ScoreRun would write of the n-th decision on these items."""
    return reach_verdict(msgspec.structs.replace(_scores(holdout, seed), decisions=decisions), gate)


def covered(name: str, seed: int) -> bool:
    """Whether the interval of the difference in macro-F1 holds the true one, 0."""
    world = next(world for world in COVERAGE if world.name == name)
    differences = _scores(world.draw(rng_of(name, seed)), seed).differences
    found = next(one for one in differences if one.metric == "macroF1" and one.arm == "student")
    return found.low <= 0 <= found.high


def _tried(holdout: Holdout, tries: int) -> Iterator[Holdout]:
    """The holdout with each of its students alone."""
    if tries == 1:
        yield holdout
        return
    others = {arm: rows for arm, rows in holdout.predictions.items() if not arm.startswith("student")}
    for number in range(tries):
        student = [msgspec.structs.replace(row, arm="student") for row in holdout.predictions[f"student{number}"]]
        yield holdout._replace(predictions=others | {"student": student})


def _scores(holdout: Holdout, seed: int) -> Scores:
    sheet = read_sheet(holdout.items, holdout.predictions, holdout.task, teacher_samples=holdout.teacher_samples)
    return score(sheet, Draw(RESAMPLES, seed), models=MODELS, prices=load_prices())


def summary(found: dict[str, tuple[int, int]], before: dict[str, float]) -> dict[str, Any]:
    """Share of repeats with its exact 95 % interval for each world, the bound, whether it holds, and what the rule
    before gave.
    """
    rows = {}
    for world in (*WORLDS, *COVERAGE):
        hits, repeats = found[world.name]
        interval = stats.binomtest(hits, repeats).proportion_ci(0.95)
        broken = (world.at_most is not None and interval.low > world.at_most) or (
            world.at_least is not None and interval.high < world.at_least
        )
        rows[world.name] = {
            "share": hits / repeats,
            "low": interval.low,
            "high": interval.high,
            "repeats": repeats,
            "atMost": world.at_most,
            "atLeast": world.at_least,
            "holds": not broken,
            "before": before.get(world.name),
        }
    return {
        "worlds": {one.name: rows[one.name] for one in WORLDS},
        "coverage": {one.name: rows[one.name] for one in COVERAGE},
    }


def _before() -> dict[str, float]:
    return msgspec.json.decode(BEFORE.read_bytes(), type=dict[str, float]) if BEFORE.exists() else {}
