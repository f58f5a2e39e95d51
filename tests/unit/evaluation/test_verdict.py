"""The gate: its limits, its multiplicity, and what its sentences say.

The worlds of the simulation are in test_three_worlds.
"""

from typing import Any

import msgspec
import numpy as np
import pytest

from distillation.bedrock.prices import load_prices
from distillation.evaluation.scores import GateDecision, Scores
from distillation.records import HoldoutItem
from distillation.task import Task, TaskKind
from tests.worlds.evaluation_worlds import (
    MODELS,
    OTHER,
    SENTIMENT,
    Predictions,
    Slice,
    answer,
    decide,
    label_world,
    score,
    sliced_columns,
    sliced_scores,
)


def costed(holdout: list[HoldoutItem], predictions: Predictions, task: Task = SENTIMENT, **more: Any) -> Scores:
    """Scores with the costs that promotion asks for."""
    return score(holdout, predictions, task, seed=1, models=MODELS, prices=load_prices(), **{"resamples": 99, **more})


def flips(n: int, better: int, worse: int) -> Scores:
    """The teacher right on all items but the last `better`, the student on all but the first `worse`."""
    holdout = [HoldoutItem(prompt_id=f"{number:05d}", prompt="?", reference="positive") for number in range(n)]
    teacher = ["positive"] * (n - better) + ["negative"] * better
    student = ["negative"] * worse + ["positive"] * (n - worse)
    texts = {"teacher": teacher, "base": ["negative"] * n, "student": student}
    predictions = {
        arm: [answer(item.prompt_id, arm, text) for item, text in zip(holdout, given, strict=True)]
        for arm, given in texts.items()
    }
    return score(holdout, predictions, SENTIMENT, seed=1, models=MODELS, prices=load_prices(), resamples=199)


def test_promote_says_the_numbers() -> None:
    verdict = decide(flips(400, better=6, worse=6), margin=0.05)
    assert verdict.decision is GateDecision.PROMOTE
    assert verdict.headline == "Promote: the student matches the teacher, within the 5 points that were allowed."
    assert verdict.reasons[0].startswith(
        "Accuracy of the student is 98.5 %, against the teacher's 98.5 %, on the same 400 items: 0.0 points (95 % "
        "interval −1."
    )
    assert any("gains 98.5 points" in reason for reason in verdict.reasons)
    assert any("95.6 % less" in reason for reason in verdict.reasons)
    assert (verdict.metric, verdict.margin, verdict.items_needed) == ("accuracy", 0.05, None)


def test_reject_only_when_the_whole_interval_is_beyond_the_margin() -> None:
    assert decide(flips(200, better=0, worse=40), margin=0.05).decision is GateDecision.REJECT
    assert decide(flips(200, better=0, worse=12), margin=0.05).decision is GateDecision.HOLD
    assert decide(flips(200, better=0, worse=12), margin=0.15).decision is GateDecision.PROMOTE


def test_hold_says_how_many_items_would_settle_it() -> None:
    verdict = decide(flips(120, better=10, worse=12), margin=0.05)
    assert verdict.decision is GateDecision.HOLD
    assert verdict.items_needed is not None
    assert verdict.items_needed > 120
    assert any(f"About {verdict.items_needed:,} holdout items would settle it" in reason for reason in verdict.reasons)


def test_beside_the_limit_no_number_of_items_is_promised_but_what_would_help() -> None:
    """12 better and 21 worse of 154: 5.8 points below, where 5 are allowed. 20,499 items are no advice."""
    verdict = decide(flips(154, better=12, worse=21), margin=0.05)
    assert (verdict.decision, verdict.items_needed) == (GateDecision.HOLD, None)
    beside, equal = verdict.reasons[1:3]
    assert beside == (
        "The difference seen lies beside the limit, so no realistic number of items settles it. A wider margin would, "
        "or a better student: more prompts to train on."
    )
    # (1.95996 + 0.84162)^2 * (33 / 154 - (9 / 154)^2) * 154 / 153 / 0.05^2, by hand
    assert equal == (
        "About 667 holdout items would promote a student that is in truth as good as the teacher, in 80 of 100 runs."
    )
    assert decide(flips(154, better=12, worse=21), margin=0.1).items_needed is not None


