"""Answers -> candidates: what each prompt of a shard would teach, or the reason why it teaches nothing.

Every answer that no example holds says why.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from distillation.bedrock.limits import fits_in_sample
from distillation.dataset.choice import NO_MATCH, Chooser, Sample
from distillation.dataset.filters.chain import PERSONAL_DATA, AnswerFilters, Fit
from distillation.dataset.filters.personal_data import redact
from distillation.errors import RecordsLost
from distillation.funnel import FunnelBuilder
from distillation.inference.samples import entropy
from distillation.records import (
    GREEDY_SAMPLE,
    Answer,
    Candidate,
    FunnelStep,
    Held,
    Prompt,
    PromptKey,
    RejectedExample,
    UnusedAnswer,
)
from distillation.run.record import RunRecord
from distillation.seeds.split import Side, side_of
from distillation.task import Unfit, canonical_reference

_PROMPTS_AT_ONCE = 128
"""Their answers are looked at together; those of so few stay in a core's own cache."""
KeysOf = Callable[[Sequence[Prompt]], list[PromptKey]]
NO_USABLE_ANSWER, LOW_AGREEMENT, TOO_LONG, HOLDOUT = "no_usable_answer", "low_agreement", "too_long", "holdout"
REFUSALS = (
    ("promptPersonalData", PERSONAL_DATA),
    ("reference", NO_MATCH),
    ("agreement", LOW_AGREEMENT),
    ("sampleLength", TOO_LONG),
)
"""Steps of the funnel that refuse a prompt although it has a usable answer, and their reasons."""
MANAGED_REFUSALS = (("promptPersonalData", PERSONAL_DATA), ("sampleLength", TOO_LONG))
"""Those of a prompt of whose answers nothing is known."""


class Reduced(NamedTuple):
    """A shard of prompts, reduced: every prompt is in one of the first three, every answer in an example, unused, or of
    a held prompt.
    """

    candidates: list[Candidate]
    held: list[Held]
    rejected: list[RejectedExample]
    unused: list[UnusedAnswer]
    funnel: list[FunnelStep]


class _Learnt(NamedTuple):
    prompt: Prompt
    samples: list[Sample]
    agreement: float | None
    entropy: float | None


class _Judged(NamedTuple):
    """The answers to a prompt, their canonical forms, and what the filters say of each."""

    answers: Sequence[Answer]
    forms: Sequence[str | Unfit]
    verdicts: Sequence[Fit | Unfit]


class _HeldBack(NamedTuple):
    prompt: Prompt
    answers: int
    agreement: float | None
    entropy: float | None


def reduce_prompts(
    prompts: Sequence[Prompt], answers: Mapping[str, Sequence[Answer]], record: RunRecord, keys_of: KeysOf
) -> Reduced:
    """Reduces a shard of prompts with the answers to them (`answer_distribution.by_prompt`: greedy first). `keys_of`
    gives the keys that the merge compares by.

    Raises:
        RecordsLost: an answer or a prompt would be lost, or counted twice.
    """
    reduction = _Reduction(record)
    for start in range(0, len(prompts), _PROMPTS_AT_ONCE):
        reduction.take(prompts[start : start + _PROMPTS_AT_ONCE], answers)
    reduction.prove(prompts, answers)
    return reduction.result(keys_of)


def teacher_entropy(answers: Sequence[Answer], forms: Sequence[str | Unfit]) -> float:
    """Entropy in nats of the teacher's draws; the greedy answer, which is none, counts only where there is no usable
    other.
    """
    if forms and forms.count(forms[0]) == len(forms):
        return 0.0  # as most are, and so the quickest first
    draws = [
        form
        for answer, form in zip(answers, forms, strict=True)
        if form.__class__ is str and answer.sample != GREEDY_SAMPLE
    ]
    distinct = dict.fromkeys(draws)
    if len(distinct) < 2:
        return 0.0
    return math.log(len(draws)) if len(distinct) == len(draws) else entropy([draws.count(form) for form in distinct])


