"""Arms on a holdout: what counts, what is compared with what, and what must not change the result."""

import random
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distillation.bedrock.prices import load_prices
from distillation.errors import RecordsLost
from distillation.evaluation.scores import Against, Difference, Scores, Yardstick
from distillation.records import HoldoutItem, Prediction
from distillation.run.evaluation import NumericTolerance
from distillation.task import Task, TaskKind
from tests.worlds.evaluation_worlds import SENTIMENT, answer, decide, label_world, score

ARMS = {"teacher": 0.9, "base": 0.7, "student": 0.85}
MODELS = {
    "teacher": "amazon.nova-pro-v1:0",
    "base": "amazon.nova-micro-v1:0:128k",
    "student": "amazon.nova-micro-v1:0:128k",
}
TEXT = Task(kind=TaskKind.TEXT)


def difference(scores: Scores, metric: str, arm: str, minus: str) -> Difference:
    return next(one for one in scores.differences if (one.metric, one.arm, one.minus) == (metric, arm, minus))


def test_the_figures_are_the_counts() -> None:
    holdout, predictions = label_world(200, ARMS)
    scores = score(holdout, predictions, SENTIMENT, seed=1, models=MODELS, prices=load_prices(), resamples=499)
    truth = {item.prompt_id: item.reference for item in holdout}
    for arm, answers in predictions.items():
        right = sum(one.text == truth[one.prompt_id] for one in answers)
        assert scores.arms[arm].metrics["accuracy"].value == pytest.approx(right / 200)
    both = zip(predictions["student"], predictions["teacher"], strict=True)
    assert scores.arms["student"].metrics["teacherAgreement"].value == pytest.approx(
        sum(s.text == t.text for s, t in both) / 200
    )
    assert "teacherAgreement" not in scores.arms["teacher"].metrics
    # 60 input and 2 output tokens: 1,000 x (60 x 0.80 + 2 x 3.20) / 1,000,000
    assert scores.arms["teacher"].metrics["costPer1000Usd"].value == pytest.approx(0.0544)
    assert scores.arms["student"].metrics["costPer1000Usd"].value == pytest.approx(0.00238)
    assert all(
        metric.low is not None and metric.low <= metric.value
        for arm in scores.arms.values()
        for metric in arm.metrics.values()
    )


def test_a_difference_counts_the_items_that_only_one_arm_has_right() -> None:
    holdout, predictions = label_world(200, ARMS)
    one = difference(score(holdout, predictions, SENTIMENT, seed=1, resamples=499), "accuracy", "student", "base")
    assert one.value == pytest.approx((one.better - one.worse) / 200)
    assert one.low <= one.value <= one.high
    assert one.bootstrap_low == pytest.approx(one.low, abs=0.02)
    assert one.p_value <= one.p_holm


def test_the_order_of_items_and_answers_changes_nothing() -> None:
    holdout, predictions = label_world(80, ARMS)
    mixed = {arm: random.Random(3).sample(answers, len(answers)) for arm, answers in predictions.items()}
    first = score(holdout, predictions, SENTIMENT, seed=5, resamples=299)
    second = score(random.Random(2).sample(holdout, len(holdout)), mixed, SENTIMENT, seed=5, resamples=299)
    assert msgspec.json.encode(first) == msgspec.json.encode(second)


def test_identical_arms_differ_by_nothing() -> None:
    holdout, predictions = label_world(60, {"teacher": 0.8})
    predictions["student"] = [msgspec.structs.replace(one, arm="student") for one in predictions["teacher"]]
    one = difference(score(holdout, predictions, SENTIMENT, seed=1, resamples=299), "accuracy", "student", "teacher")
    assert (one.value, one.better, one.worse, one.p_value) == (0.0, 0, 0, 1.0)
    assert one.low < 0 < one.high  # 60 equal answers do not prove that the arms are equal


