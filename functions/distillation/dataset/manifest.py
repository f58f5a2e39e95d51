"""`5-dataset/manifest.json`: what the dataset is, what went into it, what went out of it and why, and the hash of every
file.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from distillation.records import FunnelStep, Record
from distillation.run.config import Split
from distillation.run.record import Models


class SelectionSummary(Record, frozen=True):
    """Counts are prompts (category -> count) but for `lines_kept` and `lines_left`; agreements are means, 0 where there
    is nothing to average.

    `groups` of similar prompts there were, and `groups_covered` of them have a prompt that was kept.
    """

    kept: dict[str, int]
    left: dict[str, int]
    lines_kept: int
    lines_left: int
    agreement_kept: float
    agreement_left: float
    groups: int
    groups_covered: int


AGREEMENT_EDGES = tuple(number / 10 for number in range(11))
ENTROPY_EDGES = tuple(2 * number / 5 for number in range(15))
"""In bits. The most that 33 samples can show is log2 33 = 5.044."""


class DatasetFile(Record, frozen=True):
    """A file of the dataset in the manifest: lines, bytes and the sha256 of its content."""

    lines: int
    bytes: int
    sha256: str


class InputFile(Record, frozen=True):
    """A file that the dataset was made from: its key below the run's folder, size in bytes, and S3's own content hash
    (etag).
    """

    name: str
    bytes: int
    etag: str


class Histogram(Record, frozen=True):
    """Counts between fixed edges: bin i holds edges[i] <= value < edges[i + 1], the last one its upper edge too.

    What is above is in the last bin.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]


class Manifest(Record, frozen=True):
    """prompts = holdout + examples' prompts + rejected. `counts` are lines and prompts, `rejected_by_reason` prompts.

    `strata`: category -> side (or "rejected", by the merge) -> prompts that the shards handed on; "" stands for prompts
    without a category. `agreement` and `entropy` are of the prompts that are trained on or watched.
    `conflicting_references` counts holdout twins whose reference differs from the one that stayed.
    """

    run_id: str
    dataset: str
    counts: Mapping[str, int]
    rejected_by_reason: Mapping[str, int]
    files: Mapping[str, DatasetFile]
    split: Split
    funnel: tuple[FunnelStep, ...] = ()
    strata: Mapping[str, Mapping[str, int]] = {}
    agreement: Histogram = Histogram(edges=AGREEMENT_EDGES, counts=())
    entropy: Histogram = Histogram(edges=ENTROPY_EDGES, counts=())
    selection: SelectionSummary | None = None
    conflicting_references: int = 0
    config: Mapping[str, Any] = {}
    models: Models | None = None
    versions: Mapping[str, str] = {}
    prompt_hashes: Mapping[str, str] = {}
    inputs: tuple[InputFile, ...] = ()


class FileDigest:
    """Counts and hashes a file's lines while they pass."""

    def __init__(self) -> None:
        self._digest, self._lines, self._bytes = hashlib.sha256(), 0, 0

    def passing(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """The same lines."""
        for line in lines:
            self.add(line)
            yield line

    def add(self, line: bytes) -> None:
        """Takes one line into account."""
        self._digest.update(line)
        self._lines, self._bytes = self._lines + 1, self._bytes + len(line)

    def file(self) -> DatasetFile:
        """What passed."""
        return DatasetFile(lines=self._lines, bytes=self._bytes, sha256=self._digest.hexdigest())


def histogram(values: Iterable[float], edges: tuple[float, ...]) -> Histogram:
    """Sorts values into bins with these edges."""
    counts = [0] * (len(edges) - 1)
    for value in values:
        counts[min(bisect_right(edges, value), len(counts)) - 1] += 1
    return Histogram(edges=edges, counts=tuple(counts))
