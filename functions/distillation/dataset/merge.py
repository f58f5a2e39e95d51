"""Candidates of all shards -> the dataset: duplicates and leaks out, ratings applied, chosen where there are too many;
every prompt accounted for.

Decided by columns, flat in memory. The texts pass twice as a stream: once to be compared with what is measured, once to
be written.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple, TypeVar

import numpy as np

from distillation.dataset.columns import HeldColumns, KeyColumns, read_candidates
from distillation.dataset.manifest import SelectionSummary
from distillation.dataset.ratings import Rated, by_ratings
from distillation.dataset.selection import GROUP_THRESHOLD, select
from distillation.records import Candidate, FunnelStep, HoldoutCandidate, RejectedExample, Seed, dialogue
from distillation.run.record import RunRecord
from distillation.seeds.split import Side, side_of_id, watched
from distillation.similarity.near_duplicates import ClusterLabels, join_labels, near_clusters, semantic_clusters
from distillation.similarity.overlaps import MeasuredTexts
from distillation.similarity.word_hashes import CommonWords
from distillation.similarity.words import CommonShingles

K = TypeVar("K")


class Decision(NamedTuple):
    """What becomes of every prompt that reached the merge.

    `held` and `sides` have one entry a holdout prompt and a candidate, in order: whether it stays, and where it goes
    (None: rejected). `rated` holds the answers that the ratings left of candidates, by number, where a judge was asked.
    `arrived` are the ids of all that reached the merge.
    """

    arrived: list[str]
    held: list[bool]
    sides: list[Side | None]
    rated: dict[int, tuple[str, ...]]
    rejected: list[RejectedExample]
    funnel: list[FunnelStep]
    strata: dict[str, dict[str, int]]
    selection: SelectionSummary | None
    conflicting_references: int
    agreement: list[float]
    entropy: list[float]
    lines: dict[Side, int]


def decide(
    held: Iterable[HoldoutCandidate],
    candidates: Iterable[Candidate],
    record: RunRecord,
    common: CommonShingles,
    *,
    evaluation: Sequence[Seed] = (),
    ratings: Mapping[str, int] | None = None,
) -> Decision:
    """Decides over all prompts of a run. `common`: its template.

    Where a judge is asked for and `ratings` are not there yet, all that is left is what it has to rate.
    """
    return _Merge(held, candidates, record, common, evaluation=evaluation, ratings=ratings).decision()


class _Merge:
    """The filters in their order. Each looks only at what the earlier ones left (`alive`)."""

    def __init__(
        self,
        held: Iterable[HoldoutCandidate],
        candidates: Iterable[Candidate],
        record: RunRecord,
        common: CommonShingles,
        *,
        evaluation: Sequence[Seed],
        ratings: Mapping[str, int] | None,
    ) -> None:
        self._record, self._config, self._ratings = record, record.config, ratings
        self._rated: dict[int, Rated] = {}
        self._keys = KeyColumns()
        self._held = HeldColumns(held, self._keys)
        words, ngram = CommonWords(common), self._config.decontamination.ngram
        measured = [
            MeasuredTexts(self._held.ids, self._held.texts, words, ngram),
            MeasuredTexts(
                [f"{seed.file}:{seed.line}" for seed in evaluation],
                [dialogue(seed) for seed in evaluation],
                words,
                ngram,
            ),
        ]
        self._columns, self._overlaps = read_candidates(candidates, self._keys, measured, self._lines_of)
        self._held.texts.clear()
        self._held_alive = np.ones(len(self._held.ids), bool)
        self._alive = np.ones(len(self._columns), bool)
        self._rejected: list[RejectedExample] = []
        self._funnel: list[FunnelStep] = []
        self._conflicts, self._twins = 0, Counter[str]()

    def _lines_of(self, number: int, candidate: Candidate) -> int:
        if self._config.filters.judge is None or self._ratings is None:
            return len(candidate.answers) or 1  # without answers: the prompt alone
        self._rated[number] = by_ratings(candidate, self._ratings, self._record)
        return len(self._rated[number].answers)

    def decision(self) -> Decision:
        self._step("exactDuplicates", self._exact_duplicates())
        if self._config.duplicates.looked_for:
            self._step("nearDuplicates", self._near_duplicates())
        self._step("decontamination", self._overlapping())
        if self._rated:
            self._step("ratings", self._low_rated())
        to_be_rated = self._config.filters.judge is not None and self._ratings is None
        chosen = None if to_be_rated else self._select()
        columns, alive = self._columns, np.flatnonzero(self._alive).tolist()
        sides = self._sides(alive)
        return Decision(
            arrived=self._keys.ids,
            held=self._held_alive.tolist(),
            sides=sides,
            rated={i: verdict.answers for i, verdict in self._rated.items() if self._alive[i]},
            rejected=self._rejected,
            funnel=[_funnel_step("holdoutTwins", "holdout", len(self._held.ids), self._twins), *self._funnel],
            strata=self._strata(sides),
            selection=chosen,
            conflicting_references=self._conflicts,
            agreement=[columns.agreement[i] for i in alive if columns.answered[i]],
            entropy=[columns.entropy[i] for i in alive if columns.answered[i]],
            lines={
                side: sum(columns.lines[i] for i in alive if sides[i] is side) for side in (Side.TRAIN, Side.VALIDATION)
            },
        )

    def _sides(self, alive: Sequence[int]) -> list[Side | None]:
        columns, split = self._columns, self._config.shares
        sides: list[Side | None] = [None] * len(columns)
        for i in alive:
            expanded, group = bool(columns.expanded[i]), columns.groups[i]
            sides[i] = side_of_id(columns.id(i), split, expanded=expanded, group=group)
        validation = [i for i in alive if sides[i] is Side.VALIDATION]
        stay = watched({columns.id(i): columns.lines[i] for i in validation})
        for i in validation:
            sides[i] = Side.VALIDATION if columns.id(i) in stay else Side.TRAIN
        return sides

    def _step(self, step: str, out: Iterable[tuple[int, bool, str, str]]) -> None:
        """Rejects (number, whether of the holdout, reason, detail), and counts.

        The holdout left the funnel at the split: its twins are a step of their own.
        """
        came, reasons = int(self._alive.sum()), Counter[str]()
        for number, held, reason, detail in list(out):
            alive, counted = (self._held_alive, self._twins) if held else (self._alive, reasons)
            alive[number] = False
            counted[reason] += 1
            prompt_id = self._held.ids[number] if held else self._columns.id(number)
            self._rejected.append(RejectedExample(prompt_id=prompt_id, reason=reason, detail=detail))
        self._funnel.append(_funnel_step(step, "prompts", came, reasons))

    def _exact_duplicates(self) -> Iterator[tuple[int, bool, str, str]]:
        """The first one of the holdout stays; among the others the most agreed on stays, then the first."""
        texts, columns = self._keys.folded().tolist(), self._columns
        firsts: dict[bytes, int] = {}
        for number, text in enumerate(texts[: columns.first]):
            first = firsts.setdefault(text, number)
            if first != number:
                yield self._twin(number, first, "duplicate", "reads the same as")
        trained = texts[columns.first :]
        best = _best_of(trained, columns.agreement)
        for number, text in enumerate(trained):
            if text in firsts:
                yield number, False, "duplicate_of_holdout", f"reads the same as {self._held.ids[firsts[text]]}"
            elif best[text] != number:
                yield number, False, "duplicate", f"reads the same as {columns.id(best[text])}"

    def _near_duplicates(self) -> Iterator[tuple[int, bool, str, str]]:
        """Twins in the holdout are looked for without the candidates, so that no new training prompt can move the
        holdout.

        What went as an exact duplicate is still in the clusters: it is like nothing that the text that stayed is not
        like.
        """
        held = self._columns.first
        for number, first in enumerate(self._clusters(held).tolist()):
            if number != first and self._held_alive[number]:
                yield self._twin(number, first, "near_duplicate", "near duplicate of")
        yield from self._straddling(self._clusters(len(self._keys.ids))[held:].tolist())

    def _twin(self, number: int, first: int, reason: str, says: str) -> tuple[int, bool, str, str]:
        """A holdout prompt that goes because of an earlier one."""
        self._conflicts += self._held.references[first] != self._held.references[number]
        return number, True, reason, f"{says} {self._held.ids[first]}"

    def _straddling(self, clusters: Sequence[int]) -> Iterator[tuple[int, bool, str, str]]:
        # A label is the smallest number of its cluster, and the holdout comes first: a label below its size is a
        # cluster with a holdout prompt.
        held, alive = self._columns.first, np.flatnonzero(self._alive).tolist()
        best = _best_of([clusters[i] for i in alive], [self._columns.agreement[i] for i in alive])
        for position, number in enumerate(alive):
            label = clusters[number]
            if label < held:
                yield number, False, "near_duplicate_of_holdout", f"near duplicate of {self._held.ids[label]}"
            elif best[label] != position:
                yield number, False, "near_duplicate", f"near duplicate of {self._columns.id(alive[best[label]])}"

    def _clusters(self, count: int) -> ClusterLabels:
        """Labels of the first `count` prompts, the holdout's before the candidates'."""
        duplicates, vectors = self._config.duplicates, self._keys.vectors()
        labels: ClusterLabels = np.arange(count)
        if duplicates.near_threshold is not None and count:
            labels = near_clusters(self._keys.signatures()[:count], duplicates.near_threshold)
        if duplicates.semantic_threshold is not None and vectors is not None:
            labels = join_labels(labels, semantic_clusters(vectors[:count], duplicates.semantic_threshold))
        return labels

    def _overlapping(self) -> Iterator[tuple[int, bool, str, str]]:
        for reason, found in zip(("overlaps_holdout", "overlaps_evaluation_file"), self._overlaps, strict=True):
            yield from (
                (i, False, reason, overlap.detail)
                for i, overlap in found.items()
                if self._alive[i] and not self._earlier(reason, i)
            )

    def _earlier(self, reason: str, number: int) -> bool:
        """A prompt may overlap both; the holdout is then the reason."""
        return reason == "overlaps_evaluation_file" and number in self._overlaps[0]

    def _low_rated(self) -> Iterator[tuple[int, bool, str, str]]:
        return (
            (i, False, verdict.reason, verdict.detail)
            for i, verdict in self._rated.items()
            if verdict.reason and self._alive[i]
        )

    def _select(self) -> SelectionSummary | None:
        columns, left = self._columns, np.flatnonzero(self._alive)
        numbers = left.tolist()
        chosen, summary = select(
            [columns.categories[i] for i in numbers],
            [columns.agreement[i] for i in numbers],
            [columns.lines[i] for i in numbers],
            partial(self._groups, left),
            self._config.most_lines,
        )
        stays = {numbers[position] for position in chosen}
        detail = f"over selection.maxExamples, {self._config.most_lines}"
        self._step("selection", ((i, False, "not_selected", detail) for i in numbers if i not in stays))
        return summary

    def _groups(self, left: ClusterLabels) -> list[int]:
        signatures = self._keys.signatures()[self._columns.first :]
        groups: list[int] = near_clusters(signatures, GROUP_THRESHOLD, left).tolist()
        return groups

    def _strata(self, sides: Sequence[Side | None]) -> dict[str, dict[str, int]]:
        strata: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for category, stays in zip(self._held.categories, self._held_alive.tolist(), strict=True):
            strata[category][Side.HOLDOUT if stays else "rejected"] += 1
        for category, side in zip(self._columns.categories, sides, strict=True):
            strata[category][side or "rejected"] += 1
        return {category: dict(sorted(strata[category].items())) for category in sorted(strata)}


def _funnel_step(step: str, unit: str, came: int, reasons: Counter[str]) -> FunnelStep:
    return FunnelStep(
        step=step, unit=unit, came=came, kept=came - reasons.total(), rejected=dict(sorted(reasons.items()))
    )


def _best_of(labels: Sequence[K], agreement: Sequence[float]) -> dict[K, int]:
    """For each label the number of the highest agreement, of equals the first."""
    best: dict[K, int] = {}
    for number, label in enumerate(labels):
        if agreement[number] > agreement[best.setdefault(label, number)]:
            best[label] = number
    return best
