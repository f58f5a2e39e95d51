"""The gate: three made-up worlds, its limits, and what its sentences say."""

import msgspec
import numpy as np
import pytest

from distillation.costs import load_prices
from distillation.paired_statistics import tango
from distillation.predictions_to_scores import score
from distillation.records import HoldoutItem
from distillation.scores import Decision, Scores
from distillation.scores_to_verdict import decide
from distillation.task import Task, TaskKind
from tests.unit.evaluation_worlds import OTHER, SENTIMENT, answer, label_world

MODELS = {"teacher": "amazon.nova-pro-v1:0", "base": "amazon.nova-micro-v1:0", "student": "amazon.nova-micro-v1:0"}


def flips(n: int, better: int, worse: int) -> Scores:
    """The teacher right on all items but the last `better`, the student on all but the first `worse`."""
    holdout = [HoldoutItem(prompt_id=f"{number:05d}", prompt="?", reference="positive") for number in range(n)]
    teacher = ["positive"] * (n - better) + ["negative"] * better
    student = ["negative"] * worse + ["positive"] * (n - worse)
    texts = {"teacher": teacher, "base": ["negative"] * n, "student": student}
    predictions = {arm: [answer(item.prompt_id, arm, text) for item, text in zip(holdout, given, strict=True)] for arm, given in texts.items()}
    return score(holdout, predictions, SENTIMENT, seed=1, models=MODELS, prices=load_prices(), resamples=199)


@pytest.mark.parametrize(
    ("n", "student", "decision"),
    [(300, 0.90, Decision.PROMOTE), (300, 0.77, Decision.REJECT), (29, 0.90, Decision.HOLD)],
    ids=["equal", "worse", "too small"],
)
def test_known_worlds_get_their_verdict(n: int, student: float, decision: Decision) -> None:
    """At least 95 of 100 repeats; the teacher is right in 90 of 100, the margin is 5 points."""
    arms = {"teacher": 0.90, "student": student}
    worlds = [label_world(n, arms, seed=seed, shared=0.9) for seed in range(100)]
    verdicts = [decide(score(*world, SENTIMENT, seed=1, resamples=19), margin=0.05).decision for world in worlds]
    assert verdicts.count(decision) >= 95


def test_a_student_worse_by_the_margin_is_rarely_promoted() -> None:
    """Type I error: 2.5 % by construction, at most 5 % asked for. 15 % of 300 items differ, and the student truly loses 5 points."""
    scores = flips(300, better=1, worse=1)
    worlds = np.random.default_rng(1).multinomial(300, [0.05, 0.10, 0.85], size=2000)
    promoted = sum(decide(with_gate(scores, int(better), int(worse)), margin=0.05).decision is Decision.PROMOTE for better, worse, _ in worlds)
    assert 0.01 * len(worlds) <= promoted <= 0.04 * len(worlds)


def with_gate(scores: Scores, better: int, worse: int) -> Scores:
    assert scores.gate is not None
    interval = tango(better, worse, scores.n)
    one = msgspec.structs.replace(scores.gate.difference, value=(better - worse) / scores.n, low=interval.low, high=interval.high)
    return msgspec.structs.replace(scores, gate=msgspec.structs.replace(scores.gate, difference=one))


def test_promote_says_the_numbers() -> None:
    verdict = decide(flips(400, better=6, worse=6), margin=0.05)
    assert verdict.decision is Decision.PROMOTE
    assert verdict.headline == "Promote: the student matches the teacher, within the 5 points that were allowed."
    assert verdict.reasons[0].startswith(
        "Accuracy of the student is 98.5 %, against the teacher's 98.5 %, on the same 400 items: 0.0 points (95 % interval −1."
    )
    assert any("gains 98.5 points" in reason for reason in verdict.reasons)
    assert any("95.6 % less" in reason for reason in verdict.reasons)
    assert (verdict.metric, verdict.margin, verdict.items_needed) == ("accuracy", 0.05, None)


def test_reject_only_when_the_whole_interval_is_beyond_the_margin() -> None:
    assert decide(flips(200, better=0, worse=40), margin=0.05).decision is Decision.REJECT
    assert decide(flips(200, better=0, worse=12), margin=0.05).decision is Decision.HOLD
    assert decide(flips(200, better=0, worse=12), margin=0.15).decision is Decision.PROMOTE