def test_missing_and_unreadable_answers_are_wrong_and_counted() -> None:
    holdout, predictions = label_world(40, {"teacher": 1.0, "student": 1.0})
    student = predictions["student"]
    student[0], student[1] = (
        answer(student[0].prompt_id, "student", None),
        answer(student[1].prompt_id, "student", "I cannot say"),
    )
    del student[2]
    arm = score(holdout, predictions, SENTIMENT, seed=1, resamples=199).arms["student"]
    assert (arm.n, arm.missing, arm.format_failures, arm.errors) == (40, 2, 1, {"throttled": 1, "no_prediction": 1})
    assert arm.metrics["accuracy"].value == pytest.approx(37 / 40)
    assert arm.metrics["accuracy"].n == 40
    assert arm.metrics["outputTokens"].n == 38


def test_a_prediction_of_an_unknown_prompt_is_an_error() -> None:
    holdout, predictions = label_world(5, {"teacher": 1.0})
    predictions["teacher"].append(answer("stranger", "teacher", "positive"))
    with pytest.raises(RecordsLost, match="stranger"):
        score(holdout, predictions, SENTIMENT, seed=1)


def test_several_answers_to_a_prompt_are_one_observation() -> None:
    holdout, predictions = label_world(50, {"teacher": 0.9, "student": 0.8}, seed=4)
    single = score(holdout, predictions, SENTIMENT, seed=1, resamples=499)
    repeated = {arm: answers * 3 for arm, answers in predictions.items()}
    tripled = score(holdout, repeated, SENTIMENT, seed=1, resamples=499)
    assert tripled.arms["student"].metrics["accuracy"] == single.arms["student"].metrics["accuracy"]
    assert difference(tripled, "accuracy", "student", "teacher") == difference(single, "accuracy", "student", "teacher")


def test_latency_is_of_single_calls_only() -> None:
    holdout, predictions = label_world(101, {"teacher": 1.0, "student": 1.0})
    predictions["student"] = [
        msgspec.structs.replace(one, latency_ms=100 + number) for number, one in enumerate(predictions["student"])
    ]
    scores = score(holdout, predictions, SENTIMENT, seed=1, resamples=199)
    assert "latencyMedianMs" not in scores.arms["teacher"].metrics
    assert scores.arms["student"].metrics["latencyMedianMs"].value == 150
    assert scores.arms["student"].metrics["latencyP95Ms"].value == 195


def test_without_references_the_teacher_judges_and_its_own_variation_is_the_yardstick() -> None:
    holdout, predictions = label_world(60, {"teacher": 0.9, "student": 0.9}, references=False)
    samples = {one.prompt_id: [one.text or ""] * 3 + ["negative"] for one in predictions["teacher"]}
    scores = score(holdout, predictions, SENTIMENT, seed=1, teacher_samples=samples, resamples=199)
    assert scores.quality_against is Against.TEACHER
    assert "accuracy" not in scores.arms["student"].metrics
    assert scores.gate is not None
    assert (scores.gate.metric, scores.gate.yardstick) == ("teacherAgreement", Yardstick.TEACHER_SELF)
    negative = sum(one.text == "negative" for one in predictions["teacher"])
    assert scores.gate.yardstick_value == pytest.approx((0.75 * (60 - negative) + negative) / 60)
    assert scores.teacher is not None
    assert sum(scores.teacher.histogram) == scores.teacher.prompts == 60


def test_free_text_is_gated_by_overlap() -> None:
    holdout = [HoldoutItem(prompt_id=f"p{i}", prompt="?", reference="the cat sat down") for i in range(35)]
    predictions = {
        arm: [answer(item.prompt_id, arm, text) for item in holdout]
        for arm, text in {"teacher": "a cat sat down", "student": "a cat"}.items()
    }
    scores = score(holdout, predictions, TEXT, seed=1, resamples=199)
    assert scores.gate is not None
    assert scores.gate.metric == "tokenF1"
    assert scores.gate.difference.value == pytest.approx(0.5 - 1.0)  # 1 shared of 1 and 3 words, against all 3


