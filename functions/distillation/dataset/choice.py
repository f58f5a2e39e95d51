"""Which of a prompt's accepted answers are learnt, by the run's policy."""

from collections.abc import Iterator, Sequence

from distillation.dataset.filters.chain import Accepted
from distillation.inference.samples import majority, minimum_bayes_risk
from distillation.records import GREEDY_SAMPLE
from distillation.run.curation import Examples, Filters
from distillation.task import Task, TaskKind, Unfit

OUTVOTED, DUPLICATE_OF_CHOSEN, GREEDY, NO_MATCH = (
    "outvoted",
    "duplicate_of_chosen",
    "greedy_is_no_draw",
    "no_sample_matches_reference",
)


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
        self._is_rated = filters.judge is not None

    def choose(self, accepted: Sequence[Accepted], reference: str | None) -> tuple[str, list[Accepted]] | Unfit:
        """The canonical form that counts for the agreement, and what is learnt of at least one answer, greedy first.

        `reference` is in canonical form, None where there is none.
        """
        forms = [one.form for one in accepted]
        if self._policy == "proportional":
            drawn = [one for one in accepted if one.answer.sample != GREEDY_SAMPLE] or list(accepted)
            return majority([one.form for one in drawn]), drawn
        if self._policy == "best" and reference is not None and not self._free:
            if reference not in forms:
                return Unfit(NO_MATCH, f"none of {len(accepted)} accepted answers gives {reference[:100]!r}")
            return reference, [accepted[forms.index(reference)]]
        if self._policy == "best" and self._is_rated:
            first = dict[str, Accepted]()
            for one in accepted:
                first.setdefault(one.text, one)
            return majority(forms), list(first.values())
        return self._consensus(accepted, forms)

    def _consensus(self, accepted: Sequence[Accepted], forms: list[str]) -> tuple[str, list[Accepted]]:
        if self._free and forms.count(forms[0]) < len(forms):
            chosen = minimum_bayes_risk([one.answer.text for one in accepted])
        else:
            chosen = forms.index(majority(forms))
        return forms[chosen], [accepted[chosen]]

    def passed_over(self, accepted: Sequence[Accepted], learnt: Sequence[Accepted]) -> Iterator[tuple[str, str]]:
        """Record id and reason of the accepted answers that are not learnt."""
        forms, ids = {one.form for one in learnt}, {one.answer.record_id for one in learnt}
        for one in accepted:
            if one.answer.record_id not in ids:
                other = DUPLICATE_OF_CHOSEN if one.form in forms else OUTVOTED
                yield one.answer.record_id, GREEDY if self._policy == "proportional" else other