class _Reduction:
    """What has been reduced so far."""

    def __init__(self, record: RunRecord) -> None:
        config = record.config
        self._task, self._split, self._managed = record.task, config.shares, config.training.managed
        self._personal_data, self._least_agreement = config.filters.personal_data, config.examples.min_agreement
        self._filters = AnswerFilters(record.task, config.filters, config.examples)
        self._chooser = Chooser(record.task, config.examples, config.filters)
        self._learnt: list[_Learnt] = []
        self._held: list[_HeldBack] = []
        self._rejected: list[RejectedExample] = []
        self._unused: list[UnusedAnswer] = []
        self._filtered: Counter[str] = Counter()  # answers that a filter rejected
        self._passed_over: Counter[str] = Counter()  # accepted answers that no example holds
        self._empty: Counter[str] = Counter()  # prompts of whose answers none was accepted
        self._refused: Counter[str] = Counter()  # prompts that were rejected although they have accepted answers
        self._redacted_answers = self._redacted_prompts = 0

    def take(self, prompts: Sequence[Prompt], answers: Mapping[str, Sequence[Answer]]) -> None:
        """Reduces some prompts."""
        read = self._filters.read
        learnt = list[tuple[Prompt, Sequence[Answer]]]()
        for prompt in prompts:
            group = answers.get(prompt.prompt_id, ())
            if side_of(prompt, self._split) is Side.HOLDOUT:
                self._hold(prompt, group)
            elif self._managed:
                self._settle(prompt, self._pass_on(prompt), ())
            else:
                learnt.append((prompt, group))
        texts = [answer.text for _, group in learnt for answer in group]
        forms = [read(text) for text in texts]
        references = [
            canonical_reference(prompt.reference, self._task) if prompt.reference else None for prompt, _ in learnt
        ]
        verdicts = self._filters.judge_all(
            texts, forms, [reference for (_, group), reference in zip(learnt, references, strict=True) for _ in group]
        )
        end = 0
        for (prompt, group), reference in zip(learnt, references, strict=True):
            start, end = end, end + len(group)
            self._reduce(prompt, _Judged(group, forms[start:end], verdicts[start:end]), reference)

    def _reduce(self, prompt: Prompt, judged: _Judged, reference: str | None) -> None:
        samples = self._accepted(judged)
        if samples:
            self._settle(prompt, self._learn(prompt, judged, samples, reference), samples)
            return
        last_words = _commonest([verdict for verdict in judged.verdicts if isinstance(verdict, Unfit)])
        self._empty[last_words.reason] += 1
        self._rejected.append(
            RejectedExample(prompt_id=prompt.prompt_id, reason=last_words.reason, detail=last_words.detail)
        )

    def _settle(self, prompt: Prompt, outcome: Unfit | None, samples: Sequence[Sample]) -> None:
        """Rejects a prompt with its accepted samples where there is a reason."""
        if outcome is not None:
            self._refused[outcome.reason] += 1
            self._rejected.append(
                RejectedExample(prompt_id=prompt.prompt_id, reason=outcome.reason, detail=outcome.detail)
            )
            self._pass_over((sample.answer.record_id, outcome.reason) for sample in samples)

    def _pass_on(self, prompt: Prompt) -> Unfit | None:
        """Adds a prompt that is learnt from without an answer of ours, or gives the reason why it is not."""
        clean = self._without_personal_data(prompt)
        if clean is None:
            return Unfit(PERSONAL_DATA, "in the prompt")
        if not fits_in_sample(clean.system, clean.prompt):
            return Unfit(TOO_LONG, "system and prompt together are over the token limit of a training sample")
        self._redacted_prompts += clean is not prompt
        self._learnt.append(_Learnt(clean, [], None, None))
        return None

    def _hold(self, prompt: Prompt, answers: Sequence[Answer]) -> None:
        read = self._filters.read
        forms = [read(answer.text) for answer in answers]
        usable = [form for form in forms if isinstance(form, str)]
        if not usable:
            self._held.append(_HeldBack(prompt, len(answers), None, None))
            return
        most = max(map(usable.count, usable)) / len(usable)
        self._held.append(_HeldBack(prompt, len(answers), most, teacher_entropy(answers, forms)))

    def _accepted(self, judged: _Judged) -> list[Sample]:
        samples = [
            Sample(answer, verdict)
            for answer, verdict in zip(judged.answers, judged.verdicts, strict=True)
            if isinstance(verdict, Fit)
        ]
        self._redacted_answers += sum([sample.fit.changed for sample in samples])
        if len(samples) < len(judged.answers):
            for answer, verdict in zip(judged.answers, judged.verdicts, strict=True):
                if isinstance(verdict, Unfit):
                    self._filtered[verdict.reason] += 1
                    self._unused.append(
                        UnusedAnswer(record_id=answer.record_id, reason=verdict.reason, detail=verdict.detail)
                    )
        return samples

    def _learn(self, prompt: Prompt, judged: _Judged, samples: list[Sample], reference: str | None) -> Unfit | None:
        """Adds what the prompt teaches, or gives the reason why it teaches nothing."""
        clean = self._without_personal_data(prompt)
        if clean is None:
            return Unfit(PERSONAL_DATA, "in the prompt")
        choice = self._chooser.choose(samples, reference)
        if isinstance(choice, Unfit):
            return choice
        usable = sum([form.__class__ is str for form in judged.forms])
        agreed = judged.forms.count(choice.form) / usable
        if agreed < self._least_agreement:
            return Unfit(
                LOW_AGREEMENT,
                (
                    f"{agreed:.0%} of {usable} usable samples agree, examples.minAgreement is "
                    f"{self._least_agreement:.0%}"
                ),
            )
        if not all(fits_in_sample(clean.system, clean.prompt, sample.fit.text) for sample in choice.learnt):
            return Unfit(TOO_LONG, "system, prompt and answer together are over the token limit of a training sample")
        self._redacted_prompts += clean is not prompt
        self._pass_over(choice.passed_over)
        self._learnt.append(_Learnt(clean, choice.learnt, agreed, teacher_entropy(judged.answers, judged.forms)))
        return None

    def _without_personal_data(self, prompt: Prompt) -> Prompt | None:
        if self._personal_data == "off":
            return prompt
        clean = redact(prompt.prompt)
        if clean is prompt.prompt:
            return prompt
        return None if self._personal_data == "reject" else msgspec.structs.replace(prompt, prompt=clean)

    def _pass_over(self, answers: Iterable[tuple[str, str]]) -> None:
        for record_id, reason in answers:
            self._passed_over[reason] += 1
            self._unused.append(UnusedAnswer(record_id=record_id, reason=reason))

    def prove(self, prompts: Sequence[Prompt], answers: Mapping[str, Sequence[Answer]]) -> None:
        """Raises RecordsLost where a prompt or an answer is not in exactly one place."""
        out = (
            [item.prompt.prompt_id for item in self._learnt]
            + [item.prompt.prompt_id for item in self._held]
            + [r.prompt_id for r in self._rejected]
        )
        into = {prompt.prompt_id for prompt in prompts}
        if len(out) != len(into) or into != set(out):
            raise RecordsLost("ReduceShard (prompts)", into - set(out), set(out) - into)
        came = {answer.record_id for group in answers.values() for answer in group}
        held = {answer.record_id for item in self._held for answer in answers.get(item.prompt.prompt_id, ())}
        left = [u.record_id for u in self._unused] + [
            sample.answer.record_id for item in self._learnt for sample in item.samples
        ]
        if len(left) + len(held) != len(came) or came != held.union(left):
            raise RecordsLost("ReduceShard (answers)", came - held.union(left), held.union(left) - came)

    def result(self, keys_of: KeysOf) -> Reduced:
        """Everything, with the keys of the prompts that go on."""
        keys = keys_of([item.prompt for item in self._learnt] + [item.prompt for item in self._held])
        ahead = len(self._learnt)
        return Reduced(
            candidates=[_candidate(item, key) for item, key in zip(self._learnt, keys[:ahead], strict=True)],
            held=[_held(item, key) for item, key in zip(self._held, keys[ahead:], strict=True)],
            rejected=self._rejected,
            unused=self._unused,
            funnel=self._funnel(),
        )

    def _funnel(self) -> list[FunnelStep]:
        funnel = FunnelBuilder()
        held_answers = sum(item.answers for item in self._held)
        learnt_answers = sum(len(item.samples) for item in self._learnt)
        came = held_answers + len(self._unused) + learnt_answers
        funnel.start("split", "answers", came, {HOLDOUT: held_answers})
        if not self._managed:
            funnel.filters(self._filters.steps, self._filtered, self._redacted_answers)
            funnel.then("policy", "answers", self._passed_over)
        funnel.start(
            "split", "prompts", len(self._learnt) + len(self._held) + len(self._rejected), {HOLDOUT: len(self._held)}
        )
        if not self._managed:
            funnel.then("usableAnswer", "prompts", self._empty)
        for step, reason in MANAGED_REFUSALS if self._managed else REFUSALS:
            changed = self._redacted_prompts if reason == PERSONAL_DATA else 0
            funnel.then(step, "prompts", {reason: self._refused[reason]}, changed)
        return funnel.steps


def _commonest(unfit: Sequence[Unfit]) -> Unfit:
    if not unfit:
        return Unfit(NO_USABLE_ANSWER, "the teacher gave no usable answer in any wave")
    reason, count = Counter(one.reason for one in unfit).most_common(1)[0]
    first = next(one for one in unfit if one.reason == reason)
    return Unfit(reason, f"{count} of {len(unfit)} answers; the first: {first.detail}")


def _candidate(item: _Learnt, key: PromptKey) -> Candidate:
    prompt = item.prompt
    return Candidate(
        key=key,
        prompt=prompt.prompt,
        answers=tuple([sample.fit.text for sample in item.samples]),
        agreement=item.agreement,
        entropy=item.entropy,
        system=prompt.system,
        category=prompt.category,
        method=prompt.method,
    )


def _held(item: _HeldBack, key: PromptKey) -> Held:
    prompt = item.prompt
    return Held(
        key=key,
        prompt=prompt.prompt,
        system=prompt.system,
        reference=prompt.reference,
        category=prompt.category,
        agreement=item.agreement,
        entropy=item.entropy,
    )
