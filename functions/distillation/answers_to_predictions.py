"""Answers -> predictions: what an arm says to each holdout prompt, or why it says nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from distillation.answers_to_examples import consensus_of
from distillation.prompts_to_requests import GREEDY_SAMPLE, prompt_of
from distillation.records import Answer, Arm, HoldoutItem, Prediction, RejectedAnswer
from distillation.replies_to_answers import ShardAnswers
from distillation.task import Task

NO_REPLY = "no_reply"


def arm_predictions(arm: str, found: ShardAnswers) -> Iterator[Prediction]:
    """An arm's shard of replies as predictions, one for every requested id."""
    yield from (_answered(arm, answer, answer.text) for answer in found.answers)
    yield from (_rejected(arm, rejected) for rejected in found.rejected)
    yield from (Prediction(prompt_id=prompt_of(record_id), arm=arm, error=NO_REPLY) for record_id in found.missing)


def teacher_predictions(
    holdout: Iterable[HoldoutItem], answers: Mapping[str, Sequence[Answer]], rejected: Mapping[str, Sequence[RejectedAnswer]], task: Task
) -> Iterator[Prediction]:
    """The teacher's greedy answer to each holdout prompt; the consensus of its samples where the run asks for no greedy one."""
    return (_of_teacher(item.prompt_id, answers.get(item.prompt_id, ()), rejected.get(item.prompt_id, ()), task) for item in holdout)


def _of_teacher(prompt_id: str, answers: Sequence[Answer], rejected: Sequence[RejectedAnswer], task: Task) -> Prediction:
    greedy = next((answer for answer in answers if answer.sample == GREEDY_SAMPLE), None)
    if greedy is not None:
        return _answered(Arm.TEACHER, greedy, greedy.text)
    refused = next((r for r in rejected if r.sample == GREEDY_SAMPLE), None)
    if refused is not None:
        return _rejected(Arm.TEACHER, refused)
    consensus = consensus_of(answers, task) if answers else None
    if consensus is None:
        return Prediction(prompt_id=prompt_id, arm=Arm.TEACHER, error=NO_REPLY)
    return _answered(Arm.TEACHER, answers[0], consensus.answer)


def _answered(arm: str, answer: Answer, text: str) -> Prediction:
    return Prediction(
        prompt_id=answer.prompt_id, arm=arm, text=text, input_tokens=answer.input_tokens, output_tokens=answer.output_tokens, latency_ms=answer.latency_ms
    )


def _rejected(arm: str, rejected: RejectedAnswer) -> Prediction:
    return Prediction(prompt_id=rejected.prompt_id, arm=arm, error=rejected.reason, input_tokens=rejected.input_tokens, output_tokens=rejected.output_tokens)
