"""Trains the embedded student on different targets from the same teacher and measures it. Runs in the environment of
the local Bedrock.

Arguments: JSON in, JSON out. In: {"texts", "gold", "teacher" and "biased" (two teachers' probabilities of `positive`),
"heldOut" (how many at the end of the list), "prompts", "calls", "seeds"}. Out: {"rows": {row: {metric: [a value a
seed]}}, "teacher": {...}, "biased": {...}}. A student is fitted as a customization job at the default hyperparameters
does it (`response_head.fit`).
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from local.bedrock.models.embedder import Embedder, Vectors
from local.bedrock.models.response_head import fit

LABELS = ("negative", "positive")
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
_FLOOR = 1e-9
_MOST_SAMPLES, _EXACT_COPIES = 8, 20


class World(NamedTuple):
    """All sentences: vectors, gold labels (1 is positive), the teacher's probability of positive, its greedy answers;
    the first `pool` may be trained on.
    """

    vectors: Vectors
    gold: Integers
    teacher: Floats
    greedy: Integers
    pool: int


class Draw(NamedTuple):
    """What a seed gives a recipe: indices of prompts, and the teacher's samples of each (prompts x samples)."""

    chosen: Integers
    samples: Integers


class Target(NamedTuple):
    """Training lines: which sentence, which label; `time` is the training time in units of the default."""

    rows: Integers
    labels: Integers
    time: float = 1.0


Recipe = Callable[[World, Draw], Target]


def each_sample(k: int, *, same_steps: bool = False) -> Recipe:
    """Every one of k samples is a line (policy proportional).

    `same_steps`: as many steps in all as with one line a prompt.
    """
    return lambda world, draw: Target(
        np.repeat(draw.chosen, k), draw.samples[:, :k].ravel(), 1 / k if same_steps else 1.0
    )


def greedy_answer(world: World, draw: Draw) -> Target:
    """One line: the greedy answer."""
    return Target(draw.chosen, world.greedy[draw.chosen])


def vote(k: int, *, with_greedy: bool) -> Recipe:
    """One line: the answer of most of k samples (policy consensus); a tie goes to the earlier sample, so to the greedy
    one where it is counted.
    """

    def recipe(world: World, draw: Draw) -> Target:
        first = world.greedy[draw.chosen] if with_greedy else draw.samples[:, 0]
        votes = draw.samples[:, :k].sum(axis=1) + (first if with_greedy else 0)
        twice, size = 2 * votes, k + int(with_greedy)
        return Target(draw.chosen, np.where(twice == size, first, twice > size).astype(np.int64))

    return recipe


def exact_shares(world: World, draw: Draw) -> Target:
    """The exact distribution in twentieths, at as many steps as one line makes: what endlessly many samples would
    teach.
    """
    positive = np.rint(world.teacher[draw.chosen] * _EXACT_COPIES).astype(np.int64)
    labels = (np.arange(_EXACT_COPIES)[None, :] < positive[:, None]).astype(np.int64)
    return Target(np.repeat(draw.chosen, _EXACT_COPIES), labels.ravel(), 1 / _EXACT_COPIES)


def gold_label(world: World, draw: Draw) -> Target:
    """One line: the gold label, which no teacher gives."""
    return Target(draw.chosen, world.gold[draw.chosen])


SAME_PROMPTS: dict[str, Recipe] = {
    "one sample": each_sample(1),
    "proportional, 4": each_sample(4),
    "proportional, 8": each_sample(8),
    "proportional, 4, same steps": each_sample(4, same_steps=True),
    "proportional, 8, same steps": each_sample(8, same_steps=True),
    "exact distribution, same steps": exact_shares,
    "vote of 4": vote(4, with_greedy=False),
    "vote of greedy + 4 (default)": vote(4, with_greedy=True),
    "greedy": greedy_answer,
    "gold (no teacher)": gold_label,
}
SAME_CALLS: dict[str, tuple[int, Recipe]] = {
    "greedy": (1, greedy_answer),
    "one sample": (1, each_sample(1)),
    "proportional, 2": (2, each_sample(2)),
    "proportional, 4": (4, each_sample(4)),
    "vote of 4": (4, vote(4, with_greedy=False)),
    "vote of greedy + 4 (default)": (5, vote(4, with_greedy=True)),
}
"""Calls a prompt, and what is made of them."""
OF_THE_BIASED: tuple[str, ...] = ("proportional, 4", "vote of greedy + 4 (default)", "greedy")
"""What is learnt from a biased teacher too, to see what an offset repairs."""