def test_a_perfect_student_on_few_items_is_held() -> None:
    verdict = decide(flips(29, better=0, worse=0), margin=0.5)
    assert verdict.decision is GateDecision.HOLD
    assert any("too few to promote on" in reason for reason in verdict.reasons)
    assert decide(flips(30, better=0, worse=0), margin=0.5).decision is GateDecision.PROMOTE


def test_equal_answers_settle_nothing_until_there_are_enough() -> None:
    assert decide(flips(50, better=0, worse=0), margin=0.05).items_needed == 73
    assert decide(flips(73, better=0, worse=0), margin=0.05).decision is GateDecision.PROMOTE


def test_a_margin_of_zero_asks_for_superiority() -> None:
    assert decide(flips(200, better=0, worse=0), margin=0.0).decision is GateDecision.HOLD
    assert decide(flips(200, better=40, worse=0), margin=0.0).decision is GateDecision.PROMOTE


def test_lost_answers_are_named() -> None:
    holdout, predictions = label_world(60, {"teacher": 1.0, "student": 1.0})
    predictions["student"][0] = msgspec.structs.replace(predictions["student"][0], text=None, error="throttled")
    verdict = decide(score(holdout, predictions, SENTIMENT, seed=1, resamples=99), margin=0.2)
    assert "student: 1 of 60 items without an answer and 0 unreadable; they count as wrong." in verdict.reasons


@pytest.mark.parametrize(
    ("arms", "named"),
    [({"teacher": 0.9}, "No predictions of student"), ({"student": 0.9}, "No predictions of teacher")],
)
def test_without_student_or_teacher_there_is_no_verdict(arms: dict[str, float], named: str) -> None:
    verdict = decide(score(*label_world(40, arms), SENTIMENT, seed=1, resamples=99), margin=0.05)
    assert verdict.decision is GateDecision.HOLD
    assert named in verdict.reasons[0]


def test_an_empty_holdout_says_what_to_do() -> None:
    verdict = decide(score([], {"teacher": [], "student": []}, SENTIMENT, seed=1), margin=0.05)
    assert verdict.decision is GateDecision.HOLD
    assert "split.holdoutShare" in verdict.reasons[0]


def test_free_text_without_references_or_samples_is_never_rejected_on_overlap() -> None:
    holdout = [HoldoutItem(prompt_id=str(number), prompt="?") for number in range(60)]
    predictions = {
        arm: [answer(item.prompt_id, arm, text) for item in holdout]
        for arm, text in {"teacher": "it is fine", "student": "all good here"}.items()
    }
    verdict = decide(score(holdout, predictions, Task(kind=TaskKind.TEXT), seed=1, resamples=99), margin=0.05)
    assert verdict.decision is GateDecision.HOLD
    assert any("Give references" in reason for reason in verdict.reasons)


def test_without_references_the_teachers_own_variation_is_the_yardstick() -> None:
    """The student disagrees with the teacher in 10 of 100 items, as the teacher does with itself: not worse than the
    teacher allows.
    """
    holdout, predictions = label_world(400, {"teacher": 0.9}, references=False)
    teacher = predictions["teacher"]
    texts = [str(one.text) for one in teacher]
    predictions["student"] = [
        answer(one.prompt_id, "student", OTHER[text] if i % 10 == 0 else text)
        for i, (one, text) in enumerate(zip(teacher, texts, strict=True))
    ]
    samples = {
        one.prompt_id: [OTHER[text] if i % 10 == 5 else text]
        for i, (one, text) in enumerate(zip(teacher, texts, strict=True))
    }
    assert decide(costed(holdout, predictions, teacher_samples=samples), margin=0.05).decision is GateDecision.PROMOTE
    assert decide(costed(holdout, predictions), margin=0.05).decision is GateDecision.REJECT


def sliced(*slices: Slice, seed: int = 1) -> Scores:
    return sliced_scores(
        sliced_columns({f"slice-{number}": one for number, one in enumerate(slices)}, np.random.default_rng(seed))
    )


def test_a_rejection_names_metric_slice_and_size() -> None:
    verdict = decide(sliced(Slice(2_000, 0.02, 0.02), Slice(1_000, 0.0, 0.15)), margin=0.05)
    assert verdict.decision is GateDecision.REJECT
    assert (verdict.metric, verdict.slice) == ("accuracy", "slice-1")
    assert verdict.difference == pytest.approx(-0.15, abs=0.03)
    lost = f"{-100 * verdict.difference:.1f}"
    assert verdict.headline == (
        f"Reject: the student is worse than the teacher, by {lost} points of accuracy in the slice 'slice-1'; "
        "5 points were allowed."
    )
    assert any("P < 0.001 after Holm over 3 comparisons." in reason for reason in verdict.reasons)


