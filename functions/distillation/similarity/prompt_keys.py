"""Prompts -> the keys that the merge compares them by."""

import hashlib
import struct
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import numpy as np
from rensa import RMinHash

from distillation.records import Prompt, PromptKey, dialogue
from distillation.similarity.word_hashes import CommonWords, mixed, sequences, table_of
from distillation.similarity.words import SHINGLE_WORDS, CommonShingles, folded_text

SIGNATURE_SLOTS = 128
"""An estimated similarity has a standard error of at most 0.044 (the square root of s(1-s)/128; Leskovec et al., Mining
of Massive Datasets, ch. 3).
"""
_SEED = 42
_PROMPTS_AT_ONCE = 128
"""Their signatures pass as Python's integers: those of so few stay in a core's own cache."""
_packed = struct.Struct(f"<{SIGNATURE_SLOTS}I").pack


def keys_of(
    prompts: Sequence[Prompt], common: CommonShingles, embeddings: Mapping[str, bytes] | None = None
) -> list[PromptKey]:
    """The keys of a shard's prompts, in order. `embeddings`: prompt id -> vector (little-endian float16), where
    semantic duplicates are looked for.

    The signature is over sequences of three words of what is left when the run's template is taken out; fewer than
    three words count as a whole, so that "great movie" and "great film" are no twins. The system text is part of every
    sequence: the same prompt under another system text is another question.
    """
    template, vectors = CommonWords(common), embeddings or {}
    parts = (prompts[start : start + _PROMPTS_AT_ONCE] for start in range(0, len(prompts), _PROMPTS_AT_ONCE))
    return [
        PromptKey(
            prompt_id=p.prompt_id,
            folded=folded(p.system, dialogue(p)),
            signature=signature,
            embedding=vectors.get(p.prompt_id, b""),
        )
        for part in parts
        for p, signature in zip(part, _signatures(part, template), strict=True)
    ]


def folded(system: str, prompt: str) -> str:
    """32 hexadecimal digits that are the same for texts that read the same but for case, width and white space."""
    digest = _begun(system).copy()
    digest.update(folded_text(prompt).encode())
    return digest.hexdigest()


def _signatures(prompts: Sequence[Prompt], template: CommonWords) -> Iterator[bytes]:
    found = sequences(template.own(table_of([dialogue(p) for p in prompts])), SHINGLE_WORDS)
    offsets = np.searchsorted(found.text, np.arange(len(prompts) + 1)).astype(np.uint64)
    systems = np.array([_hash_of_system(p.system) for p in prompts], np.uint64)
    shingles = mixed(found.hashes ^ systems[found.text])
    rows = RMinHash.digest_matrix_from_flat_token_hashes(shingles, offsets, SIGNATURE_SLOTS, _SEED).to_rows()
    return (_packed(*row) for row in rows)


# Most prompts of a run share one system text.
@lru_cache(maxsize=64)
def _begun(system: str) -> "hashlib.blake2b":
    return hashlib.blake2b(f"{folded_text(system)}\x1f".encode(), digest_size=16)


@lru_cache(maxsize=64)
def _hash_of_system(system: str) -> int:
    return int.from_bytes(hashlib.blake2b(folded_text(system).encode(), digest_size=8).digest(), "little")
