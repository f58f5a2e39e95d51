"""The words that most prompts of a run share because they come from a template. They say nothing about whether two prompts are the same.

Found once a run, by PlanRequests, from a sample that depends on the prompts' ids alone; so every shard leaves the same words out.
"""

import heapq
from collections import Counter
from collections.abc import Iterable

from distillation.folded_words import words_of
from distillation.records import Prompt, Record

SHINGLE_WORDS = 3
"""Length of a shingle in words. One changed word of 30 leaves a similarity of 0.82, one of 10 leaves 0.45: short prompts must be closer to be twins."""
SAMPLE_PROMPTS = 1_000
SAMPLE_WORDS = 1_000_000
TEMPLATE_SHARE = 0.1
TEMPLATE_PROMPTS = 20
"""A shingle is template where more than 10 % of the sampled prompts hold it, and more than 20 of them (or, in a small run, more than half)."""


class CommonShingles(Record, frozen=True):
    """`1-prompts/common.json`: shingles (words with one space between) that are template, sorted, and of how many sampled prompts."""

    prompts: int
    shingles: tuple[str, ...]


def common_shingles(prompts: Iterable[Prompt]) -> CommonShingles:
    """The template of a run's prompts: from the 1,000 with the smallest ids (ids are hashes, so that is a fair sample), or fewer where they are long."""
    sample = heapq.nsmallest(SAMPLE_PROMPTS, ((p.prompt_id, p.prompt) for p in prompts))
    held: Counter[str] = Counter()
    words_left, taken = SAMPLE_WORDS, 0
    for _, text in sample:
        words = words_of(text)
        held.update({" ".join(words[start : start + SHINGLE_WORDS]) for start in range(len(words) - SHINGLE_WORDS + 1)})
        words_left, taken = words_left - len(words), taken + 1
        if words_left < 0:
            break
    least = max(TEMPLATE_SHARE * taken, min(TEMPLATE_PROMPTS, taken / 2))
    return CommonShingles(prompts=taken, shingles=tuple(sorted(shingle for shingle, count in held.items() if count > least)))