def test_a_small_slice_cannot_hold_a_promotion_back_but_can_reject() -> None:
    large = Slice(3_000, 0.02, 0.02)
    assert decide(sliced(large, Slice(100, 0.1, 0.1)), margin=0.05).decision is GateDecision.PROMOTE
    held = decide(sliced(large, Slice(100, 0.1, 0.1)), margin=0.05, min_slice_items=100)
    assert (held.decision, held.slice) == (GateDecision.HOLD, "slice-1")
    assert decide(sliced(large, Slice(100, 0.0, 0.4)), margin=0.05).decision is GateDecision.REJECT
    assert decide(sliced(large, Slice(29, 0.0, 1.0)), margin=0.05).decision is GateDecision.PROMOTE


def test_the_items_that_a_slice_needs_are_counted_in_the_whole_holdout() -> None:
    verdict = decide(sliced(Slice(3_000, 0.02, 0.02), Slice(300, 0.1, 0.12)), margin=0.05)
    check = next(check for check in verdict.checks if check.slice == "slice-1")
    assert verdict.decision is GateDecision.HOLD
    assert check.items_needed == verdict.items_needed
    assert verdict.items_needed is not None
    assert verdict.items_needed > 3_300
    assert verdict.items_needed % 11 == 0  # the slice is one item in eleven


def test_slices_have_their_own_margin_where_one_is_given() -> None:
    scores = sliced(Slice(3_000, 0.02, 0.02), Slice(1_000, 0.0, 0.08))
    assert decide(scores, margin=0.05).decision is not GateDecision.PROMOTE
    assert decide(scores, margin=0.05, slice_margin=0.12).decision is GateDecision.PROMOTE


def test_a_metric_is_gated_by_being_named_and_held_where_it_was_not_measured() -> None:
    scores = flips(400, better=6, worse=6)
    assert decide(scores, margins={"macroF1": 0.05}).decision is GateDecision.PROMOTE
    assert {check.metric for check in decide(scores, margins={"macroF1": 0.05}).checks} == {"accuracy", "macroF1"}
    held = decide(scores, margins={"faithfulness": 0.05})
    assert held.decision is GateDecision.HOLD
    assert "not all that is asked for was measured" in held.headline
    assert "faithfulness is gated, but was not measured." in held.reasons


def test_the_wider_margin_of_a_metric_is_its_own() -> None:
    scores = flips(400, better=0, worse=40)
    assert decide(scores, margin=0.05).decision is GateDecision.REJECT
    assert decide(scores, margin=0.05, margins={"accuracy": 0.2}).decision is GateDecision.PROMOTE


def test_a_judges_metric_can_reject_a_student_that_is_more_correct() -> None:
    """The trap of AWS's recipe: correctness rises, faithfulness falls."""
    holdout, predictions = label_world(400, {"teacher": 0.86, "student": 0.93}, shared=0.9)
    judged = {
        "faithfulness": {
            arm: {item.prompt_id: float(i % 10 < given) for i, item in enumerate(holdout)}
            for arm, given in (("teacher", 9), ("student", 6))
        }
    }
    scores = costed(holdout, predictions, judged=judged)
    assert decide(scores, margin=0.05).decision is GateDecision.PROMOTE
    verdict = decide(scores, margin=0.05, margins={"faithfulness": 0.05})
    assert (verdict.decision, verdict.metric) == (GateDecision.REJECT, "faithfulness")
    assert "by 30.0 points of faithfulness" in verdict.headline


@pytest.mark.parametrize(
    ("student", "words"), [(None, "its costs are unknown"), ("amazon.nova-pro-v1:0", "it is not cheaper")]
)
def test_a_student_that_saves_nothing_is_held(student: str | None, words: str) -> None:
    holdout, predictions = label_world(300, {"teacher": 0.9, "student": 0.9}, shared=1.0)
    models = {"teacher": MODELS["teacher"]} | ({"student": student} if student else {})
    verdict = decide(
        score(holdout, predictions, SENTIMENT, seed=1, models=models, prices=load_prices(), resamples=99), margin=0.05
    )
    assert verdict.decision is GateDecision.HOLD
    assert words in verdict.headline
    assert verdict.items_needed is None
