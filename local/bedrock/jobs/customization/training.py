"""Trains the student: from examples to a head, with the loss at every step of the way."""

from collections.abc import Callable
from typing import NamedTuple

from local.bedrock.jobs.customization.hyperparameters import Hyperparameters
from local.bedrock.jobs.customization.training_data import Example
from local.bedrock.models import response_head
from local.bedrock.models.embedder import Embedder, Vectors
from local.bedrock.models.response_head import ResponseHead

# Above this many samples a fit takes seconds, so only the end of each epoch is recorded.
_FINE_STEPS_UP_TO = 2_000
_STEPS_AN_EPOCH = 5
# More distinct responses than this, or fewer than two samples a response, is free text: the student then retrieves
# instead of choosing.
_LARGEST_CLOSED_SET = 50


class Step(NamedTuple):
    """The state of the training after a step.

    Losses are mean cross-entropies in nats a sample; `validation_loss` is None without a validation file.
    """

    step: int
    epoch: int
    training_loss: float
    validation_loss: float | None


class TrainedStudent(NamedTuple):
    """What a customization job makes: a head over a closed set of responses, or, with `memory`, the vectors of the
    training prompts for retrieval.

    `memory_responses` stands beside `memory`, row by row; both are None for a closed set.
    """

    head: ResponseHead
    memory: Vectors | None
    memory_responses: tuple[str, ...] | None


class Training(NamedTuple):
    """A finished training."""

    student: TrainedStudent
    steps: list[Step]


def train(
    embedder: Embedder,
    examples: list[Example],
    validation: list[Example],
    settings: Hyperparameters,
    on_epoch: Callable[[int], None] = lambda epoch: None,
) -> Training:
    """Train on `examples`; every step's losses are computed, on `validation` too.

    `on_epoch` is called after each epoch and may raise to stop.
    """
    vectors, responses = (
        embedder.vectors([student_text(example) for example in examples]),
        [example.response for example in examples],
    )
    held_out = (
        embedder.vectors([student_text(example) for example in validation]),
        [example.response for example in validation],
    )
    if is_free_text(responses):
        return _memorised(vectors, responses, held_out, settings)
    head, steps = response_head.untrained(responses), []
    an_epoch = _STEPS_AN_EPOCH if len(examples) <= _FINE_STEPS_UP_TO else 1
    for step in range(1, settings.epoch_count * an_epoch + 1):
        done = step / (settings.epoch_count * an_epoch)
        head = response_head.fit(vectors, responses, settings.training_time * done)
        loss = head.loss(*held_out) if validation else None
        steps.append(Step(step, (step - 1) // an_epoch + 1, head.loss(vectors, responses), loss))
        if step % an_epoch == 0:
            on_epoch(step // an_epoch)
    return Training(TrainedStudent(head, None, None), steps)


def student_text(example: Example) -> str:
    """What the trunk reads of an example: the last user turn, as at inference."""
    return example.conversation.question


def is_free_text(responses: list[str]) -> bool:
    """Whether the responses are too many to be a closed set."""
    distinct = len(set(responses))
    return distinct > _LARGEST_CLOSED_SET or (distinct > 2 and distinct * 2 > len(responses))


def _memorised(
    vectors: Vectors, responses: list[str], held_out: tuple[Vectors, list[str]], settings: Hyperparameters
) -> Training:
    """Free text: the prompts are remembered, every epoch finds the same.

    The losses are the shares of prompts whose nearest neighbour says otherwise.
    """
    student = TrainedStudent(response_head.untrained(responses), vectors, tuple(responses))
    missed = _missed(student, vectors, responses)
    missed_held_out = _missed(student, *held_out) if held_out[1] else None
    return Training(
        student, [Step(epoch, epoch, missed, missed_held_out) for epoch in range(1, settings.epoch_count + 1)]
    )


def _missed(student: TrainedStudent, vectors: Vectors, wanted: list[str]) -> float:
    """The share of `vectors` that retrieve another response than the wanted one."""
    return sum(retrieve(student, vector) != response for vector, response in zip(vectors, wanted, strict=True)) / len(
        wanted
    )


def retrieve(student: TrainedStudent, vector: Vectors) -> str:
    """The response of the training prompt that is nearest to one vector. Only for a student with a memory."""
    memory, responses = student.memory, student.memory_responses or ()
    return responses[int((memory @ vector).argmax())] if memory is not None else ""
