"""Answers -> predictions: what an arm says to each holdout prompt, or why it says nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from distillation.inference.replies import ShardAnswers
from distillation.inference.requests import prompt_of, sample_of
from distillation.inference.samples import consensus_of
from distillation.records import GREEDY_SAMPLE, Answer, Arm, HoldoutItem, Prediction, RejectedAnswer
from distillation.task import Task

NO_REPLY = "no_reply"


def arm_predictions(arm: str, found: ShardAnswers) -> Iterator[Prediction]:
    """An arm's shard of replies as predictions, one for every requested id, so for every prompt and sample."""
    yield from (_answered(arm, answer, answer.text) for answer in found.answers)
    yield from (_rejected(arm, rejected) for rejected in found.rejected)
    yield from (
        Prediction(prompt_id=prompt_of(record_id), arm=arm, sample=sample_of(record_id), error=NO_REPLY)
        for record_id in found.missing
    )


def teacher_predictions(
    holdout: Iterable[HoldoutItem],
    answers: Mapping[str, Sequence[Answer]],
    rejected: Mapping[str, Sequence[RejectedAnswer]],
    task: Task,
    *,
    samples: int = 0,
) -> Iterator[Prediction]:
    """The teacher's greedy answer to each holdout prompt, or the consensus of its samples; then its first `samples`."""
    for item in holdout:
        given, refused = answers.get(item.prompt_id, ()), rejected.get(item.prompt_id, ())
        yield _greedy(item.prompt_id, given, refused, task)
        yield from (_sample(item.prompt_id, f"s{number}", given, refused) for number in range(samples))


def _greedy(prompt_id: str, answers: Sequence[Answer], rejected: Sequence[RejectedAnswer], task: Task) -> Prediction:
    asked = GREEDY_SAMPLE in [*(one.sample for one in answers), *(one.sample for one in rejected)]
    consensus = consensus_of(answers, task) if answers and not asked else None
    if consensus is None:
        return _sample(prompt_id, GREEDY_SAMPLE, answers, rejected)
    return _answered(Arm.TEACHER, answers[0], consensus[0], GREEDY_SAMPLE)


def _sample(prompt_id: str, sample: str, answers: Sequence[Answer], rejected: Sequence[RejectedAnswer]) -> Prediction:
    answer = next((answer for answer in answers if answer.sample == sample), None)
    if answer is not None:
        return _answered(Arm.TEACHER, answer, answer.text)
    refused = next((reply for reply in rejected if reply.sample == sample), None)
    return (
        _rejected(Arm.TEACHER, refused)
        if refused
        else Prediction(prompt_id=prompt_id, arm=Arm.TEACHER, sample=sample, error=NO_REPLY)
    )


def _answered(arm: str, answer: Answer, text: str, sample: str = "") -> Prediction:
    return Prediction(
        prompt_id=answer.prompt_id,
        arm=arm,
        sample=sample or answer.sample,
        text=text,
        input_tokens=answer.input_tokens,
        output_tokens=answer.output_tokens,
        latency_ms=answer.latency_ms,
    )


def _rejected(arm: str, rejected: RejectedAnswer) -> Prediction:
    return Prediction(
        prompt_id=rejected.prompt_id,
        arm=arm,
        sample=rejected.sample,
        error=rejected.reason,
        input_tokens=rejected.input_tokens,
        output_tokens=rejected.output_tokens,
    )
