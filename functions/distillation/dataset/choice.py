"""Which of a prompt's accepted answers are learnt, by the run's policy."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from distillation.dataset.filters.chain import Fit
from distillation.inference.samples import majority, minimum_bayes_risk
from distillation.records import GREEDY_SAMPLE, Answer
from distillation.run.curation import Examples, Filters
from distillation.task import Task, TaskKind, Unfit

OUTVOTED, DUPLICATE_OF_CHOSEN, GREEDY, NO_MATCH = (
    "outvoted",
    "duplicate_of_chosen",
    "greedy_is_no_draw",
    "no_sample_matches_reference",
)


class Sample(msgspec.Struct, frozen=True, gc=False):
    """An accepted answer and what of it would be learnt."""

    answer: Answer
    fit: Fit


class Choice(NamedTuple):
    """What is learnt.

    `form` is the canonical form that counts for the agreement, `passed_over` holds record id and reason of all others.
    """

    form: str
    learnt: list[Sample]
    passed_over: list[tuple[str, str]]


class Chooser:
    """The policy of a run.

    `consensus`: the first sample of the form that most give (Wang et al. 2022), for free text the one of least Bayes
    risk. `proportional`: every draw, which makes training a Monte Carlo estimate of the cross-entropy to the teacher's
    distribution. The greedy answer is no draw from that distribution and is left out, unless there is nothing else.
    `best`: the first sample that gives the reference (not for free text, where no answer gives it word by word);
    without a reference every distinct text where a judge is to choose, else as consensus.
    """

    def __init__(self, task: Task, examples: Examples, filters: Filters) -> None:
        self._policy = examples.policy
        self._free = task.kind is TaskKind.TEXT
        self._judged = filters.judge is not None

    def choose(self, samples: Sequence[Sample], reference: str | None) -> Choice | Unfit:
        """What is learnt of at least one sample, greedy first.

        `reference` is in canonical form, None where there is none.
        """
        if self._policy == "proportional":
            return _draws(samples)
        if self._policy == "best" and reference is not None and not self._free:
            return _matching(samples, reference)
        if self._policy == "best" and self._judged:
            return _distinct(samples)
        return self._consensus(samples)

    def _consensus(self, samples: Sequence[Sample]) -> Choice:
        forms = [sample.fit.form for sample in samples]
        if forms.count(forms[0]) == len(forms):
            return _one(samples, 0)
        return _one(
            samples,
            minimum_bayes_risk([sample.answer.text for sample in samples])
            if self._free
            else forms.index(majority(forms)),
        )


def _one(samples: Sequence[Sample], chosen: int) -> Choice:
    form = samples[chosen].fit.form
    passed_over = [
        (sample.answer.record_id, DUPLICATE_OF_CHOSEN if sample.fit.form == form else OUTVOTED)
        for i, sample in enumerate(samples)
        if i != chosen
    ]
    return Choice(form, [samples[chosen]], passed_over)


def _draws(samples: Sequence[Sample]) -> Choice:
    drawn = [sample for sample in samples if sample.answer.sample != GREEDY_SAMPLE] or list(samples)
    left = (
        [(sample.answer.record_id, GREEDY) for sample in samples if sample not in drawn]
        if len(drawn) < len(samples)
        else []
    )
    return Choice(majority([sample.fit.form for sample in drawn]), drawn, left)


def _matching(samples: Sequence[Sample], reference: str) -> Choice | Unfit:
    chosen = next((i for i, sample in enumerate(samples) if sample.fit.form == reference), None)
    if chosen is None:
        return Unfit(NO_MATCH, f"none of {len(samples)} accepted answers gives {reference[:100]!r}")
    return _one(samples, chosen)


def _distinct(samples: Sequence[Sample]) -> Choice:
    first: dict[str, Sample] = {}
    passed_over = []
    for sample in samples:
        if first.setdefault(sample.fit.text, sample) is not sample:
            passed_over.append((sample.answer.record_id, DUPLICATE_OF_CHOSEN))
    return Choice(majority([sample.fit.form for sample in samples]), list(first.values()), passed_over)