def test_unusable_references_are_left_out_and_counted() -> None:
    holdout, predictions = label_world(20, {"teacher": 1.0, "student": 1.0})
    holdout[0] = msgspec.structs.replace(holdout[0], reference="neutral")
    scores = score(holdout, predictions, SENTIMENT, seed=1, resamples=199)
    assert (scores.references, scores.unusable_references) == (19, 1)
    assert scores.arms["student"].metrics["accuracy"].n == 19


@pytest.mark.parametrize("other", ["teacher", "base"])
def test_the_most_instructive_items_are_those_where_the_student_differs(other: str) -> None:
    holdout, predictions = label_world(120, ARMS, seed=2)
    scores = score(holdout, predictions, SENTIMENT, seed=1, resamples=199)
    kinds = [kind for item in scores.items for kind in item.kinds]
    one = difference(scores, "accuracy", "student", other)
    assert kinds.count(f"worseThan{other.capitalize()}") == min(20, one.worse)
    assert kinds.count(f"betterThan{other.capitalize()}") == min(20, one.better)
    assert all(
        item.answers["student"].score < item.answers[other].score
        for item in scores.items
        if f"worseThan{other.capitalize()}" in item.kinds
    )
    assert len({item.prompt_id for item in scores.items}) == len(scores.items)


def test_scores_survive_the_file() -> None:
    holdout, predictions = label_world(20, {"teacher": 0.9, "base": 0.5, "student": 0.9})
    scores = score(holdout, predictions, SENTIMENT, seed=1, resamples=199)
    assert msgspec.json.decode(msgspec.json.encode(scores), type=Scores) == scores


def test_an_empty_holdout_and_a_lost_arm_are_no_crash() -> None:
    assert score([], {"teacher": [], "student": []}, SENTIMENT, seed=1).gate is None
    holdout, _ = label_world(3, {})
    scores = score(holdout, {"teacher": [], "base": [], "student": []}, SENTIMENT, seed=1, resamples=99)
    assert scores.arms["student"].missing == 3
    assert scores.arms["student"].metrics["accuracy"].value == 0.0


def test_every_arm_is_compared_with_the_teacher_and_the_student_with_the_others() -> None:
    holdout, predictions = label_world(
        60, {"teacher": 0.9, "base": 0.5, "few-shot": 0.6, "student": 0.8, "direct": 0.7}
    )
    scores = score(holdout, predictions, SENTIMENT, seed=1, resamples=99)
    pairs = list(dict.fromkeys((one.arm, one.minus) for one in scores.differences if one.metric == "accuracy"))
    assert pairs[0] == ("student", "teacher")
    assert set(pairs) == {
        ("student", "teacher"), ("base", "teacher"), ("few-shot", "teacher"), ("direct", "teacher"),
        ("student", "base"), ("student", "few-shot"), ("student", "direct"), ("few-shot", "base"), ("direct", "base"),
    }  # fmt: skip
    macro = difference(scores, "macroF1", "student", "direct")
    assert macro.value == pytest.approx(
        scores.arms["student"].metrics["macroF1"].value - scores.arms["direct"].metrics["macroF1"].value
    )
    assert macro.low <= macro.value <= macro.high
    assert macro.test == "jackknife-z"


