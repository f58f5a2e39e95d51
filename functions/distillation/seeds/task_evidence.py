"""Finds out what kind of task the seeds are, from the input or, where it leaves that open, from the references."""

from collections import Counter

from distillation.errors import InvalidInput
from distillation.records import Seed
from distillation.run.config import LABELS_MIN, TaskInput, trouble_of_labels
from distillation.task import Task, TaskKind

LABELLED_SHARE = 0.9
FEW_LABELS = 20
"""So many distinct references are labels even where hardly one comes twice."""
REPEATS_OF_LABELS = 2
"""Beyond FEW_LABELS a label comes so often on average: free text hardly ever does."""
_KEPT_SPELLINGS = 1000


class TaskEvidence:
    """Looks at seeds as they stream by and resolves `task.kind` at the end, by references where it is open."""

    def __init__(self, given: TaskInput) -> None:
        self._given = given
        self._seeds = self._with_reference = 0
        self._spellings: Counter[str] = Counter()

    @property
    def _open(self) -> bool:
        given = self._given
        return (
            given.kind in ("auto", "label")
            and given.labels is None
            and given.answer_pattern is None
            and given.output_schema is None
        )

    def observe(self, seed: Seed) -> None:
        """Counts one seed. Beyond a thousand distinct references no more are kept: they cannot be labels."""
        if not self._open:
            return
        self._seeds += 1
        if seed.reference is None:
            return
        self._with_reference += 1
        spelling = seed.reference.strip()
        if spelling in self._spellings or len(self._spellings) < _KEPT_SPELLINGS:
            self._spellings[spelling] += 1

    def resolve(self) -> Task:
        """The task of the run; `why` says how it was found. Raises InvalidInput where kind `label` has no labels, and
        where kind `auto` meets references that repeat as labels do and cannot be labels.
        """
        given = self._given
        if given.labels is not None:
            return Task(kind=TaskKind.LABEL, labels=given.labels, why="The input names the labels.")
        if given.answer_pattern is not None:
            return Task(
                kind=TaskKind.ANSWER, answer_pattern=given.answer_pattern, why="The input gives an answerPattern."
            )
        if given.output_schema is not None:
            return Task(kind=TaskKind.JSON, output_schema=given.output_schema, why="The input gives an outputSchema.")
        if given.kind == "json":
            return Task(kind=TaskKind.JSON, why="The input says json.")
        if given.kind == "text":
            return Task(kind=TaskKind.TEXT, why="The input says text.")
        return self._from_references(wanted=given.kind == "label")

    def _from_references(self, wanted: bool) -> Task:
        labels = self._labels()
        expected = trouble_of_labels(labels)
        seen = (
            f"{self._with_reference:,} of {self._seeds:,} seeds carry a reference, with {self._how_many(labels)} "
            "distinct value(s)"
        )
        if wanted and expected:
            raise InvalidInput(
                "The labels of the task cannot be taken from the seeds.",
                [f"task.labels: found nothing, and {seen}; expected {expected}"],
            )
        if wanted:
            return Task(kind=TaskKind.LABEL, labels=labels, why=f"The input says label, and {seen}.")
        if self._with_reference < LABELLED_SHARE * self._seeds:
            return Task(
                kind=TaskKind.TEXT,
                why=f"{seen}: fewer than {LABELLED_SHARE:.0%} carry one, so the answers are free text.",
            )
        repeats = self._spellings.total() >= REPEATS_OF_LABELS * len(labels)
        if expected and repeats and len(labels) >= LABELS_MIN:
            raise InvalidInput(
                "The references repeat as labels do, and cannot be labels.",
                [
                    f"task.kind: found auto, and {seen}; expected {expected}, or task.kind text where free text is "
                    "meant, or an answerPattern"
                ],
            )
        if expected or not (repeats or len(labels) <= FEW_LABELS):
            why = f"they cannot be labels (expected {expected})" if expected else "they hardly repeat"
            return Task(kind=TaskKind.TEXT, why=f"{seen}: {why}, so the answers are free text.")
        return Task(
            kind=TaskKind.LABEL,
            labels=labels,
            why=f"{seen}: at least {LABELLED_SHARE:.0%} carry one, so they are the labels.",
        )

    def _labels(self) -> tuple[str, ...]:
        """The distinct references, sorted. Where spellings differ only in case, the most frequent one stands."""
        best: dict[str, str] = {}
        for spelling, _ in sorted(self._spellings.items(), key=lambda item: (-item[1], item[0])):
            best.setdefault(spelling.casefold(), spelling)
        return tuple(sorted(best.values()))

    def _how_many(self, labels: tuple[str, ...]) -> str:
        return f"{len(labels):,}" if len(self._spellings) < _KEPT_SPELLINGS else f"{_KEPT_SPELLINGS:,} or more"
