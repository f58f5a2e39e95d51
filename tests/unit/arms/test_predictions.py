"""Predictions: one for every holdout prompt and arm, with a text or with the reason why there is none."""

from distillation.arms.predictions import arm_predictions, teacher_predictions
from distillation.inference.replies import ShardAnswers
from distillation.records import Answer, HoldoutItem, Prediction, RejectedAnswer
from distillation.task import Task, TaskKind
from tests.worlds import answers as made

LABEL = Task(kind=TaskKind.LABEL, labels=("yes", "no"))


def answer(sample: str, text: str, prompt_id: str = "p") -> Answer:
    return made.answer(f"{prompt_id}-x-{sample}", text, input_tokens=9, latency_ms=12)


def rejected(sample: str, reason: str) -> RejectedAnswer:
    return made.rejected(f"p-x-{sample}", reason, output_tokens=3)


def teacher(answers: list[Answer], rejections: list[RejectedAnswer]) -> Prediction:
    (prediction,) = teacher_predictions(
        [HoldoutItem(prompt_id="p", prompt="?")], {"p": answers}, {"p": rejections}, LABEL
    )
    return prediction


def test_the_teacher_speaks_by_its_greedy_answer() -> None:
    assert teacher([answer("g0", "no"), answer("s0", "yes"), answer("s1", "yes")], []).text == "no"


def test_a_greedy_answer_that_was_rejected_is_the_teachers_failure_and_not_repaired_by_samples() -> None:
    prediction = teacher([answer("s0", "yes")], [rejected("g0", "truncated")])
    assert (prediction.text, prediction.error, prediction.output_tokens) == (None, "truncated", 3)


def test_without_greedy_answers_the_samples_vote() -> None:
    assert teacher([answer("s0", "no"), answer("s1", "yes"), answer("s2", "yes")], []).text == "yes"


def test_a_prompt_that_nobody_answered_has_a_prediction_that_says_so() -> None:
    assert teacher([], []).error == "no_reply"


def test_an_arms_shard_gives_one_prediction_for_every_request() -> None:
    found = ShardAnswers(
        answers=[answer("g0", "yes", "a")], rejected=[rejected("g0", "refused")], missing=["m-x-g0"], strangers=[]
    )
    predictions = {p.prompt_id: p for p in arm_predictions("student", found)}
    assert (predictions["a"].text, predictions["a"].latency_ms) == ("yes", 12)
    assert (predictions["p"].error, predictions["m"].error) == ("refused", "no_reply")


def test_the_teachers_samples_are_its_own_and_each_that_is_missing_says_so() -> None:
    answers = {"p": [answer("g0", "no"), answer("s0", "yes"), answer("s2", "no")]}
    made = list(
        teacher_predictions(
            [HoldoutItem(prompt_id="p", prompt="?")], answers, {"p": [rejected("s1", "truncated")]}, LABEL, samples=4
        )
    )
    assert [(p.sample, p.text, p.error) for p in made] == [
        ("g0", "no", None),
        ("s0", "yes", None),
        ("s1", None, "truncated"),
        ("s2", "no", None),
        ("s3", None, "no_reply"),
    ]


def test_an_arms_predictions_keep_their_samples() -> None:
    found = ShardAnswers(
        answers=[answer("s1", "yes", "a")], rejected=[rejected("g0", "refused")], missing=["m-x-s2"], strangers=[]
    )
    assert [(p.prompt_id, p.sample) for p in arm_predictions("base", found)] == [("a", "s1"), ("p", "g0"), ("m", "s2")]
