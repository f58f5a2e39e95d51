"""What a Nova fine-tuning job accepts: reserved words, sizes, a token estimate.

Sources: Amazon Nova user guide, "Preparing data for fine-tuning Understanding models", and the Bedrock quotas of Nova
Micro (read 2025-2026); the reserved words also in AWS's own validator, which looks for them anywhere in a text
(github.com/aws-samples/amazon-nova-samples, `dataset_validation/nova_ft_dataset_validator.py`).
"""

import math
import re
from typing import NamedTuple

RESERVED_WORDS = ("User:", "Bot:", "Assistant:", "System:", "Thought:", "<image>", "<video>", "<unk>", "[EOS]")
"""One of these in any case, anywhere in any text of a sample, fails the whole customization job."""

MIN_SAMPLES = 8
"""Fewest samples of each file of a customization job (AWS's dataset validator bounds each by 8 to 20,000)."""

MAX_SAMPLES = 20_000
"""Most samples of a customization job, training and validation together (quota L-EC6A6ABC)."""

MAX_VALIDATION_SAMPLES = 1_000
"""Most samples of the validation file (aws-samples/amazon-bedrock-samples, custom-models/on_demand_inference)."""

MIN_DISTILLATION_PROMPTS = 100
"""Fewest prompts of managed distillation (Nova user guide, "Preparing data for distilling understanding models")."""

MAX_DISTILLATION_PROMPTS = 15_000
"""Most prompts of a managed distillation job (the same page)."""

MAX_SAMPLE_TOKENS = 32_000
"""Most tokens of one sample: system text, prompt and answer together."""

ASCII_CHARACTERS_PER_TOKEN = 4
OTHER_BYTES_PER_TOKEN = 2


class Rate(NamedTuple):
    """Requests and tokens a minute that an account may ask of the teacher through Converse, over all service tiers.

    The defaults are half of the cross-Region quotas of Nova Pro in us-east-1 (AWS General Reference, 2025-06: 200 and
    800,000); new accounts have less. Service Quotas says what an account has.
    """

    requests: float = 100
    tokens: float = 400_000


# The engine is quick where it looks for one mark, and slow where it looks for several or for letters in any case.
_RESERVED = {
    mark: re.compile(
        "|".join(f":(?<={word})" if mark == ":" else re.escape(word) for word in RESERVED_WORDS if mark in word),
        re.IGNORECASE | re.ASCII,
    )
    for mark in ":<["
}


def reserved_word_in(text: str) -> str | None:
    """The first of `RESERVED_WORDS` in `text`, in any case, also inside a word ("Superuser:"), or None."""
    found = [match.end() for mark, words in _RESERVED.items() if mark in text and (match := words.search(text))]
    if not found:
        return None
    until = text[: min(found)].lower()
    return next(word for word in RESERVED_WORDS if until.endswith(word.lower()))


def estimate_tokens(text: str) -> int:
    """About how many Nova tokens `text` has: 4 ASCII characters or 2 UTF-8 bytes of other text make one.

    Nova's tokenizer is not published. One count with Nova Lite (heuristicandrew.blogspot.com, 2025) found these
    characters a token: English verse 4.2, code and logs 1.6 to 3.4, Russian 2.1, Thai 1.2, Korean 1.0, Japanese 0.7,
    Chinese 0.5. The rule gives 4 for English and code, 1 for Russian, 0.67 for three-byte scripts. Bedrock's own
    counts, in every reply, are better.
    """
    if text.isascii():
        return math.ceil(len(text) / ASCII_CHARACTERS_PER_TOKEN)
    ascii_characters = len(text.encode("ascii", "ignore"))
    other_bytes = len(text.encode("utf-8", "surrogatepass")) - ascii_characters
    return math.ceil(ascii_characters / ASCII_CHARACTERS_PER_TOKEN + other_bytes / OTHER_BYTES_PER_TOKEN)


def fits_in_sample(*texts: str) -> bool:
    """Whether the texts of one sample stay within `MAX_SAMPLE_TOKENS`, by the estimate."""
    if sum(map(len, texts)) * 4 <= MAX_SAMPLE_TOKENS * OTHER_BYTES_PER_TOKEN:
        return True  # a character has at most 4 bytes, so no count is needed
    return sum(map(estimate_tokens, texts)) <= MAX_SAMPLE_TOKENS