def test_a_slice_has_the_figures_of_its_items_alone() -> None:
    holdout, predictions = label_world(120, ARMS)
    holdout = [msgspec.structs.replace(item, category="ab"[number % 3 == 0]) for number, item in enumerate(holdout)]
    scores = score(holdout, predictions, SENTIMENT, seed=1, models=MODELS, prices=load_prices(), resamples=199)
    assert [(one.name, one.n) for one in scores.slices] == [("a", 80), ("b", 40)]
    inside = {item.prompt_id for item in holdout if item.category == "b"}
    alone = score(
        [item for item in holdout if item.category == "b"],
        {arm: [one for one in answers if one.prompt_id in inside] for arm, answers in predictions.items()},
        SENTIMENT,
        seed=1,
        models=MODELS,
        prices=load_prices(),
        resamples=199,
    )
    for arm, metrics in scores.slices[1].arms.items():
        assert {name: (one.value, one.n) for name, one in metrics.items()} == {
            name: (one.value, one.n) for name, one in alone.arms[arm].metrics.items()
        }
    compared = {(one.metric, one.slice): one for one in scores.comparisons}
    whole = {(one.metric, None): one for one in alone.comparisons}
    for metric in ("accuracy", "teacherAgreement", "macroF1"):
        alike = msgspec.structs.replace(whole[metric, None].difference, p_holm=compared[metric, "b"].difference.p_holm)
        assert compared[metric, "b"].difference == alike  # within a slice no family is corrected for
    assert scores.comparisons[0] == scores.gate


def test_one_category_is_no_slice_and_too_many_are_counted() -> None:
    holdout, predictions = label_world(130, {"teacher": 0.9, "student": 0.9})
    same = [msgspec.structs.replace(item, category="same") for item in holdout]
    assert score(same, predictions, SENTIMENT, seed=1, resamples=19).slices == ()
    many = [msgspec.structs.replace(item, category=item.prompt_id) for item in holdout]
    scores = score(many, predictions, SENTIMENT, seed=1, resamples=19)
    assert (len(scores.slices), scores.slices_left_out) == (100, 30)


def test_label_scores_stand_beside_their_arm() -> None:
    holdout, predictions = label_world(80, ARMS)
    scores = score(holdout, predictions, SENTIMENT, seed=1, resamples=99)
    for arm in scores.arms.values():
        assert arm.confusion is not None
        assert sum(map(sum, arm.confusion.counts)) == 80
        assert sum(arm.confusion.counts[i][i] for i in range(2)) == pytest.approx(80 * arm.metrics["accuracy"].value)
        assert sum(one.f1.value for one in arm.classes.values()) / 2 == pytest.approx(arm.metrics["macroF1"].value)


ANSWER = Task(kind=TaskKind.ANSWER, answer_pattern=r"Answer: (\S+)")


def test_an_answer_is_right_within_the_tolerance_and_exact_only_as_text() -> None:
    holdout = [HoldoutItem(prompt_id=str(i), prompt="?", reference="1000") for i in range(4)]
    given = ["Answer: 1000", "Answer: 1,000.0", "Answer: 1005", "no number"]
    predictions = {"teacher": [answer(str(i), "teacher", text) for i, text in enumerate(given)]}
    metrics = score(holdout, predictions, ANSWER, seed=1, resamples=99).arms["teacher"].metrics
    assert (metrics["accuracy"].value, metrics["exactMatch"].value, metrics["formatFailureRate"].value) == (
        0.5,
        0.25,
        0.25,
    )
    tolerant = score(holdout, predictions, ANSWER, seed=1, tolerance=NumericTolerance(relative=0.01), resamples=99)
    assert tolerant.arms["teacher"].metrics["accuracy"].value == 0.75


