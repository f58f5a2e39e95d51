"""The columns of all candidates and of the holdout that the merge decides by, flat in memory: some 700 bytes a prompt,
whatever its texts.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from sys import intern

import numpy as np
import numpy.typing as npt

from distillation.records import Candidate, HoldoutCandidate, PromptKey, dialogue
from distillation.similarity.near_duplicates import HalfVectors, Signatures
from distillation.similarity.overlaps import MeasuredTexts, Overlap

_AT_ONCE = 256


class KeyColumns:
    """Keys of prompts, in order."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self._folded, self._signatures, self._embeddings = bytearray(), bytearray(), bytearray()
        self._width = 0

    def add(self, key: PromptKey) -> None:
        """The next prompt."""
        if key.embedding and not self._width:
            self._width = len(key.embedding)
            self._embeddings += bytes(self._width * len(self.ids))
        self.ids.append(key.prompt_id)
        self._folded += bytes.fromhex(key.folded)
        self._signatures += key.signature
        self._embeddings += key.embedding or bytes(self._width)

    def folded(self) -> npt.NDArray[np.bytes_]:
        """One entry of 16 bytes a prompt."""
        return np.frombuffer(self._folded, "V16")

    def signatures(self) -> Signatures:
        """Prompts x slots."""
        return np.frombuffer(self._signatures, "<u4").reshape(len(self.ids), -1)

    def vectors(self) -> HalfVectors | None:
        """Prompts x dimensions, zeros for a prompt without embedding; None where no prompt has one."""
        return np.frombuffer(self._embeddings, "<f2").reshape(len(self.ids), -1) if self._embeddings else None


class HeldColumns:
    """The holdout as the shards handed it on, texts included: they are compared with what is trained on.

    Its keys are the first in `keys`.
    """

    def __init__(self, held: Iterable[HoldoutCandidate], keys: KeyColumns) -> None:
        self.texts, self.references, self.categories = list[str](), list[str | None](), list[str]()
        for item in held:
            keys.add(item.key)
            self.texts.append(dialogue(item))
            self.references.append(item.reference)
            self.categories.append(intern(item.category or ""))
        self.ids = keys.ids[:]


class CandidateColumns:
    """The candidates without their texts. `lines[i]` is how many examples candidate i makes; its key is number `first +
    i` in `keys`.

    Where nothing is known of the answers (`answered` is 0), agreement and entropy are 0: so all are alike.
    """

    def __init__(self, keys: KeyColumns) -> None:
        self.keys, self.first = keys, len(keys.ids)
        self.categories, self.lines, self.expanded, self.answered = list[str](), array("H"), bytearray(), bytearray()
        self.agreement, self.entropy = array("d"), array("d")
        self.groups = list[str | None]()

    def add(self, candidate: Candidate, lines: int) -> None:
        """The next candidate."""
        self.keys.add(candidate.key)
        self.categories.append(intern(candidate.category or ""))  # one text for all that have it
        self.groups.append(candidate.group and intern(candidate.group))
        self.lines.append(lines)
        self.expanded.append(candidate.method is not None)
        self.answered.append(candidate.agreement is not None)
        self.agreement.append(candidate.agreement or 0.0)
        self.entropy.append(candidate.entropy or 0.0)

    def __len__(self) -> int:
        return len(self.lines)

    def id(self, number: int) -> str:
        """The prompt id of a candidate."""
        return self.keys.ids[self.first + number]


def read_candidates(
    candidates: Iterable[Candidate],
    keys: KeyColumns,
    measured: Sequence[MeasuredTexts],
    lines_of: Callable[[int, Candidate], int],
) -> tuple[CandidateColumns, list[dict[int, Overlap]]]:
    """The columns, and for each set of measured texts the candidates (by number) that overlap it.

    `lines_of`: how many lines candidate number i makes.
    """
    columns, overlaps = CandidateColumns(keys), [dict[int, Overlap]() for _ in measured]
    for batch in _batches(candidates):
        start = len(columns)
        texts = [dialogue(candidate) for candidate in batch]
        for texts_measured, found in zip(measured, overlaps, strict=True):
            found.update((start + overlap.text, overlap) for overlap in texts_measured.overlaps(texts))
        for number, candidate in enumerate(batch, start):
            columns.add(candidate, lines_of(number, candidate))
    return columns, overlaps


def _batches(candidates: Iterable[Candidate]) -> Iterator[list[Candidate]]:
    source = iter(candidates)
    while batch := list(islice(source, _AT_ONCE)):
        yield batch
