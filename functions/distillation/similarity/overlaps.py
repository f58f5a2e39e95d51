"""Finds training prompts that share word sequences with what the student is measured on: the holdout, and evaluation
files of the user.

After Brown et al. 2020 (Language Models are Few-Shot Learners, appendix C): sequences of 13 words; those in more than
10 documents are boilerplate. Words of the run's own template are left out before, and a text that is shorter than a
sequence is compared as a whole.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from distillation.similarity.word_hashes import CommonWords, Hashes, Numbers, Sequences, sequences, table_of

BOILERPLATE_DOCUMENTS = 10
_AT_ONCE = 256
_BITS_A_SEQUENCE = 16
_MAX_FILTER = 1 << 26


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

    `filter` tells most other hashes apart at one look.
    """

    hashes: Hashes
    document: Numbers
    first: Numbers
    filter: np.ndarray[tuple[int], np.dtype[np.bool_]]


class MeasuredTexts:
    """The documents that nothing trained on may overlap. `size` is the length of a sequence in words."""

    def __init__(self, ids: Sequence[str], texts: Sequence[str], common: CommonWords, size: int) -> None:
        self._ids, self._texts, self._common, self._size = ids, texts, common, size
        self._index = _index(list(_sequences(texts, common, size)), size)

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
        maybe = np.flatnonzero(index.filter[found.hashes & np.uint64(len(index.filter) - 1)])
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


def _index(parts: list[tuple[int, Sequences]], size: int) -> _Index:
    if not parts:
        empty = np.zeros(0, np.int64)
        return _Index(empty.astype(np.uint64), empty, empty, np.zeros(1, bool))
    hashes = np.concatenate([part.hashes for _, part in parts])
    document = np.concatenate([part.text + start for start, part in parts])
    first = np.concatenate([part.first for _, part in parts])
    whole = np.concatenate([part.length < size for _, part in parts])
    order = np.argsort(hashes, kind="stable")  # of one hash the documents stay in their order
    hashes, document, first, whole = hashes[order], document[order], first[order], whole[order]
    kept = _one_each(hashes, document, whole)
    hashes, document, first = hashes[kept], document[kept], first[kept]
    bits = 1 << int(len(hashes) * _BITS_A_SEQUENCE).bit_length()
    looks = np.zeros(min(bits, _MAX_FILTER), bool)
    looks[hashes & np.uint64(len(looks) - 1)] = True
    return _Index(hashes, document, first, looks)


def _one_each(hashes: Hashes, document: Numbers, whole: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Numbers:
    """The first of each hash, without boilerplate. Whole short texts are never boilerplate: they are the document."""
    new = np.concatenate([[True], hashes[1:] != hashes[:-1]])
    first = np.flatnonzero(new)
    new_document = new | np.concatenate([[True], document[1:] != document[:-1]])
    documents = np.add.reduceat(new_document, first, dtype=np.int64)
    return first[(documents <= BOILERPLATE_DOCUMENTS) | whole[first]]
