"""Draws one answer from a distribution over a closed set, and cuts an answer where the request says so."""

import random
from collections.abc import Mapping
from typing import Protocol

from local.bedrock.models.conversation import Reply, Request, Sampling


def draw(probabilities: Mapping[str, float], request: Request) -> str:
    """An option: the likeliest one where the request is greedy, otherwise drawn at the request's temperature and topP
    with the request's own seed.
    """
    ranked = sorted(probabilities.items(), key=lambda item: (-item[1], item[0]))
    if request.sampling.greedy:
        return ranked[0][0]
    kept = _nucleus(_tempered(ranked, request.sampling.temperature), request.sampling.top_p)
    return random.Random(request.seed).choices([option for option, _ in kept], [weight for _, weight in kept])[0]


def _tempered(ranked: list[tuple[str, float]], temperature: float) -> list[tuple[str, float]]:
    top = ranked[0][1]
    weights = [(option, (probability / top) ** (1 / temperature)) for option, probability in ranked]
    total = sum(weight for _, weight in weights)
    return [(option, weight / total) for option, weight in weights]


def _nucleus(ranked: list[tuple[str, float]], top_p: float) -> list[tuple[str, float]]:
    """The shortest head of `ranked` whose probabilities reach `top_p`; never empty."""
    kept, reached = [], 0.0
    for option, weight in ranked:
        kept.append((option, weight))
        reached += weight
        if reached >= top_p:
            break
    return kept


class Tokenizer(Protocol):
    """Counts and cuts texts the way a model does."""

    def count(self, text: str) -> int:
        """The number of tokens of `text`."""
        ...

    def head(self, text: str, tokens: int) -> str:
        """The first `tokens` tokens of `text`, as text."""
        ...


def finish(text: str, sampling: Sampling, tokenizer: Tokenizer, input_tokens: int) -> Reply:
    """The reply that `text` becomes under maxTokens and stopSequences."""
    stops = [text.index(stop) for stop in sampling.stop if stop in text]
    said, reason = (text[: min(stops)], "stop_sequence") if stops else (text, "end_turn")
    length = tokenizer.count(said)
    if sampling.max_tokens is not None and length > sampling.max_tokens:
        return Reply(tokenizer.head(said, sampling.max_tokens), "max_tokens", input_tokens, sampling.max_tokens)
    return Reply(said, reason, input_tokens, length)
