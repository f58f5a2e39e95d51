"""Whether a new prompt is new, and on the seeds' topic: by hashes of words and characters, without a model."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from distillation.records import Prompt
from distillation.similarity.near_duplicates import near_pairs
from distillation.similarity.prompt_keys import keys_of
from distillation.similarity.words import common_shingles, folded_text

REFERENCE_SEEDS = 2_000
"""Seeds that the topic is measured by, at the most; spread over all of them."""
_BUCKETS = 4_096
_GRAMS = (3, 4, 5)
_TEXT_BYTES = 20_000

Vectors = npt.NDArray[np.float32]
Twin = tuple[int, str, str]
"""Another prompt that says the same: its place among the new ones (-1: a known one), its id, and the reason code."""


def twins(known: Sequence[Prompt], new: Sequence[Prompt], threshold: float | None) -> list[list[Twin]]:
    """For each new prompt its twins among the known ones and the new ones before it, exact ones first. `threshold`:
    estimated Jaccard similarity of word sequences of near duplicates; None looks for exact ones only.
    """
    everyone = [*known, *new]
    keys = keys_of(everyone, common_shingles(known))
    found: list[list[Twin]] = [[] for _ in new]
    first: dict[str, list[int]] = {}
    for at, key in enumerate(keys):
        earlier = first.setdefault(key.folded, [])
        if at >= len(known):
            found[at - len(known)] += [(max(one - len(known), -1), keys[one].prompt_id, "duplicate") for one in earlier]
        earlier.append(at)
    if threshold is not None and new:
        signatures = np.array([np.frombuffer(key.signature, "<u4") for key in keys])
        for at, one in near_pairs(signatures, len(known), threshold):
            found[at - len(known)].append((max(one - len(known), -1), keys[one].prompt_id, "near_duplicate"))
    return found


def apart_from(held: Sequence[Prompt], prompts: Sequence[Prompt], threshold: float | None) -> list[Prompt]:
    """The prompts that say nothing that one of `held` says, in order."""
    found = twins(held, prompts, threshold)
    return [prompt for prompt, same in zip(prompts, found, strict=True) if all(place >= 0 for place, _, _ in same)]


class SeedTopic:
    """What the seeds are about, as far as characters tell: TF-IDF over hashed sequences of 3 to 5 characters, distance
    = 1 - cosine to the nearest seed. Off topic is what is further from it than all but a share of the seeds are from
    theirs. That catches other languages, code and subjects, not nonsense in the seeds' own words.
    """

    def __init__(self, seeds: Sequence[str], share: float) -> None:
        step = max(1, -(-len(seeds) // REFERENCE_SEEDS))
        counts = np.stack([_counts(seed) for seed in seeds[::step]]) if seeds else np.zeros((0, _BUCKETS), np.float32)
        self._idf = np.log((1 + len(counts)) / (1 + (counts > 0).sum(axis=0)), dtype=np.float32) + np.float32(1)
        self._seeds = _unit(counts * self._idf)
        own = self._seeds @ self._seeds.T
        np.fill_diagonal(own, -1)
        self.limit = (
            float(np.quantile(1 - own.max(axis=1), 1 - share, method="higher"))
            if len(counts) > 1 and share > 0
            else 1.0
        )
        """Distance from which a text is off topic."""

    def distances(self, texts: Sequence[str]) -> list[float]:
        """Each text's distance to its nearest seed, 0 (the same) to 1 (nothing in common)."""
        if not texts or not len(self._seeds):
            return [0.0] * len(texts)
        parts = (texts[start : start + 1_000] for start in range(0, len(texts), 1_000))
        nearest = [
            (_unit(np.stack([_counts(text) for text in part]) * self._idf) @ self._seeds.T).max(axis=1)
            for part in parts
        ]
        return [float(distance) for distance in 1 - np.concatenate(nearest)]


def _counts(text: str) -> Vectors:
    """Square roots of how often each hashed sequence occurs, so that a repeated one does not outweigh all."""
    found = np.frombuffer(f" {folded_text(text)} ".encode("utf-8", "replace")[:_TEXT_BYTES], np.uint8).astype(np.uint32)
    total = np.zeros(_BUCKETS, np.float32)
    for length in _GRAMS:
        if len(found) >= length:
            hashes = np.full(len(found) - length + 1, length, np.uint32)
            for offset in range(length):
                hashes = hashes * np.uint32(16_777_619) ^ found[offset : len(found) - length + 1 + offset]
            hashes ^= hashes >> np.uint32(15)
            total += np.bincount(hashes % np.uint32(_BUCKETS), minlength=_BUCKETS)
    return np.sqrt(total)


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
