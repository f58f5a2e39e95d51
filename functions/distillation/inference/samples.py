"""The teacher's distribution over the answers to a prompt, from a few samples, and the one answer to take from it.
Samples are compared by their canonical forms (`task.answer_reader`). Entropies are in bits.
"""

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

from distillation.records import Answer
from distillation.task import Task, TaskKind, answer_reader

_FIRST_SAMPLES = [f"s{i}" for i in range(32)]
_WITH_GREEDY = ["g0", *_FIRST_SAMPLES]


def by_prompt(answers: Iterable[Answer]) -> dict[str, list[Answer]]:
    """Answers by prompt, greedy first, then sampled; of two with one record id the first stands."""
    groups: dict[str, list[Answer]] = {}
    for answer in answers:
        group = groups.get(answer.prompt_id)
        if group is None:
            groups[answer.prompt_id] = [answer]
        else:
            group.append(answer)
    for prompt_id, group in groups.items():
        if len(group) > 1:
            groups[prompt_id] = in_order(group)
    return groups


def in_order(group: list[Answer]) -> list[Answer]:
    """One prompt's answers: greedy, then s0, s1 ...; each record once."""
    names = [answer.sample for answer in group]
    if names == _FIRST_SAMPLES[: len(names)] or names == _WITH_GREEDY[: len(names)]:
        return group  # as they were asked, and so, nearly always, as they come
    return sorted({answer.record_id: answer for answer in reversed(group)}.values(), key=_numbered)


def _numbered(answer: Answer) -> tuple[str, int]:
    return answer.sample[0], int(answer.sample[1:])


def entropy(counts: Iterable[int]) -> float:
    """Plug-in (maximum likelihood) entropy in bits, from how often each form was seen; 0.0 without samples. Too low by
    about (forms - 1) / (2 samples ln 2).
    """
    seen = [count for count in counts if count]
    total = sum(seen)
    return (
        max(0.0, math.log2(total) - sum(count * math.log2(count) for count in seen) / total) if len(seen) > 1 else 0.0
    )


def agreement(forms: Sequence[Hashable]) -> float:
    """Share of the samples that give the most given form; 0.0 without samples."""
    return max(Counter(forms).values()) / len(forms) if forms else 0.0


def majority(forms: Sequence[str]) -> str:
    """The form that most samples give (self-consistency, Wang et al. 2022); ties go to the first, the greedy one."""
    return max(forms, key=forms.count)


def minimum_bayes_risk(texts: Sequence[str]) -> int:
    """The index of the text nearest to all samples (Kumar & Byrne 2004; Eikema & Aziz 2020): highest mean F1 over
    distinct words (Dice coefficient), which needs no model. Ties go to the earlier sample.
    """
    if len(texts) < 3:
        return 0
    words = [set(text.split()) for text in texts]
    sums = [0.0] * len(words)
    for i, mine in enumerate(words):
        size = len(mine)
        for j in range(i):
            other = words[j]
            utility = len(mine & other) / ((size + len(other)) or 1)
            sums[i] += utility
            sums[j] += utility
    return sums.index(max(sums))


def consensus_of(answers: Sequence[Answer], task: Task) -> tuple[str, float] | None:
    """The answer that most samples give, and the share of the usable ones that give it; None without a usable one.
    Labels come in canonical spelling, all else as the first sample with the majority's form spells it.
    """
    read = answer_reader(task)
    usable = [(answer, form) for answer in answers if isinstance(form := read(answer.text), str)]
    if not usable:
        return None
    forms = [form for _, form in usable]
    winner = majority(forms)
    first = next(answer for answer, form in usable if form == winner)
    return winner if task.kind is TaskKind.LABEL else first.text.strip(), agreement(forms)
