"""Answers -> candidates: what each prompt of a shard would teach, or the reason why it teaches nothing.

Every answer that no example holds says why.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from distillation.bedrock.limits import fits_in_sample
from distillation.dataset.choice import NO_MATCH, Chooser
from distillation.dataset.filters.chain import PERSONAL_DATA, Accepted, AnswerFilters
from distillation.dataset.filters.personal_data import redact
from distillation.errors import RecordsLost
from distillation.funnel import FunnelBuilder
from distillation.inference.samples import entropy
from distillation.records import (
    GREEDY_SAMPLE,
    Answer,
    Candidate,
    FunnelStep,
    HoldoutCandidate,
    Prompt,
    PromptKey,
    RejectedExample,
    UnusedAnswer,
)
from distillation.run.record import RunRecord
from distillation.seeds.split import Side, side_of
from distillation.task import Unfit, canonical_reference

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
"""The same for a prompt whose answers nobody knows."""


class Reduced(NamedTuple):
    """A shard of prompts, reduced: every prompt is in one of the first three, every answer in an example, unused, or of
    a held prompt.
    """

    candidates: list[Candidate]
    held: list[HoldoutCandidate]
    rejected: list[RejectedExample]
    unused: list[UnusedAnswer]
    funnel: list[FunnelStep]


def reduce_prompts(
    prompts: Sequence[Prompt], answers: Mapping[str, Sequence[Answer]], record: RunRecord, keys_of: KeysOf
) -> Reduced:
    """Reduces a shard of prompts with the answers to them (`inference.samples.by_prompt`: greedy first). `keys_of`
    gives the keys that the merge compares by.

    Raises:
        RecordsLost: an answer or a prompt would be lost, or counted twice.
    """
    reduction = _Reduction(record)
    for prompt in prompts:
        reduction.take(prompt, answers.get(prompt.prompt_id, ()))
    reduction.prove(prompts, answers)
    return reduction.result(keys_of)


def teacher_entropy(answers: Sequence[Answer], forms: Sequence[str | Unfit]) -> float:
    """Entropy in bits of the teacher's draws; the greedy answer, which is none, counts only where there is no usable
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
    return math.log2(len(draws)) if len(distinct) == len(draws) else entropy([draws.count(form) for form in distinct])


