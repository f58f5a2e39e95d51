"""Items of one group count together, from the holdout item to the verdict; a group of one changes nothing."""

import msgspec
import numpy as np
import pytest

from distillation.bedrock.prices import load_prices
from distillation.evaluation.scores import Scores
from distillation.records import HoldoutItem
from distillation.similarity.words import begin_alike
from distillation.task import Task, TaskKind
from tests.worlds.evaluation_worlds import MODELS, SENTIMENT, Predictions, answer, decide, label_world, score

Holdout = list[HoldoutItem]


def named(holdout: Holdout, size: int) -> Holdout:
    return [msgspec.structs.replace(item, group=f"document {n // size}") for n, item in enumerate(holdout)]


def repeated(holdout: Holdout, predictions: Predictions, times: int) -> tuple[Holdout, Predictions]:
    """Every item so often, with its answers: a group of copies says no more than one of them."""
    items = [
        msgspec.structs.replace(item, prompt_id=f"{item.prompt_id}-{n}", group=item.prompt_id)
        for item in holdout
        for n in range(times)
    ]
    copies = {
        arm: [msgspec.structs.replace(one, prompt_id=f"{one.prompt_id}-{n}") for one in given for n in range(times)]
        for arm, given in predictions.items()
    }
    return items, copies


def scored(holdout: Holdout, predictions: Predictions, task: Task = SENTIMENT) -> Scores:
    return score(holdout, predictions, task, seed=1, resamples=1_999, models=MODELS, prices=load_prices())


WORLD = label_world(300, {"teacher": 0.85, "student": 0.83, "base": 0.6}, seed=3)


def test_groups_of_one_are_no_groups() -> None:
    alone = scored(*WORLD)
    assert scored(named(WORLD[0], 1), WORLD[1]) == alone
    assert (alone.groups, alone.gate.difference.groups if alone.gate else 0) == (None, None)


def test_five_copies_say_no_more_than_one() -> None:
    alone, copied = scored(*WORLD), scored(*repeated(*WORLD, times=5))
    assert (copied.n, copied.groups) == (1_500, 300)
    for one, five in zip(alone.differences, copied.differences, strict=True):
        assert (five.value, five.groups) == (pytest.approx(one.value), 300)
        assert (five.low, five.high) == pytest.approx((one.low, one.high), abs=0.006)
        assert five.p_value == pytest.approx(one.p_value, abs=0.05)
        assert five.sd / np.sqrt(five.n) == pytest.approx(one.sd / np.sqrt(one.n), rel=0.01)
    own, theirs = (found.arms["student"].metrics["accuracy"] for found in (alone, copied))
    assert (theirs.low, theirs.high) == pytest.approx((own.low, own.high), abs=0.006)


def test_the_sentence_counts_groups_and_so_does_the_least_number() -> None:
    holdout, predictions = repeated(*label_world(25, {"teacher": 1.0, "student": 1.0, "base": 0.0}), times=40)
    verdict = decide(scored(holdout, predictions), margin=0.3, over_base=False)
    assert verdict.decision == "hold"
    assert any(" on the same 1,000 items in 25 groups: " in reason for reason in verdict.reasons)
    assert any(reason.startswith("25 groups of items are too few to promote on") for reason in verdict.reasons)


def test_graded_metrics_and_slices_count_groups_too() -> None:
    rng = np.random.default_rng(1)
    holdout = [
        HoldoutItem(prompt_id=f"{n:03d}", prompt="?", reference="a b c d", category="ab"[n % 2]) for n in range(200)
    ]
    texts = [" ".join(["a", "b", "c", "d"][: rng.integers(1, 5)]) for _ in holdout]
    predictions = {
        "teacher": [answer(item.prompt_id, "teacher", "a b c d") for item in holdout],
        "student": [answer(item.prompt_id, "student", text) for item, text in zip(holdout, texts, strict=True)],
    }
    task = Task(kind=TaskKind.TEXT)
    alone, copied = scored(holdout, predictions, task), scored(*repeated(holdout, predictions, 3), task)
    for one, three in zip(alone.comparisons, copied.comparisons, strict=True):
        assert (three.slice, three.difference.groups) == (one.slice, one.difference.n)
        assert three.difference.low == pytest.approx(one.difference.low, abs=0.01)


def test_prompts_that_begin_alike_are_counted_behind_what_all_begin_with() -> None:
    template = "Classify the following text. " * 10
    lone = [f"{template}{n} " + f"word{n} " * 40 for n in range(20)]
    assert begin_alike(lone) == 0
    document = "The parties agree on the following terms of delivery and of payment. " * 2
    assert begin_alike([*lone, *(f"{template}{document} Question {n}" for n in range(5))]) == 5
    assert begin_alike(["short one", "short one", "short two"]) == 0


def test_items_that_begin_alike_are_a_warning_until_they_have_a_group() -> None:
    holdout, predictions = label_world(60, {"teacher": 0.9, "student": 0.9, "base": 0.5})
    holdout = [
        msgspec.structs.replace(item, prompt=f"{'Contract ' + str(n // 6) + ' of both parties. ':<150}{n}")
        for n, item in enumerate(holdout)
    ]
    warned = decide(scored(holdout, predictions), margin=0.05).warnings
    assert any("60 of 60 holdout prompts begin like another one" in one for one in warned)
    assert decide(scored(named(holdout, 6), predictions), margin=0.05).warnings == ()
