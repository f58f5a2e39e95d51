"""Many texts' words as one flat array of hashes, so that word sequences are made and compared by numpy and not word by
word.

A word's hash is a polynomial of its bytes modulo 2^64, a sequence's one of its words' hashes (Karp and Rabin 1987),
each mixed: the same on every platform.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from distillation.similarity.words import SHINGLE_WORDS, CommonShingles, words_of

Hashes = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]

_BASE = np.uint64(0x9E3779B97F4A7C15)
_LETTER = re.compile(r"\w")
_MARKS = bytes(byte for byte in range(128) if not (chr(byte).isalnum() or chr(byte) == "_"))
_BYTES_AT_ONCE = 1 << 16
"""Bytes of the texts that are hashed together: 64 KB make arrays that stay in a core's own cache, which is twice as
fast as when they do not.
"""


class WordTable(NamedTuple):
    """Texts as word hashes: those of text i stand at [starts[i], starts[i + 1]) of `hashes`."""

    hashes: Hashes
    starts: Numbers

    def lengths(self) -> Numbers:
        """Words of each text."""
        return np.diff(self.starts)


class Sequences(NamedTuple):
    """Hashes of word sequences: text `text[i]` holds a sequence of `length[i]` words from word `first[i]` (of the text)
    on. In order of text, then of word.
    """

    hashes: Hashes
    text: Numbers
    first: Numbers
    length: Numbers


class CommonWords:
    """The template of a run, ready to be taken out of many texts."""

    def __init__(self, common: CommonShingles) -> None:
        table = table_of(common.shingles)
        self._hashes = np.unique(sequences(table, SHINGLE_WORDS).hashes)

    def own(self, table: WordTable) -> WordTable:
        """The texts without the words that stand in a common shingle.

        A text that is nothing but template stays whole.
        """
        kept = self._own(table)
        lengths = np.add.reduceat(kept, table.starts[:-1], dtype=np.int64) if len(kept) else table.lengths()
        return WordTable(table.hashes[kept], _starts(lengths))

    def own_words(self, text: str) -> list[str]:
        """The same of one text, as words."""
        words = words_of(text)
        if not self._hashes.size:
            return words
        return [word for word, own in zip(words, self._own(table_of([text])).tolist(), strict=True) if own]

    def _own(self, table: WordTable) -> npt.NDArray[np.bool_]:
        own = np.ones(len(table.hashes), bool)
        if self._hashes.size and table.hashes.size:
            found = sequences(table, SHINGLE_WORDS)
            at = (table.starts[:-1][found.text] + found.first)[np.isin(found.hashes, self._hashes)]
            for step in range(SHINGLE_WORDS):
                own[at + step] = False
            nothing_left = ~np.logical_or.reduceat(own, table.starts[:-1])
            own |= np.repeat(nothing_left, table.lengths())
        return own


def table_of(texts: Sequence[str]) -> WordTable:
    """The words of many texts, those of `folded_words.words_of`, hashed without making one of them."""
    parts = [_hashed(part) for part in _parts(texts)]
    hashes = np.concatenate([found for found, _ in parts]) if parts else np.zeros(0, np.uint64)
    return WordTable(
        hashes, _starts(np.concatenate([lengths for _, lengths in parts]) if parts else np.zeros(0, np.int64))
    )


def _parts(texts: Sequence[str]) -> Iterator[list[bytes]]:
    part, size = list[bytes](), 0
    for text in texts:
        encoded = _word_bytes(text)
        if part and size + len(encoded) >= _BYTES_AT_ONCE:
            yield part
            part, size = [], 0
        part.append(encoded)
        size += len(encoded) + 1
    if part:
        yield part


def _hashed(encoded: list[bytes]) -> tuple[Hashes, Numbers]:
    """Hashes of all words, and how many each text has."""
    flat = np.frombuffer(b" ".join([b"", *encoded, b""]), np.uint8)
    in_word = np.take(_IN_WORD, flat)
    begins = (np.flatnonzero(in_word[1:] != in_word[:-1]) + 1)[::2]
    powers, inverses = (
        (_POWERS, _INVERSES) if len(flat) <= len(_POWERS) else (_powers(_BASE, len(flat)), _powers(_INVERSE, len(flat)))
    )
    # A byte counts by its place in `flat`; the inverse power of the word's own place leaves what its place in the word
    # makes.
    sums = np.add.reduceat(np.take(_BYTE_VALUES, flat) * powers[: len(flat)], begins) * np.take(inverses, begins - 1)
    ends = np.cumsum([len(text) + 1 for text in encoded]) + 1
    return mixed(sums), np.diff(np.searchsorted(begins, ends), prepend=0)


def sequences(table: WordTable, size: int) -> Sequences:
    """Every sequence of `size` words; a text of fewer words is one sequence as a whole."""
    lengths = table.lengths()
    counts = np.maximum(lengths - size + 1, 1)
    text = np.repeat(np.arange(len(lengths)), counts)
    first = np.arange(len(text)) - np.repeat(np.cumsum(counts) - counts, counts)
    length = np.minimum(size, lengths)[text]
    return Sequences(_rolled(table, table.starts[:-1][text] + first, length, size), text, first, length)


def _rolled(table: WordTable, at: Numbers, length: Numbers, size: int) -> Hashes:
    """The length is part of the hash, so that no whole short text equals the start of a sequence."""
    words, short = table.hashes, np.flatnonzero(length < size)
    # From every word on, also over the end of a text: flat, that is faster than only where a sequence begins.
    flat = np.full(len(words), size, np.uint64)
    for step in range(min(size, len(words))):
        flat *= _BASE
        flat[: len(words) - step] += words[step:]
    rolled = np.take(flat, at)
    rolled[short] = length[short]
    for step in range(size - 1 if len(short) else 0):
        within = short[length[short] > step]
        rolled[within] = rolled[within] * _BASE + words[at[within] + step]
    return mixed(rolled)


def mixed(hashes: Hashes) -> Hashes:
    """Spreads the entropy of 64-bit numbers over all bits (the finalizer of SplitMix64)."""
    hashes = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    hashes = (hashes ^ (hashes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return hashes ^ (hashes >> np.uint64(31))


def _powers(base: np.uint64, count: int) -> Hashes:
    return np.cumprod(np.full(count, base, np.uint64), dtype=np.uint64)


_BYTE_VALUES = mixed(np.arange(1, 257, dtype=np.uint64) * _BASE)
_BYTE_VALUES[list(_MARKS)] = 0
_BYTE_VALUES[ord("A") : ord("Z") + 1] = _BYTE_VALUES[ord("a") : ord("z") + 1]
_IN_WORD = _BYTE_VALUES != 0
_INVERSE = np.uint64(pow(int(_BASE), -1, 1 << 64))
_POWERS, _INVERSES = _powers(_BASE, _BYTES_AT_ONCE + 1), _powers(_INVERSE, _BYTES_AT_ONCE + 1)


def _word_bytes(text: str) -> bytes:
    """Bytes in which words are runs of letters, digits, underscores and bytes above 127; at least one word.

    The case of ASCII letters does not count.
    """
    if text.isascii():
        encoded = text.encode()
        return encoded if encoded.strip(_MARKS) else _as_word(b"_\xff", text.strip().encode())
    words = words_of(text)
    encoded = " ".join(words).encode()
    if len(words) == 1 and not _LETTER.search(words[0]):
        return _as_word(b"_\xff" if encoded.isascii() else b"_\xfe", encoded)
    return encoded


def _as_word(sign: bytes, marks: bytes) -> bytes:
    """A text of nothing but marks as one word. No other text has a `sign` in it: its last byte is none of UTF-8."""
    return sign + bytes(byte | 0x80 for byte in marks)


def _starts(lengths: Numbers) -> Numbers:
    starts = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=starts[1:])
    return starts
