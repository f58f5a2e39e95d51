"""Finds training prompts that share word sequences with what the student is measured on: the holdout, and evaluation
files of the user.

After Brown et al. 2020 (Language Models are Few-Shot Learners, appendix C): sequences of 13 words; those in more than
10 documents are boilerplate. Words of the run's own template are left out before, and a text that is shorter than a
sequence is compared as a whole.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from distillation.similarity.word_hashes import CommonWords, Hashes, Numbers, Sequences, sequences, table_of

Places = npt.NDArray[np.int32]

BOILERPLATE_DOCUMENTS = 10
_AT_ONCE = 256
_BITS_A_SEQUENCE = 16
_MAX_FILTER = 1 << 26
_BIT = 1 << np.arange(8, dtype=np.uint8)


class Overlap(NamedTuple):
    """The first word sequence that text number `text` shares with a measured document, and the document's id."""

    text: int
    document: str
    words: str

    @property
    def detail(self) -> str:
        """For the rejected file."""
        return f"shares with {self.document}: {self.words[:300]}"


class _Index(NamedTuple):
    """Sequences of the documents: sorted hashes, and the document and first word of each.

    `filter` tells most other hashes apart at one look: a bit for each value of their low bits.
    """

    hashes: Hashes
    document: Places
    first: Places
    filter: npt.NDArray[np.uint8]

    def maybe(self, hashes: Hashes) -> Numbers:
        """The places of `hashes` that may be in the index."""
        bits = hashes & np.uint64(len(self.filter) * 8 - 1)
        return np.flatnonzero(np.take(self.filter, bits >> np.uint64(3)) & np.take(_BIT, bits & np.uint64(7)))


class MeasuredTexts:
    """The documents that nothing trained on may overlap. `size` is the length of a sequence in words."""

    def __init__(self, ids: Sequence[str], texts: Sequence[str], common: CommonWords, size: int) -> None:
        self._ids, self._texts, self._common, self._size = ids, texts, common, size
        self._index = _index(_sequences(texts, common, size), size)

    def overlaps(self, texts: Sequence[str]) -> Iterator[Overlap]:
        """The texts that share a sequence, each once, in order. Hashes find them, the words themselves decide."""
        for start, found in _sequences(texts, self._common, self._size) if len(self._index.hashes) else ():
            last = -1
            for position, at in self._hits(found):
                text = start + int(found.text[position])
                if text == last:
                    continue
                words = self._shared(texts[text], int(found.first[position]), int(found.length[position]), at)
                if words:
                    last = text
                    yield Overlap(text, self._ids[int(self._index.document[at])], words)

    def _hits(self, found: Sequences) -> Iterator[tuple[int, int]]:
        index = self._index
        maybe = index.maybe(found.hashes)
        at = np.minimum(np.searchsorted(index.hashes, found.hashes[maybe]), len(index.hashes) - 1)
        same = index.hashes[at] == found.hashes[maybe]
        return zip(maybe[same].tolist(), at[same].tolist(), strict=True)

    def _shared(self, text: str, first: int, length: int, at: int) -> str:
        mine = self._common.own_words(text)
        theirs = self._common.own_words(self._texts[int(self._index.document[at])])
        begin = int(self._index.first[at])
        whole = length == self._size or len(mine) == len(theirs) == length
        return (
            " ".join(mine[first : first + length])
            if whole and mine[first : first + length] == theirs[begin : begin + length]
            else ""
        )


def _sequences(texts: Sequence[str], common: CommonWords, size: int) -> Iterator[tuple[int, Sequences]]:
    for start in range(0, len(texts), _AT_ONCE):
        yield start, sequences(common.own(table_of(texts[start : start + _AT_ONCE])), size)


def _index(parts: Iterable[tuple[int, Sequences]], size: int) -> _Index:
    """At most some 25 bytes a sequence while it is made: the sequences are most of what a large holdout takes."""
    # One array that grows: many small ones leave holes among what stays.
    found, counts, whole = bytearray(), [np.zeros(0, np.int64)], [np.zeros(0, bool)]
    for _, part in parts:
        counts.append(np.bincount(part.text))
        whole.append(part.length[np.cumsum(counts[-1]) - counts[-1]] < size)
        found += part.hashes.tobytes()
    hashes, lengths = np.frombuffer(found, np.uint64), np.concatenate(counts)
    del found
    order = np.argsort(hashes, kind="stable")  # of one hash the documents stay in their order
    hashes, order = hashes[order], order.astype(np.uint32)
    document = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)[order]
    kept = _one_each(hashes, document, np.concatenate(whole))
    hashes, document = hashes[kept], document[kept]
    first = (order[kept] - (np.cumsum(lengths) - lengths)[document]).astype(np.int32)
    bits = 1 << max(3, int(len(hashes) * _BITS_A_SEQUENCE).bit_length())
    looks = np.zeros(min(bits, _MAX_FILTER), bool)
    looks[hashes & np.uint64(len(looks) - 1)] = True
    return _Index(hashes, document, first, np.packbits(looks, bitorder="little"))


def _one_each(hashes: Hashes, document: Places, whole: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Numbers:
    """The first of each hash, without boilerplate. Whole short texts are never boilerplate: they are the document."""
    if not len(hashes):
        return np.zeros(0, np.int64)
    new = np.concatenate([[True], hashes[1:] != hashes[:-1]])
    first = np.flatnonzero(new)
    new_document = new | np.concatenate([[True], document[1:] != document[:-1]])
    documents = np.add.reduceat(new_document, first, dtype=np.int32)
    return first[(documents <= BOILERPLATE_DOCUMENTS) | whole[document[first]]]
