"""Answers -> examples: what the student learns for each prompt, or the reason why a prompt teaches nothing."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from distillation.records import Answer, Example, Prompt, Record, RejectedExample
from distillation.task import Task, TaskKind, canonical_answer
from distillation.training_limits import fits_in_sample, reserved_word_in


class Consensus(Record, frozen=True):
    """What the teacher's samples of one prompt say together: the `answer` to learn, and the share of usable samples that agree with it."""

    answer: str
    agreement: float


def by_prompt(answers: Iterable[Answer]) -> dict[str, list[Answer]]:
    """Answers grouped by prompt, each group in the order greedy, then sampled."""
    groups: dict[str, list[Answer]] = {}
    for answer in answers:
        groups.setdefault(answer.prompt_id, []).append(answer)
    for group in groups.values():
        group.sort(key=lambda a: (a.sample[0], int(a.sample[1:])))
    return groups


def examples_of(prompts: Iterable[Prompt], answers: Mapping[str, Sequence[Answer]], task: Task) -> Iterator[Example | RejectedExample]:
    """One example or one rejection for every prompt, in order."""
    return (_example(prompt, answers.get(prompt.prompt_id, ()), task) for prompt in prompts)


def consensus_of(answers: Sequence[Answer], task: Task) -> Consensus | None:
    """The answer that most samples give; None where no sample holds an answer of this task.

    Label and answer tasks vote over canonical forms (self-consistency, Wang et al. 2022); a tie goes to the earlier sample, so to the greedy one.
    Free text takes the first usable sample. `agreement` is the share of the samples, usable or not, that give this canonical answer.
    """
    forms = [(answer, form) for answer in answers if (form := canonical_answer(answer.text, task)) is not None]
    if not forms:
        return None
    votes = Counter(form for _, form in forms)
    winner = max(votes, key=lambda form: votes[form]) if task.kind is not TaskKind.TEXT else forms[0][1]
    first = next(answer for answer, form in forms if form == winner)
    return Consensus(answer=winner if task.kind is TaskKind.LABEL else first.text.strip(), agreement=votes[winner] / len(answers))


def _example(prompt: Prompt, answers: Sequence[Answer], task: Task) -> Example | RejectedExample:
    if not answers:
        return _reject(prompt, "no_usable_answer", "the teacher gave no usable answer in any wave")
    consensus = consensus_of(answers, task)
    if consensus is None:
        return _reject(prompt, "no_canonical_answer", f"none of {len(answers)} answers holds a {task.kind} answer; the first says {answers[0].text[:100]!r}")
    if word := reserved_word_in(consensus.answer):
        return _reject(prompt, "reserved_word_in_answer", f"{word!r} fails a whole customization job")
    if not fits_in_sample(prompt.system, prompt.prompt, consensus.answer):
        return _reject(prompt, "too_long", "system, prompt and answer together are over the token limit of a training sample")
    return Example(prompt_id=prompt.prompt_id, system=prompt.system, prompt=prompt.prompt, answer=consensus.answer, agreement=consensus.agreement)


def _reject(prompt: Prompt, reason: str, detail: str) -> RejectedExample:
    return RejectedExample(prompt_id=prompt.prompt_id, reason=reason, detail=detail)