def test_json_is_judged_by_validity_schema_and_fields() -> None:
    task = Task(
        kind=TaskKind.JSON,
        output_schema={"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}},
    )
    holdout = [HoldoutItem(prompt_id=str(i), prompt="?", reference='{"a": 1, "b": "x"}') for i in range(4)]
    given = ['{"b": "x", "a": 1}', '{"a": 1, "b": "y"}', '{"a": "1", "b": "x"}', "not json"]
    predictions = {arm: [answer(str(i), arm, text) for i, text in enumerate(given)] for arm in ("teacher", "student")}
    scores = score(holdout, predictions, task, seed=1, resamples=99)
    metrics = scores.arms["student"].metrics
    assert {name: metrics[name].value for name in ("fieldAccuracy", "jsonValid", "schemaValid", "accuracy")} == {
        "fieldAccuracy": (1 + 0.5 + 0.5 + 0) / 4,
        "jsonValid": 0.75,
        "schemaValid": 0.5,
        "accuracy": 0.25,
    }
    assert (metrics["schemaValid"].against, metrics["formatFailureRate"].value) == (Against.FORM, 0.5)
    assert scores.gate is not None
    assert scores.gate.metric == "fieldAccuracy"
    assert {check.metric for check in decide(scores).checks} == {"fieldAccuracy", "schemaValid"}


def test_refusals_and_lengths_are_measured() -> None:
    holdout, predictions = label_world(40, {"teacher": 0.9, "student": 0.9})
    predictions["student"] = [msgspec.structs.replace(one, output_tokens=3) for one in predictions["student"]]
    predictions["student"][0] = msgspec.structs.replace(predictions["student"][0], text=None, error="refused")
    metrics = score(holdout, predictions, SENTIMENT, seed=1, resamples=199).arms["student"].metrics
    assert (metrics["refusalRate"].value, metrics["missingRate"].value) == (1 / 40, 1 / 40)
    assert (metrics["lengthRatio"].value, metrics["lengthRatio"].n) == (1.5, 39)  # 3 tokens against 2


def sampled(predictions: list[Prediction], texts: Callable[[int, int], str]) -> list[Prediction]:
    return predictions + [
        msgspec.structs.replace(one, sample=f"s{number}", text=texts(place, number))
        for place, one in enumerate(predictions)
        for number in range(4)
    ]


def test_samples_estimate_the_distribution_and_the_greedy_answer_is_scored() -> None:
    holdout, predictions = label_world(50, {"teacher": 0.9, "student": 0.9, "base": 0.5})
    single = score(holdout, predictions, SENTIMENT, seed=1, resamples=199)
    both = predictions | {
        "teacher": sampled(predictions["teacher"], lambda place, number: "positive"),
        "student": sampled(predictions["student"], lambda place, number: "negative" if number < 2 else "positive"),
    }
    scores = score(holdout, both, SENTIMENT, seed=1, resamples=199)
    assert scores.arms["student"].metrics["accuracy"] == single.arms["student"].metrics["accuracy"]
    divergence = scores.arms["student"].metrics["jensenShannonBits"]
    assert (divergence.value, divergence.n) == (pytest.approx(0.3112781), 50)
    assert scores.arms["student"].metrics["jensenShannonByChance"].value < divergence.value
    assert "jensenShannonBits" not in scores.arms["base"].metrics
    assert "jensenShannonBits" not in scores.arms["teacher"].metrics
    assert scores.teacher is not None
    assert (scores.teacher.samples, scores.teacher.mean_agreement) == (200, 1.0)


def test_samples_of_one_distribution_diverge_by_chance_only() -> None:
    holdout, predictions = label_world(200, {"teacher": 1.0, "student": 1.0})
    rng = random.Random(7)
    both = {
        arm: sampled(given, lambda place, number: rng.choice(["positive", "negative"]))
        for arm, given in predictions.items()
    }
    metrics = score(holdout, both, SENTIMENT, seed=1, resamples=199).arms["student"].metrics
    assert metrics["jensenShannonBits"].value > 0.1
    assert metrics["jensenShannonBits"].value == pytest.approx(metrics["jensenShannonByChance"].value, abs=0.03)


def test_agreement_is_calibrated_where_it_says_how_often_it_is_right() -> None:
    """Four samples: all agree and are right, or three agree and their answer is right in half of the items: the error
    is (0 + |0.75 - 0.5|) / 2.
    """
    holdout = [HoldoutItem(prompt_id=f"{i:03d}", prompt="?", reference="positive") for i in range(80)]
    texts = [
        ["positive"] * 4 if i % 2 else (["positive"] * 3 + ["negative"] if i % 4 else ["negative"] * 3 + ["positive"])
        for i in range(80)
    ]
    samples = {item.prompt_id: given for item, given in zip(holdout, texts, strict=True)}
    predictions = {"teacher": [answer(item.prompt_id, "teacher", "positive") for item in holdout]}
    found = score(holdout, predictions, SENTIMENT, seed=1, teacher_samples=samples, resamples=499).calibration
    assert found is not None
    assert (found.n, found.error.value) == (80, pytest.approx(0.125))
    assert [(one.low, one.high, one.n, one.agreement, one.right.value) for one in found.bins] == [
        (0.7, 0.8, 40, 0.75, 0.5),
        (0.9, 1.0, 40, 1.0, 1.0),
    ]
    assert found.error.low is not None
    assert found.error.high is not None
    assert found.error.low < 0.125 < found.error.high


def test_what_a_judge_left_out_is_left_out_of_both_arms() -> None:
    holdout, predictions = label_world(40, {"teacher": 0.9, "base": 0.5, "student": 0.9})
    predictions["student"][1] = answer(predictions["student"][1].prompt_id, "student", None)
    ids = [item.prompt_id for item in holdout]
    judged = {"completeness": {"teacher": dict.fromkeys(ids, 0.75), "student": dict.fromkeys(ids[2:], 0.5)}}
    judged["completeness"]["student"].pop(ids[9])
    scores = score(holdout, predictions, SENTIMENT, seed=1, judged=judged, resamples=99)
    student = scores.arms["student"].metrics["completeness"]
    assert (student.n, student.against, student.value) == (
        38,
        Against.JUDGE,
        pytest.approx(0.5 * 37 / 38),
    )  # 0 and 9 unjudged, 1 unanswered
    assert "completeness" not in scores.arms["base"].metrics
    assert difference(scores, "completeness", "student", "teacher").value == pytest.approx(0.5 * 37 / 38 - 0.75)


texts = st.sampled_from(["positive", "negative", "Positive.", "dunno", "", None])


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(texts, texts, st.sampled_from(["positive", "negative", "other", None])), min_size=1, max_size=12)
)
def test_any_answers_give_figures_within_their_intervals(rows: list[tuple[str | None, str | None, str | None]]) -> None:
    holdout = [HoldoutItem(prompt_id=str(number), prompt="?", reference=row[2]) for number, row in enumerate(rows)]
    predictions: dict[str, list[Prediction]] = {
        arm: [answer(str(number), arm, row[place]) for number, row in enumerate(rows)]
        for place, arm in enumerate(("teacher", "student"))
    }
    scores = score(holdout, predictions, SENTIMENT, seed=1, resamples=49)
    for arm in scores.arms.values():
        for metric in arm.metrics.values():
            assert metric.low is not None
            assert metric.high is not None
            assert metric.low - 1e-9 <= metric.value <= metric.high + 1e-9
    for one in scores.differences:
        assert one.low - 1e-9 <= one.value <= one.high + 1e-9
        assert 0 <= one.p_value <= one.p_holm <= 1


def test_agreement_and_entropy_are_of_the_samples_in_which_an_answer_was_found() -> None:
    holdout, predictions = label_world(40, {"teacher": 1.0, "student": 1.0})
    samples = {item.prompt_id: ["positive", "positive", "negative", "no idea"] for item in holdout}
    samples[holdout[0].prompt_id] = ["no idea", "none"]
    found = score(holdout, predictions, SENTIMENT, seed=1, teacher_samples=samples, resamples=99).teacher
    assert found is not None
    assert (found.prompts, found.samples) == (39, 117)
    assert found.mean_agreement == pytest.approx(2 / 3)
    assert found.mean_entropy_bits == pytest.approx(0.918296, abs=1e-6)  # H(1/3) in bits
