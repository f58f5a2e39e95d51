"""Training set -> the examples that the few-shot arm is shown before each question: a strong, cheap rival. The choice
is the same in every run: balanced over labels and categories, drawn within each by a hash of the prompt id. Prompts on
which the teacher agrees most would be the easiest, and a soft rival.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec

from distillation.bedrock.limits import estimate_tokens
from distillation.bedrock.training_lines import Message, QuestionTexts, turns
from distillation.records import Arm, HoldoutItem, Record
from distillation.task import Task, TaskKind

MAX_EXAMPLE_TOKENS = 1000
"""A longer example is passed over: each is paid for with every question."""

T = TypeVar("T")


class TrainingPrompt(Record, frozen=True):
    """A prompt of train.jsonl with the answers that it teaches there, and its seed's category."""

    prompt_id: str
    system: str
    prompt: str
    answers: tuple[str, ...]
    category: str | None
    earlier: tuple[str, ...] = ()

    @property
    def question(self) -> QuestionTexts:
        """What its training lines ask."""
        return self.system, *self.earlier, self.prompt


class Shot(Record, frozen=True, omit_defaults=True):
    """One example: `5-dataset/few-shot.jsonl`. Made by PlanPredictions, read by people."""

    prompt_id: str
    system: str
    prompt: str
    answer: str
    earlier: tuple[str, ...] = ()


class FewShot:
    """The examples of each arm for each question: those with its own system text where there are enough, else all."""

    def __init__(self, learnt: Iterable[TrainingPrompt], count: int, task: Task) -> None:
        self._count, self._task = count, task
        self._all = [
            one
            for one in learnt
            if sum(map(estimate_tokens, (*one.earlier, one.prompt, _answer(one)))) <= MAX_EXAMPLE_TOKENS
        ]
        self._of_system: dict[str, list[TrainingPrompt]] = {}
        for one in self._all:
            self._of_system.setdefault(one.system, []).append(one)
        self._chosen: dict[tuple[str, str | None], list[Shot]] = {}

    def shots(self, item: HoldoutItem, arm: str = Arm.FEW_SHOT) -> list[Shot]:
        """The examples before this question, in the order in which they are shown."""
        own = self._of_system.get(item.system, [])
        key = (arm, item.system if len(own) >= self._count else None)
        if key not in self._chosen:
            self._chosen[key] = choose(self._all if key[1] is None else own, self._count, self._task, arm)
        return self._chosen[key]

    @property
    def shown(self) -> list[Shot]:
        """All examples that were given out so far, each once."""
        return list({shot.prompt_id: shot for shots in self._chosen.values() for shot in shots}.values())


def choose(learnt: Iterable[TrainingPrompt], count: int, task: Task, arm: str = Arm.FEW_SHOT) -> list[Shot]:
    """At most `count` examples, in turns from the labels, within a label in turns from the categories, by a hash of the
    prompt id and, in further draws, of the arm.
    """
    salt = "" if arm == Arm.FEW_SHOT else arm
    by_label: dict[str, list[TrainingPrompt]] = {}
    for one in sorted(learnt, key=lambda one: hashlib.sha256(f"{salt}{one.prompt_id}".encode()).digest()):
        by_label.setdefault(_answer(one) if task.kind is TaskKind.LABEL else "", []).append(one)
    queues = [in_turns(_by_category(group)) for _, group in sorted(by_label.items())]
    chosen = in_turns(queues)[:count]
    return [
        Shot(prompt_id=one.prompt_id, system=one.system, prompt=one.prompt, answer=_answer(one), earlier=one.earlier)
        for one in chosen
    ]


def as_messages(shots: Iterable[Shot]) -> list[Message]:
    """The examples as earlier messages of the conversation."""
    return turns(text for shot in shots for text in (*shot.earlier, shot.prompt, shot.answer))


def in_turns(queues: Sequence[Sequence[T]]) -> list[T]:
    """The first of each queue, then the second of each that has one, and so on."""
    return [
        queue[number] for number in range(max(map(len, queues), default=0)) for queue in queues if number < len(queue)
    ]


def learnt_prompts(
    taught: Mapping[QuestionTexts, Sequence[str]], known: Iterable[TrainingPrompt]
) -> list[TrainingPrompt]:
    """What train.jsonl teaches (question -> answers), with what the candidates (`known`) tell of its prompts. Of two
    candidates that read the same the first counts.
    """
    found: dict[QuestionTexts, TrainingPrompt] = {}
    for one in known:
        key = one.question
        if key in taught and key not in found:
            found[key] = msgspec.structs.replace(one, answers=tuple(taught[key]))
    return list(found.values())


def _by_category(group: Iterable[TrainingPrompt]) -> list[list[TrainingPrompt]]:
    queues: dict[str, list[TrainingPrompt]] = {}
    for one in group:
        queues.setdefault(one.category or "", []).append(one)
    return [queue for _, queue in sorted(queues.items())]


def _answer(one: TrainingPrompt) -> str:
    """What most of the prompt's training lines say; of equals the first."""
    return Counter(one.answers).most_common(1)[0][0]