def measure(asked: dict[str, Any]) -> dict[str, Any]:
    """Every recipe over every seed."""
    vectors = Embedder().vectors(asked["texts"])
    world, biased = _world(asked, "teacher", vectors), _world(asked, "biased", vectors)
    held = np.arange(world.pool, len(world.gold))
    rows: dict[str, list[dict[str, float]]] = {}
    for seed in range(asked["seeds"]):
        rng = np.random.default_rng(seed)
        order = rng.permutation(world.pool)
        points = rng.random((world.pool, _MOST_SAMPLES))
        samples, biased_samples = ((points < w.teacher[: world.pool, None]).astype(np.int64) for w in (world, biased))
        for name, recipe in SAME_PROMPTS.items():
            rows.setdefault(f"prompts|{name}", []).append(
                _student(world, recipe, order[: asked["prompts"]], samples, held)
            )
        for name, (calls, recipe) in SAME_CALLS.items():
            rows.setdefault(f"calls|{name}", []).append(
                _student(world, recipe, order[: asked["calls"] // calls], samples, held)
            )
        for name in OF_THE_BIASED:
            rows.setdefault(f"biased|{name}", []).append(
                _student(biased, SAME_PROMPTS[name], order[: asked["prompts"]], biased_samples, held)
            )
    columns = {row: {m: [found[m] for found in seeds] for m in seeds[0]} for row, seeds in rows.items()}
    return {"rows": columns, "teacher": _teacher(world, held), "biased": _teacher(biased, held)}


def _world(asked: dict[str, Any], teacher: str, vectors: Vectors) -> World:
    gold, positive = np.array([LABELS.index(label) for label in asked["gold"]]), np.array(asked[teacher])
    return World(vectors, gold, positive, (positive > 0.5).astype(np.int64), len(gold) - asked["heldOut"])


def _student(world: World, recipe: Recipe, chosen: Integers, samples: Integers, held: Integers) -> dict[str, float]:
    target = recipe(world, Draw(chosen, samples[chosen]))
    head = fit(world.vectors[target.rows], [LABELS[label] for label in target.labels], target.time)
    column = head.responses.index("positive")
    learnt = np.clip(head.probabilities(world.vectors[held])[:, column], _FLOOR, 1 - _FLOOR)
    trained = np.clip(head.probabilities(world.vectors[chosen])[:, column], _FLOOR, 1 - _FLOOR)
    return {"lines": float(len(target.rows)), **_against(world, held, learnt, _log_odds(trained).mean())}


def _teacher(world: World, held: Integers) -> dict[str, float]:
    """The teacher's own figures on the held-out sentences; its offset is the mean of its log-odds over the pool."""
    truth = np.clip(world.teacher, _FLOOR, 1 - _FLOOR)
    sampled = np.where(world.gold[held] == 1, truth[held], 1 - truth[held]).mean()
    own = _against(world, held, truth[held], _log_odds(truth[: world.pool]).mean())
    return {
        **own,
        "accuracy_of_a_sample": float(sampled),
        "says_positive": float((truth[held] > 0.5).mean()),
        "gold_positive": float(world.gold[held].mean()),
    }


def _against(world: World, held: Integers, learnt: Floats, offset: float) -> dict[str, float]:
    """Accuracy and agreement are shares, divergences nats.

    The offset moves the threshold to the mean log-odds over the training prompts.
    """
    truth, said = np.clip(world.teacher[held], _FLOOR, 1 - _FLOOR), learnt > 0.5
    shifted, middle = _log_odds(learnt) > offset, (learnt + truth) / 2
    return {
        "accuracy": float((said == world.gold[held]).mean()),
        "accuracy_with_offset": float((shifted == world.gold[held]).mean()),
        "agreement": float((said == world.greedy[held]).mean()),
        "kl": float(_kl(truth, learnt).mean()),
        "js": float((_kl(truth, middle) + _kl(learnt, middle)).mean() / 2),
        "offset": float(offset),
    }


def _kl(p: Floats, q: Floats) -> Floats:
    return np.asarray(p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q)))


def _log_odds(p: Floats) -> Floats:
    return np.asarray(np.log(p / (1 - p)))


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(
        json.dumps(measure(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))), encoding="utf-8"
    )