def test_hold_says_how_many_items_would_settle_it() -> None:
    verdict = decide(flips(120, better=10, worse=12), margin=0.05)
    assert verdict.decision is Decision.HOLD
    assert verdict.items_needed is not None
    assert verdict.items_needed > 120
    assert any(f"About {verdict.items_needed:,} holdout items would settle it" in reason for reason in verdict.reasons)


def test_a_perfect_student_on_few_items_is_held() -> None:
    verdict = decide(flips(29, better=0, worse=0), margin=0.5)
    assert verdict.decision is Decision.HOLD
    assert any("too few to promote on" in reason for reason in verdict.reasons)
    assert decide(flips(30, better=0, worse=0), margin=0.5).decision is Decision.PROMOTE


def test_equal_answers_settle_nothing_until_there_are_enough() -> None:
    assert decide(flips(50, better=0, worse=0), margin=0.05).items_needed == 73
    assert decide(flips(73, better=0, worse=0), margin=0.05).decision is Decision.PROMOTE


def test_a_margin_of_zero_asks_for_superiority() -> None:
    assert decide(flips(200, better=0, worse=0), margin=0.0).decision is Decision.HOLD
    assert decide(flips(200, better=40, worse=0), margin=0.0).decision is Decision.PROMOTE


def test_lost_answers_are_named() -> None:
    holdout, predictions = label_world(60, {"teacher": 1.0, "student": 1.0})
    predictions["student"][0] = msgspec.structs.replace(predictions["student"][0], text=None, error="throttled")
    verdict = decide(score(holdout, predictions, SENTIMENT, seed=1, resamples=99), margin=0.2)
    assert "student: 1 of 60 items without an answer and 0 unreadable; they count as wrong." in verdict.reasons


@pytest.mark.parametrize(("arms", "named"), [({"teacher": 0.9}, "No predictions of student"), ({"student": 0.9}, "No predictions of teacher")])
def test_without_student_or_teacher_there_is_no_verdict(arms: dict[str, float], named: str) -> None:
    verdict = decide(score(*label_world(40, arms), SENTIMENT, seed=1, resamples=99), margin=0.05)
    assert verdict.decision is Decision.HOLD
    assert named in verdict.reasons[0]


def test_an_empty_holdout_says_what_to_do() -> None:
    verdict = decide(score([], {"teacher": [], "student": []}, SENTIMENT, seed=1), margin=0.05)
    assert verdict.decision is Decision.HOLD
    assert "split.holdoutShare" in verdict.reasons[0]


def test_free_text_without_references_or_samples_is_never_rejected_on_overlap() -> None:
    holdout = [HoldoutItem(prompt_id=str(number), prompt="?") for number in range(60)]
    predictions = {arm: [answer(item.prompt_id, arm, text) for item in holdout] for arm, text in {"teacher": "it is fine", "student": "all good here"}.items()}
    verdict = decide(score(holdout, predictions, Task(kind=TaskKind.TEXT), seed=1, resamples=99), margin=0.05)
    assert verdict.decision is Decision.HOLD
    assert any("Give references" in reason for reason in verdict.reasons)


def test_without_references_the_teachers_own_variation_is_the_yardstick() -> None:
    """The student disagrees with the teacher in 10 of 100 items, as the teacher does with itself: not worse than the teacher allows."""
    holdout, predictions = label_world(400, {"teacher": 0.9}, references=False)
    teacher = predictions["teacher"]
    texts = [str(one.text) for one in teacher]
    predictions["student"] = [
        answer(one.prompt_id, "student", OTHER[text] if i % 10 == 0 else text) for i, (one, text) in enumerate(zip(teacher, texts, strict=True))
    ]
    samples = {one.prompt_id: [OTHER[text] if i % 10 == 5 else text] for i, (one, text) in enumerate(zip(teacher, texts, strict=True))}
    assert decide(score(holdout, predictions, SENTIMENT, seed=1, teacher_samples=samples, resamples=199), margin=0.05).decision is Decision.PROMOTE
    assert decide(score(holdout, predictions, SENTIMENT, seed=1, resamples=199), margin=0.05).decision is Decision.REJECT