class _Reduction:
    """What has been reduced so far."""

    def __init__(self, record: RunRecord) -> None:
        config = record.config
        self._task, self._split, self._managed = record.task, config.shares, config.training.managed
        self._personal_data, self._least_agreement = config.filters.personal_data, config.examples.min_agreement
        self._filters = AnswerFilters(record.task, config.filters, config.examples)
        self._chooser = Chooser(record.task, config.examples, config.filters)
        self._candidates: list[Candidate] = []
        self._held: list[HoldoutCandidate] = []
        self._to_learn: list[Prompt] = []  # of the candidates, in the form in which they are learnt
        self._to_measure: list[Prompt] = []  # of the holdout
        self._learnt_answers: list[str] = []  # record ids
        self._held_answers: list[str] = []
        self._rejected: list[RejectedExample] = []
        self._unused: list[UnusedAnswer] = []
        self._filtered: Counter[str] = Counter()  # answers that a filter rejected
        self._passed_over: Counter[str] = Counter()  # accepted answers that no example holds
        self._empty: Counter[str] = Counter()  # prompts of whose answers none was accepted
        self._refused: Counter[str] = Counter()  # prompts that were rejected although they have accepted answers
        self._redacted_answers = self._redacted_prompts = 0

    def take(self, prompt: Prompt, answers: Sequence[Answer]) -> None:
        """Reduces a prompt with the answers to it."""
        if side_of(prompt, self._split) is Side.HOLDOUT:
            self._hold(prompt, answers)
        elif self._managed:
            self._refuse(prompt, self._pass_on(prompt), ())
        else:
            self._reduce(prompt, answers)

    def _reduce(self, prompt: Prompt, answers: Sequence[Answer]) -> None:
        read, judge = self._filters.read, self._filters.judge
        reference = canonical_reference(prompt.reference, self._task) if prompt.reference else None
        forms, accepted, unfit = list[str | Unfit](), list[Accepted](), list[Unfit]()
        for answer in answers:
            form = read(answer.text)
            forms.append(form)
            verdict = judge(answer, form, reference)
            if isinstance(verdict, Accepted):
                accepted.append(verdict)
                self._redacted_answers += verdict.changed
            else:
                unfit.append(verdict)
                self._filtered[verdict.reason] += 1
                self._unused.append(
                    UnusedAnswer(record_id=answer.record_id, reason=verdict.reason, detail=verdict.detail)
                )
        if accepted:
            self._refuse(prompt, self._learn(prompt, answers, forms, accepted, reference), accepted)
            return
        last_words = _commonest(unfit)
        self._empty[last_words.reason] += 1
        self._reject(prompt, last_words)

    def _refuse(self, prompt: Prompt, why: Unfit | None, accepted: Sequence[Accepted]) -> None:
        """Rejects a prompt with its accepted answers where there is a reason."""
        if why is not None:
            self._refused[why.reason] += 1
            self._reject(prompt, why)
            self._pass_over((one.answer.record_id, why.reason) for one in accepted)

    def _reject(self, prompt: Prompt, why: Unfit) -> None:
        self._rejected.append(RejectedExample(prompt_id=prompt.prompt_id, reason=why.reason, detail=why.detail))

    def _pass_on(self, prompt: Prompt) -> Unfit | None:
        """Adds a prompt that is learnt from without an answer of ours, or gives the reason why it is not."""
        clean = self._without_personal_data(prompt)
        if clean is None:
            return Unfit(PERSONAL_DATA, "in the prompt")
        if not fits_in_sample(clean.system, *clean.earlier, clean.prompt):
            return Unfit(TOO_LONG, "system and prompt together are over the token limit of a training sample")
        self._redacted_prompts += clean is not prompt
        self._add(clean, (), None, None)
        return None

    def _hold(self, prompt: Prompt, answers: Sequence[Answer]) -> None:
        read = self._filters.read
        forms = [read(answer.text) for answer in answers]
        usable = [form for form in forms if isinstance(form, str)]
        self._held_answers.extend(answer.record_id for answer in answers)
        self._to_measure.append(prompt)
        self._held.append(
            HoldoutCandidate(
                key=_no_key(prompt),
                prompt=prompt.prompt,
                system=prompt.system,
                reference=prompt.reference,
                category=prompt.category,
                group=prompt.group,
                agreement=max(map(usable.count, usable)) / len(usable) if usable else None,
                entropy=teacher_entropy(answers, forms) if usable else None,
                earlier=prompt.earlier,
            )
        )

    def _learn(
        self,
        prompt: Prompt,
        answers: Sequence[Answer],
        forms: Sequence[str | Unfit],
        accepted: Sequence[Accepted],
        reference: str | None,
    ) -> Unfit | None:
        """Adds what the prompt teaches, or gives the reason why it teaches nothing."""
        clean = self._without_personal_data(prompt)
        if clean is None:
            return Unfit(PERSONAL_DATA, "in the prompt")
        choice = self._chooser.choose(accepted, reference)
        if isinstance(choice, Unfit):
            return choice
        form, learnt = choice
        usable = sum([isinstance(form, str) for form in forms])
        agreed = forms.count(form) / usable
        if agreed < self._least_agreement:
            return Unfit(
                LOW_AGREEMENT,
                f"{agreed:.0%} of {usable} usable samples agree, examples.minAgreement is {self._least_agreement:.0%}",
            )
        if not all(fits_in_sample(clean.system, *clean.earlier, clean.prompt, one.text) for one in learnt):
            return Unfit(TOO_LONG, "system, prompt and answer together are over the token limit of a training sample")
        self._redacted_prompts += clean is not prompt
        self._pass_over(self._chooser.passed_over(accepted, learnt))
        self._learnt_answers.extend(one.answer.record_id for one in learnt)
        self._add(clean, tuple([one.text for one in learnt]), agreed, teacher_entropy(answers, forms))
        return None

    def _add(self, clean: Prompt, texts: tuple[str, ...], agreement: float | None, entropy: float | None) -> None:
        self._to_learn.append(clean)
        self._candidates.append(
            Candidate(
                key=_no_key(clean),
                prompt=clean.prompt,
                answers=texts,
                agreement=agreement,
                entropy=entropy,
                system=clean.system,
                category=clean.category,
                group=clean.group,
                method=clean.method,
                earlier=clean.earlier,
            )
        )

    def _without_personal_data(self, prompt: Prompt) -> Prompt | None:
        if self._personal_data == "off":
            return prompt
        said = (*prompt.earlier, prompt.prompt)
        *earlier, clean = map(redact, said)
        if (*earlier, clean) == said:
            return prompt
        replace = msgspec.structs.replace
        return None if self._personal_data == "reject" else replace(prompt, prompt=clean, earlier=tuple(earlier))

    def _pass_over(self, answers: Iterable[tuple[str, str]]) -> None:
        for record_id, reason in answers:
            self._passed_over[reason] += 1
            self._unused.append(UnusedAnswer(record_id=record_id, reason=reason))

    def prove(self, prompts: Sequence[Prompt], answers: Mapping[str, Sequence[Answer]]) -> None:
        """Raises RecordsLost where a prompt or an answer is not in exactly one place."""
        out = [p.prompt_id for p in (*self._to_learn, *self._to_measure)] + [r.prompt_id for r in self._rejected]
        into = {prompt.prompt_id for prompt in prompts}
        if len(out) != len(into) or into != set(out):
            raise RecordsLost("ReduceShard (prompts)", into - set(out), set(out) - into)
        came = {answer.record_id for group in answers.values() for answer in group}
        left = [*(unused.record_id for unused in self._unused), *self._learnt_answers, *self._held_answers]
        if len(left) != len(came) or came != set(left):
            raise RecordsLost("ReduceShard (answers)", came - set(left), set(left) - came)

    def result(self, keys_of: KeysOf) -> Reduced:
        """Everything, with the keys of the prompts that go on."""
        keys = keys_of([*self._to_learn, *self._to_measure])
        replace, ahead = msgspec.structs.replace, len(self._candidates)
        return Reduced(
            candidates=[replace(one, key=key) for one, key in zip(self._candidates, keys[:ahead], strict=True)],
            held=[replace(one, key=key) for one, key in zip(self._held, keys[ahead:], strict=True)],
            rejected=self._rejected,
            unused=self._unused,
            funnel=self._funnel(),
        )

    def _funnel(self) -> list[FunnelStep]:
        funnel = FunnelBuilder()
        held = len(self._held_answers)
        funnel.start("split", "answers", held + len(self._unused) + len(self._learnt_answers), {HOLDOUT: held})
        if not self._managed:
            funnel.filters(self._filters.steps, self._filtered, self._redacted_answers)
            funnel.then("policy", "answers", self._passed_over)
        funnel.start(
            "split",
            "prompts",
            len(self._candidates) + len(self._held) + len(self._rejected),
            {HOLDOUT: len(self._held)},
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


def _no_key(prompt: Prompt) -> PromptKey:
    """A placeholder: the keys of all prompts are made together."""
    return PromptKey(prompt_id=prompt.prompt_id, folded="")
