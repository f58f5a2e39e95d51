"""The gate: its limits, its multiplicity, and what its sentences say.

The worlds of the simulation are in test_three_worlds.
"""

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest

from distillation.bedrock.prices import load_prices
from distillation.evaluation.scores import DecidedHoldout, GateDecision, Scores
from distillation.evaluation.uncertainty.noninferiority import holm, planned_items
from distillation.evaluation.verdict import decisions_on, reach_verdict
from distillation.records import HoldoutItem
from distillation.run.evaluation import Gate
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


def test_promote_says_what_was_shown_and_no_more() -> None:
    verdict = decide(flips(400, better=6, worse=6), margin=0.05)
    assert verdict.decision is GateDecision.PROMOTE
    assert verdict.headline == (
        "Promote: the student is at most 5 points worse than the teacher (shown: at worst 1.9) and 98.5 points better "
        "than the base model."
    )
    assert verdict.reasons[0].startswith(
        "Accuracy of the student is 98.5 %, against the teacher's 98.5 %, on the same 400 items: 0.0 points (95 % "
        "interval −1."
    )
    assert any("gains 98.5 points" in reason for reason in verdict.reasons)
    assert any("95.6 % less" in reason for reason in verdict.reasons)
    assert (verdict.metric, verdict.margin, verdict.items_needed) == ("accuracy", 0.05, None)
    assert (verdict.serve, verdict.warnings) == ("student", ())


def test_a_later_decision_on_the_same_items_asks_for_more() -> None:
    """Lower end at 95 %: -4.8 points; at the fifth decision's 99 % below the margin."""
    scores = flips(400, better=12, worse=20)
    assert decide(scores, margin=0.05).decision is GateDecision.PROMOTE
    fifth = decide(msgspec.structs.replace(scores, decisions=5), margin=0.05)
    assert fifth.decision is GateDecision.HOLD
    assert any("have decided 4 runs before" in one and "1 error in 200" in one for one in fifth.reasons)


def test_runs_count_that_decided_on_a_tenth_of_the_items() -> None:
    ids = [f"p{number}" for number in range(20)]
    others = [
        DecidedHoldout(run_id="same", prompt_ids=tuple(ids)),
        DecidedHoldout(run_id="two", prompt_ids=("p3", "p7", "x")),
        DecidedHoldout(run_id="one", prompt_ids=("p3", "x")),
        DecidedHoldout(run_id="none", prompt_ids=("x",)),
    ]
    assert decisions_on(ids, others) == ("same", "two")


def test_a_student_that_is_worse_within_the_margin_is_called_so() -> None:
    """12 of 1,000 items lost, none won: worse, and not by 5 points."""
    verdict = decide(flips(1_000, better=0, worse=12), margin=0.05)
    assert verdict.headline.startswith("Promote: the student is worse than the teacher, by 0.7 to 2.1 points, within")


def test_a_margin_wider_than_the_teachers_errors_is_put_into_errors() -> None:
    verdict = decide(flips(1_000, better=0, worse=12), margin=0.05)
    assert not any("times as often" in reason for reason in verdict.reasons)  # a teacher without errors has no ratio
    verdict = decide(flips(1_000, better=10, worse=20), margin=0.05)
    assert any(
        "the teacher's error rate of 1.0 %: the student errs 2.0 times as often" in one for one in verdict.reasons
    )


def test_reject_only_when_the_whole_interval_is_beyond_the_margin() -> None:
    assert decide(flips(200, better=0, worse=40), margin=0.05).decision is GateDecision.REJECT
    assert decide(flips(200, better=0, worse=12), margin=0.05).decision is GateDecision.HOLD
    assert decide(flips(200, better=0, worse=12), margin=0.15).decision is GateDecision.PROMOTE


def test_a_hold_names_the_items_of_the_design_and_never_those_of_the_difference_seen() -> None:
    """Ten better and twelve worse of 120, or ten worse and twelve better: the same items are asked for."""
    verdict, other = (decide(flips(120, better=10 + k, worse=12 - k), margin=0.05) for k in (0, 2))
    assert verdict.decision is GateDecision.HOLD
    # (1.95996 + 0.84162)^2 * (22 / 120 - (2 / 120)^2) * 120 / 119 / 0.05^2, by hand
    assert verdict.items_needed == other.items_needed == 580
    # the same over (0.05 - 0.02)^2
    assert verdict.what_now[0] == (
        "Give more seeds for a larger holdout: if the student truly equals the teacher, about 580 holdout "
        "items show it in 80 of 100 runs; if it is 2 points worse, about 1,610. This run has 120."
    )
    assert verdict.what_now[1].startswith("A margin of 10 points would have passed.")


