"""A text as the words that duplicates and leaks are looked for in: case, width, punctuation and white space do not
count.
"""

import heapq
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from distillation.records import Prompt, Record, dialogue

_ASCII_MARKS = str.maketrans({mark: " " for mark in map(chr, range(128)) if not (mark.isalnum() or mark == "_")})
_MARKS = re.compile(r"[\W]+")
_UNSPACED = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff])"
)
"""Thai, Lao, Burmese, Khmer, kana and Han: written without spaces, so each character is taken as a word."""


def words_of(text: str) -> list[str]:
    """The words of a text in order, folded (Unicode form NFKC, casefold), without punctuation.

    A text of nothing but marks is one word.
    """
    if text.isascii():
        return text.lower().translate(_ASCII_MARKS).split() or [text.strip()]
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _UNSPACED.sub(r" \1 ", _MARKS.sub(" ", folded)).split() or [folded.strip()]


def folded_text(text: str) -> str:
    """The text with case, width and white space folded, punctuation kept: two texts that fold the same read the
    same.
    """
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip().lower()  # most texts, ten times faster
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(folded.split())


SHINGLE_WORDS = 3
"""Length of a shingle in words.

One changed word of 30 leaves a similarity of 0.82, one of 10 leaves 0.45: short prompts must be closer to be twins.
"""
SAMPLE_PROMPTS = 1_000
SAMPLE_WORDS = 1_000_000
TEMPLATE_SHARE = 0.1
TEMPLATE_PROMPTS = 20
"""A shingle is template where more than 10 % of the sampled prompts hold it, and more than 20 of them (or, in a small
run, more than half).
"""


class CommonShingles(Record, frozen=True):
    """`1-prompts/common.json`: shingles (words with one space between) that are template, sorted, and of how many
    sampled prompts.
    """

    prompts: int
    shingles: tuple[str, ...]


def common_shingles(prompts: Iterable[Prompt]) -> CommonShingles:
    """The template of a run's prompts: from the 1,000 with the smallest ids (ids are hashes, so that is a fair sample),
    or fewer where they are long.
    """
    sample = heapq.nsmallest(SAMPLE_PROMPTS, ((p.prompt_id, dialogue(p)) for p in prompts))
    held: Counter[str] = Counter()
    words_left, taken = SAMPLE_WORDS, 0
    for _, text in sample:
        words = words_of(text)
        held.update({" ".join(words[start : start + SHINGLE_WORDS]) for start in range(len(words) - SHINGLE_WORDS + 1)})
        words_left, taken = words_left - len(words), taken + 1
        if words_left < 0:
            break
    least = max(TEMPLATE_SHARE * taken, min(TEMPLATE_PROMPTS, taken / 2))
    return CommonShingles(
        prompts=taken, shingles=tuple(sorted(shingle for shingle, count in held.items() if count > least))
    )


ALIKE_CHARACTERS = 100


def begin_alike(prompts: Sequence[str]) -> int:
    """How many prompts begin with the same 100 characters as another one, behind what all of them begin with (a
    template). Such items are often of one document or conversation, and depend on each other.
    """
    if len(prompts) < 3:
        return 0
    first, last = min(prompts), max(prompts)
    common = next((i for i, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), len(first))
    begun = Counter(
        text for prompt in prompts if len(text := prompt[common : common + ALIKE_CHARACTERS]) == ALIKE_CHARACTERS
    )
    return sum(number for number in begun.values() if number > 1)
