"""Clusters of near duplicates: MinHash signatures, banded (Leskovec, Rajaraman, Ullman: Mining of Massive Datasets, ch.
3), each candidate pair verified.

Memory is the signatures and a few numbers a prompt: one band at a time is sorted, and no table of buckets is kept.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from distillation.similarity.word_hashes import mixed

Signatures = npt.NDArray[np.uint32]
HalfVectors = npt.NDArray[np.float16]
ClusterLabels = npt.NDArray[np.int64]
RowPairs = npt.NDArray[np.int64]

RECALL = 0.99
"""Share of the pairs exactly at the threshold that at least one band must bring together."""
NEIGHBOURS = 32
"""A bucket of up to 33 is compared all with all.

In a larger one each is compared with the 32 after it and with the first that is left, over and over.
"""
_PAIRS_AT_ONCE = 1 << 16
_VECTORS_AT_ONCE = 2_048
_ROUNDS = 64


class Clusters:
    """Union-find over numbers 0..count-1. The smallest number of a cluster is its label."""

    def __init__(self, count: int) -> None:
        self._parent: ClusterLabels = np.arange(count)

    def labels(self) -> ClusterLabels:
        """The label of each."""
        jumped: ClusterLabels = self._parent[self._parent]
        while not np.array_equal(jumped, self._parent):
            self._parent = jumped
            jumped = self._parent[self._parent]
        return jumped

    def join(self, pairs: RowPairs) -> None:
        """Puts the two of each pair (an array of two columns) into one cluster."""
        while len(pairs):
            roots = self.labels()[pairs]
            apart = roots[:, 0] != roots[:, 1]
            low, high = roots[apart].min(axis=1), roots[apart].max(axis=1)
            # Where one root has several links, the smallest stands. The others are joined in the next turn.
            np.minimum.at(self._parent, high, low)
            pairs = pairs[apart]

    def apart(self, pairs: RowPairs) -> RowPairs:
        """The pairs that are not yet in one cluster."""
        labels = self.labels()
        kept: RowPairs = pairs[labels[pairs[:, 0]] != labels[pairs[:, 1]]]
        return kept


def rows_a_band(threshold: float, slots: int) -> int:
    """The most rows (fewest false candidates) with which bands find a pair at the threshold with `RECALL`: 1 - (1 -
    t^r)^(slots/r).
    """
    return max(r for r in range(1, slots + 1) if r == 1 or 1 - (1 - threshold**r) ** (slots // r) >= RECALL)


def near_clusters(signatures: Signatures, threshold: float, among: ClusterLabels | None = None) -> ClusterLabels:
    """A label for each row of `signatures` (prompts x slots): equal where a chain of pairs, each of at least
    `threshold` equal slots, connects two. `among`: of these rows only, without a copy of them.
    """
    places, slots = np.arange(len(signatures)) if among is None else among, signatures.shape[1]
    clusters, rows = Clusters(len(places)), rows_a_band(threshold, slots)
    needed = int(np.ceil(threshold * slots - 1e-9))
    for start in range(0, slots - rows + 1, rows):
        band = signatures[:, start : start + rows]
        _join_buckets(clusters, signatures, _band_keys(band if among is None else band[places]), needed, places)
    return clusters.labels()


def near_pairs(signatures: Signatures, start: int, threshold: float) -> Iterator[tuple[int, int]]:
    """Pairs (later, earlier) of rows of at least `threshold` equal slots, the later one from `start` on, each once."""
    seen: set[tuple[int, int]] = set()
    slots = signatures.shape[1]
    rows, needed = rows_a_band(threshold, slots), int(np.ceil(threshold * slots - 1e-9))
    for band in range(0, slots - rows + 1, rows):
        keys = _band_keys(signatures[:, band : band + rows])
        order = _by_key(keys)
        for bucket in np.split(order, np.flatnonzero(np.diff(keys[order])) + 1):
            for at in bucket[bucket >= start].tolist():
                pairs = [(at, one) for one in bucket[bucket < at].tolist() if (at, one) not in seen]
                seen.update(pairs)
                yield from (p for p in pairs if np.count_nonzero(signatures[p[0]] == signatures[p[1]]) >= needed)


def _band_keys(band: Signatures) -> npt.NDArray[np.uint64]:
    """A hash of each row, whose low bits are left free for the row's number.

    Rows that happen to share the others are told apart when they are compared.
    """
    keys = np.full(len(band), band.shape[1], np.uint64)
    for column in band.T:
        keys = mixed(keys ^ column.astype(np.uint64))
    return keys & ~_low_bits(len(band))


def _join_buckets(
    clusters: Clusters, signatures: Signatures, keys: npt.NDArray[np.uint64], needed: int, places: ClusterLabels
) -> None:
    """All pairs of small buckets, and in large ones the leader against everybody who is not yet with it, until nobody
    is left.
    """
    order = _by_key(keys)
    in_order = keys[order]
    for step in range(1, NEIGHBOURS + 1):
        same = np.flatnonzero(in_order[:-step] == in_order[step:])
        if not len(same):
            return
        _verify(clusters, signatures, np.stack([order[same], order[same + step]], axis=1), needed, places)
    for _ in range(_ROUNDS):
        pairs = _with_leaders(keys, order)
        if not len(pairs):
            return
        _verify(clusters, signatures, pairs, needed, places)
        labels = clusters.labels()
        leaders = np.unique(pairs[:, 0])
        done = np.concatenate([pairs[labels[pairs[:, 0]] == labels[pairs[:, 1]], 1], leaders])
        order = order[~np.isin(order, done)]


def _by_key(keys: npt.NDArray[np.uint64]) -> ClusterLabels:
    """The numbers of the keys in order of key, those of equal keys in their own order: numpy sorts numbers several
    times faster than places of numbers.
    """
    numbered = np.sort(keys | np.arange(len(keys), dtype=np.uint64))
    return (numbered & _low_bits(len(keys))).astype(np.int64)


def _low_bits(count: int) -> np.uint64:
    return np.uint64((1 << count.bit_length()) - 1)


def _with_leaders(keys: npt.NDArray[np.uint64], order: ClusterLabels) -> RowPairs:
    sorted_keys = keys[order]
    first = (
        np.flatnonzero(np.concatenate([[True], sorted_keys[1:] != sorted_keys[:-1]]))
        if len(order)
        else np.zeros(0, np.int64)
    )
    leader = np.repeat(order[first], np.diff(np.append(first, len(order))))
    other = leader != order
    return np.stack([leader[other], order[other]], axis=1)


def _verify(clusters: Clusters, signatures: Signatures, pairs: RowPairs, needed: int, places: ClusterLabels) -> None:
    open_pairs = clusters.apart(pairs)
    for start in range(0, len(open_pairs), _PAIRS_AT_ONCE):
        part = open_pairs[start : start + _PAIRS_AT_ONCE]
        equal = np.count_nonzero(signatures[places[part[:, 0]]] == signatures[places[part[:, 1]]], axis=1)
        clusters.join(part[equal >= needed])


def join_labels(labels: ClusterLabels, more: ClusterLabels) -> ClusterLabels:
    """The clusters that two ways of comparing make together."""
    clusters, numbers = Clusters(len(labels)), np.arange(len(labels))
    for found in (labels, more):
        clusters.join(np.stack([found, numbers], axis=1))
    return clusters.labels()


def semantic_clusters(vectors: HalfVectors, threshold: float) -> ClusterLabels:
    """A label for each row of `vectors` (prompts x dimensions): equal where a chain of pairs, each of at least this
    cosine, connects two.

    Every pair is compared, block by block: exact, in time that grows with the square of the rows. A row of zeros (no
    embedding) is like no other.
    """
    clusters = Clusters(len(vectors))
    for start, block in _blocks(vectors):
        for other_start, other in _blocks(vectors[start:], start):
            left, right = np.nonzero(block @ other.T >= threshold)
            clusters.join(np.stack([left + start, right + other_start], axis=1))
    return clusters.labels()


def _blocks(vectors: HalfVectors, offset: int = 0) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
    for start in range(0, len(vectors), _VECTORS_AT_ONCE):
        block = vectors[start : start + _VECTORS_AT_ONCE].astype(np.float32)
        length = np.sqrt((block * block).sum(axis=1, keepdims=True, dtype=np.float32))
        length[length == 0] = 1
        yield start + offset, block / length