def test_where_there_are_items_enough_no_more_are_promised() -> None:
    """30 of 700 items lost, none won: 4.3 points below, 6.1 at worst, where 5 are allowed."""
    verdict = decide(flips(700, better=0, worse=30), margin=0.05)
    assert (verdict.decision, verdict.items_needed) == (GateDecision.HOLD, None)
    assert verdict.what_now[0].startswith("More items would not help")


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


def unreferenced(differs: Callable[[int], bool], draws: Callable[[str], list[str]]) -> Scores:
    """400 items without references; the student says otherwise where `differs`."""
    holdout, predictions = label_world(400, {"teacher": 0.9}, references=False)
    texts = {one.prompt_id: str(one.text) for one in predictions["teacher"]}
    predictions["student"] = [
        answer(prompt, "student", OTHER[text] if differs(i) else text) for i, (prompt, text) in enumerate(texts.items())
    ]
    return costed(holdout, predictions, teacher_samples={prompt: draws(text) for prompt, text in texts.items()})


def test_without_references_both_greedy_answers_meet_the_same_draws() -> None:
    """Where the teacher's draws are split in halves, saying otherwise loses nothing; where they are sure, all."""
    split = unreferenced(lambda i: i % 10 == 0, lambda text: [text, OTHER[text]])
    verdict = decide(split, margin=0.05)
    assert split.gate is not None
    assert (split.gate.student_value, split.gate.yardstick_value, split.gate.difference.value) == (0.5, 0.5, 0.0)
    assert (verdict.checks[0].outcome, verdict.decision) == ("passed", GateDecision.HOLD)
    assert verdict.headline.endswith("but agreement with the teacher is not correctness.")
    assert verdict.what_now[0].startswith("Give references to at least half of the seeds")
    sure = unreferenced(lambda i: i % 10 == 0, lambda text: [text, text])
    assert sure.gate is not None
    assert sure.gate.difference.value == pytest.approx(-0.1)
    assert decide(sure, margin=0.05).decision is GateDecision.REJECT


def test_a_noisy_teacher_is_no_lower_bar() -> None:
    """Three draws of four say what the greedy answer says, as often as the student does; but the student's other
    answers are not those that the draws are unsure of.
    """
    noisy = unreferenced(lambda i: i % 4 == 0, lambda text: [text, text, text, OTHER[text]])
    assert noisy.gate is not None
    assert noisy.gate.difference.value == pytest.approx(-0.25 * (0.75 - 0.25))
    assert decide(noisy, margin=0.05).checks[0].outcome == "worse"


@pytest.mark.parametrize("heard", [2, 4])
def test_all_paid_samples_take_part_and_refused_ones_in_neither_arm(heard: int) -> None:
    holdout, predictions = label_world(60, {"teacher": 1.0, "student": 1.0}, references=False)
    paid = {item.prompt_id: ["positive", "negative", "positive", "positive"][:heard] for item in holdout}
    predictions["teacher"] += [
        msgspec.structs.replace(answer(item.prompt_id, "teacher", text), sample=sample)
        for item in holdout
        for sample, text in (("s1", "negative"), ("s2", None))
    ]
    found = score(holdout, predictions, SENTIMENT, seed=1, resamples=99, teacher_samples=paid)
    assert found.teacher is not None
    assert found.teacher.samples == 60 * heard
    assert score(holdout, predictions, SENTIMENT, seed=1, resamples=99).teacher == msgspec.structs.replace(
        found.teacher, samples=60, mean_agreement=1.0, mean_entropy_bits=0.0, histogram=(0,) * 9 + (60,)
    )


def sliced(*slices: Slice, seed: int = 1) -> Scores:
    return sliced_scores(
        sliced_columns({f"slice-{number}": one for number, one in enumerate(slices)}, np.random.default_rng(seed))
    )


def test_a_rejection_names_metric_slice_and_size() -> None:
    verdict = decide(sliced(Slice(2_000, 0.02, 0.02), Slice(1_000, 0.0, 0.15)), margin=0.05)
    assert verdict.decision is GateDecision.REJECT
    assert (verdict.metric, verdict.slice) == ("accuracy", "slice-1")
    assert verdict.difference == pytest.approx(-0.15, abs=0.03)
    lost, low, high = (f"{-100 * (one or 0.0):.1f}" for one in (verdict.difference, verdict.high, verdict.low))
    assert verdict.headline == (
        f"Reject: the student is worse than the teacher, by {lost} points of accuracy ({low} to {high}) in the slice "
        "'slice-1'; 5 points were allowed."
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
    assert "not every gated metric was measured" in held.headline
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


WORLDS = {"teacher": 0.9, "base": 0.7, "student": 0.9}


def measured(n: int = 600, seed: int = 0, **arms: float) -> Scores:
    """Arms of the made-up label world with their costs."""
    holdout, predictions = label_world(
        n, WORLDS | {arm.replace("_", "-"): share for arm, share in arms.items()}, seed=seed
    )
    models = {arm: MODELS["teacher" if arm == "teacher" else "student"] for arm in predictions}
    return score(holdout, predictions, SENTIMENT, seed=1, models=models, prices=load_prices(), resamples=99)


def test_a_base_that_is_as_good_as_the_student_is_to_be_used() -> None:
    verdict = decide(measured(base=0.9))
    assert (verdict.decision, verdict.serve, verdict.minus) == (GateDecision.HOLD, "base", "base")
    assert verdict.headline.startswith("Hold: use the base model: the student is not shown to be better than the")
    assert verdict.what_now[0].startswith("Use the base model: it is within the limit of the teacher (")
    assert verdict.what_now[0].endswith("It saves 95.6 % of the teacher's cost of an answer.")
    assert decide(measured(base=0.9), over_base=False).decision is GateDecision.PROMOTE


def test_few_shot_that_is_shown_to_be_better_holds_the_student_back() -> None:
    verdict = decide(measured(few_shot=0.96))
    assert (verdict.decision, verdict.serve, verdict.minus) == (GateDecision.HOLD, "few-shot", "few-shot")
    assert decide(measured(few_shot=0.9)).decision is GateDecision.PROMOTE  # equal is not shown to be better
    assert decide(measured(few_shot=0.96), over_rivals=False).decision is GateDecision.PROMOTE


def test_a_rival_that_is_shown_to_be_better_is_the_finding_and_not_that_items_are_few() -> None:
    verdict = decide(measured(n=150, few_shot=0.99, base=0.5, student=0.88))
    assert verdict.checks[0].outcome == "open"
    assert (verdict.decision, verdict.serve, verdict.minus) == (GateDecision.HOLD, "few-shot", "few-shot")
    assert verdict.headline.startswith("Hold: use few-shot: it is better than the student, by ")
    assert not any("larger holdout" in advice for advice in verdict.what_now)


def test_a_teacher_near_chance_is_to_be_mended_before_more_items_are_asked_for() -> None:
    verdict = decide(measured(n=150, teacher=0.5, base=0.5, student=0.5))
    assert "near chance" in verdict.warnings[0]
    assert any(advice.startswith("Mend the teacher's prompt") for advice in verdict.what_now)


def test_a_better_champion_goes_on_serving() -> None:
    better = decide(measured(champion=0.96))
    assert (better.decision, better.serve, better.minus) == (GateDecision.REJECT, "champion", "champion")
    equal = decide(measured(n=2_000, champion=0.9), champion_margin=0.04)
    assert (equal.decision, equal.serve) == (GateDecision.PROMOTE, "student")
    open_one = decide(measured(n=300, champion=0.9, student=0.92), margin=0.1)
    assert (open_one.decision, open_one.serve, open_one.minus) == (GateDecision.HOLD, "champion", "champion")


def test_few_shot_takes_the_champions_place_only_where_it_is_shown_to_be_better() -> None:
    better = decide(measured(few_shot=0.97, champion=0.86, student=0.86, base=0.5))
    assert (better.decision, better.serve) == (GateDecision.HOLD, "few-shot")
    equal = decide(measured(few_shot=0.9, champion=0.9, student=0.86, base=0.5), margin=0.1)
    assert (equal.decision, equal.serve) == (GateDecision.HOLD, "champion")
    assert any(reason.startswith("Few-shot is within the limit of the teacher (") for reason in equal.reasons)


def test_a_promotion_names_the_arms_that_would_do_too_with_what_they_save() -> None:
    verdict = decide(measured(n=1_000, base=0.85, few_shot=0.9), margin=0.1)
    assert (verdict.decision, verdict.serve) == (GateDecision.PROMOTE, "student")
    named = [reason for reason in verdict.reasons if "is within the limit of the teacher (" in reason]
    assert [reason.partition(" is ")[0] for reason in named] == ["The base model", "Few-shot"]
    assert all(reason.endswith("of the teacher's cost of an answer.") for reason in named)


def test_how_many_references_would_do_follows_from_how_many_answers_differ() -> None:
    arms = {"teacher": 0.9, "base": 0.7, "student": 0.7}
    holdout, predictions = label_world(400, arms, references=False)
    scores = score(holdout, predictions, SENTIMENT, seed=1, resamples=99)
    differs = 1 - scores.arms["student"].metrics["teacherAgreement"].value
    [advice] = [text for text in decide(scores).what_now if "Give references" in text]
    assert f"so that {planned_items(differs, 0.05):,} or more holdout items carry one" in advice


def test_the_case_that_was_once_promoted() -> None:
    """Student 45.4 %, untouched base 78.4 %, few-shot 87.6 %, and a teacher below the base."""
    verdict = decide(measured(teacher=0.45, base=0.784, few_shot=0.876, student=0.454), margin=0.1)
    assert (verdict.decision, verdict.serve, verdict.minus) == (GateDecision.REJECT, "few-shot", "base")
    assert verdict.headline.startswith("Reject: use few-shot: the student is worse than the untouched base model, by ")
    assert "The teacher is worse than the untouched base model" in verdict.warnings[0]


def test_a_teacher_below_the_base_never_promotes() -> None:
    verdict = decide(measured(teacher=0.6, base=0.75, student=0.9))
    assert (verdict.decision, verdict.serve) == (GateDecision.HOLD, "base")
    assert "the teacher is worse than the untouched base model" in verdict.headline


@pytest.mark.parametrize(
    ("teacher", "said"),
    [(0.5, "near chance"), (0.25, "order of the labels"), (0.9, None)],
    ids=["coin", "reversed", "good"],
)
def test_a_teacher_that_cannot_teach_is_named(teacher: float, said: str | None) -> None:
    verdict = decide(measured(n=200, teacher=teacher, base=0.1))
    assert bool(verdict.warnings) is (said is not None)
    assert said is None or said in verdict.warnings[-1]


def test_references_that_disagree_with_the_teacher_in_most_items_are_named() -> None:
    task = Task(kind=TaskKind.ANSWER, answer_pattern=r"(\d+)")
    holdout = [HoldoutItem(prompt_id=f"p{n:03d}", prompt="?", reference="1") for n in range(100)]
    predictions = {
        arm: [answer(item.prompt_id, arm, "1" if n % 4 == 0 else "2") for n, item in enumerate(holdout)]
        for arm in ("teacher", "base", "student")
    }
    [warning] = decide(costed(holdout, predictions, task)).warnings
    assert warning.startswith("The references disagree with the teacher in 75.0 % of the items.")


def test_the_lowest_score_that_is_asked_for_must_be_shown() -> None:
    scores = measured()
    low = scores.arms["student"].metrics["accuracy"].low
    assert low is not None
    assert decide(scores, minimum={"accuracy": low - 0.001}).decision is GateDecision.PROMOTE
    held = decide(scores, minimum={"accuracy": low + 0.001})
    assert held.decision is GateDecision.HOLD
    assert "is not shown to reach the lowest score" in held.headline
    assert decide(scores, minimum={"faithfulness": 0.1}).decision is GateDecision.HOLD


def test_a_volume_at_which_nothing_is_saved_holds() -> None:
    """0.0544 USD against 0.00238 for 1,000 answers, and 1.95 a month: even at 37,486 answers."""
    verdict = reach_verdict(measured(), Gate.model_validate({"monthlyAnswers": 30_000}), 1.95)
    assert (verdict.decision, verdict.break_even) == (GateDecision.HOLD, 37_486)
    assert "30,000 answers a month save less than keeping its model costs" in verdict.headline
    assert reach_verdict(measured(), Gate.model_validate({"monthlyAnswers": 40_000}), 1.95).serve == "student"


def test_lost_answers_of_the_teacher_promote_nobody() -> None:
    """1,000 items, the student 9 points worse: with 97 answers of the teacher lost it was once promoted (-0.7)."""
    holdout = [HoldoutItem(prompt_id=f"{number:05d}", prompt="?", reference="positive") for number in range(1_000)]
    texts = {
        "teacher": ["positive"] * 950 + ["negative"] * 50,
        "base": ["negative"] * 1_000,
        "student": ["positive"] * 860 + ["negative"] * 140,
    }
    predictions = {
        arm: [answer(item.prompt_id, arm, text) for item, text in zip(holdout, given, strict=True)]
        for arm, given in texts.items()
    }
    assert decide(costed(holdout, predictions)).decision is GateDecision.REJECT
    for number in range(0, 970, 10):
        predictions["teacher"][number] = answer(f"{number:05d}", "teacher", None)
    verdict = decide(costed(holdout, predictions))
    assert verdict.difference == pytest.approx(0.007, abs=0.003)
    assert verdict.decision is GateDecision.HOLD
    assert any("A lost answer is not a wrong one" in reason for reason in verdict.reasons)


@pytest.mark.parametrize(("error", "decision"), [("throttled", GateDecision.HOLD), ("refused", GateDecision.REJECT)])
def test_lost_answers_of_the_student_reject_nobody(error: str, decision: GateDecision) -> None:
    """Without its 150 lost answers it says what the teacher says; what it refuses is wrong."""
    holdout, predictions = label_world(1_000, {"teacher": 0.95, "base": 0.1, "student": 0.95}, shared=1.0)
    predictions["student"][:150] = [
        msgspec.structs.replace(one, text=None, error=error) for one in predictions["student"][:150]
    ]
    scores = costed(holdout, predictions)
    for one in scores.differences:
        assert (one.best_high is not None) == (one.arm == "student" and error == "throttled"), one
        assert one.best_high is None or one.best_high > one.high
    verdict = decide(scores)
    assert verdict.decision is decision
    assert any("A lost answer is not a wrong one" in reason for reason in verdict.reasons) == (error == "throttled")


def test_refused_is_wrong_and_not_lost() -> None:
    scores = flips(400, better=6, worse=6)
    assert all(one.worst_low is None for one in scores.differences)
    holdout, predictions = label_world(400, {"teacher": 1.0, "base": 0.1, "student": 1.0})
    predictions["teacher"][0] = msgspec.structs.replace(predictions["teacher"][0], text=None, error="refused")
    assert all(one.worst_low is None for one in costed(holdout, predictions).differences)
    predictions["teacher"][0] = msgspec.structs.replace(predictions["teacher"][0], error="bedrock_error")
    lost = {(one.metric, one.minus): one.worst_low for one in costed(holdout, predictions).differences}
    assert lost["accuracy", "teacher"] is not None
    assert lost["accuracy", "base"] is None


def test_the_gates_rows_carry_the_p_of_the_differences() -> None:
    scores = measured()
    p = {(one.metric, one.arm, one.minus): one.p_holm for one in scores.differences}
    whole = [one.difference for one in scores.comparisons if one.slice is None and one.metric != "teacherAgreement"]
    assert whole and all(one.p_holm == p[one.metric, one.arm, one.minus] for one in whole)


def categorised(sizes: dict[str, tuple[int, int]]) -> Scores:
    """Category -> items, and how many of them carry a reference."""
    holdout = [
        HoldoutItem(
            prompt_id=f"{name}-{n:04d}", prompt="?", category=name, reference="positive" if n < referenced else None
        )
        for name, (items, referenced) in sizes.items()
        for n in range(items)
    ]
    predictions = {
        arm: [
            answer(item.prompt_id, arm, "negative" if n % every == 0 else "positive") for n, item in enumerate(holdout)
        ]
        for arm, every in (("teacher", 10), ("student", 11), ("base", 3))
    }
    return costed(holdout, predictions)


def test_every_slice_that_cannot_hold_the_student_back_is_named_with_its_reason() -> None:
    verdict = decide(categorised({"large": (400, 400), "unlabelled": (220, 120), "small": (50, 50), "tiny": (9, 9)}))
    (said,) = [reason for reason in verdict.reasons if "could not hold the student back" in reason]
    assert said == (
        "3 of 4 slices could not hold the student back, because they have fewer than 200 items that count "
        "(gate.minSliceItems): 'unlabelled' (120 of 220), 'small' (50), 'tiny' (9)."
    )
    gated = {check.slice: check.gated for check in verdict.checks}
    assert gated == {None: True, "large": True, "unlabelled": False, "small": False}


def test_every_p_value_of_a_comparison_is_corrected() -> None:
    scores = categorised(dict.fromkeys("abcd", (60, 60)))
    slices = [one.difference for one in scores.comparisons if one.slice and one.metric == "accuracy"]
    assert [one.p_holm for one in slices] == pytest.approx(holm([one.p_value for one in slices]))
    by_pair = {(one.metric, one.arm, one.minus): one.p_holm for one in scores.differences}
    for one in scores.comparisons:
        if one.slice is None and one.yardstick == "teacher":
            assert one.difference.p_holm == by_pair[one.metric, "student", "teacher"]


def test_the_chance_level_is_said_and_what_direct_training_had() -> None:
    scores = measured(direct=0.9)
    said = decide(msgspec.structs.replace(scores, direct_prompts=1_234)).reasons
    assert any("Direct training had 1,234 prompts with a reference; it costs no teacher." in one for one in said)
    assert any(one.startswith("Always answering the most frequent label is right in ") for one in said)
    assert not any("Direct training had" in one for one in decide(scores).reasons)
