"""The embedded teacher, in the place of Nova Pro: SmolLM2-135M-Instruct.

It decodes among the options of a system text, continues a list where one is asked for, and chats where neither is the
case.
"""

import math
import re
from collections import Counter
from functools import lru_cache

from local.bedrock.models.conversation import Conversation, Reply, Request, Turn
from local.bedrock.models.drawing import draw, finish
from local.bedrock.models.engine import CONTEXT, Engine
from local.bedrock.models.list_requests import ListRequest, heads, list_request

# Free chat is slow on two cores; longer answers end with max_tokens.
CHAT_MAX_TOKENS = 512
ITEM_MAX_TOKENS = 48
# Content-free inputs of Zhao et al. 2021 ("Calibrate Before Use"): what the model would say of nothing is its bias.
_CONTENT_FREE = ("N/A", "[MASK]", "...")
_ASKED_FOR = re.compile(r"\bthe ([a-z]+) of\b", re.IGNORECASE)


class EmbeddedTeacher:
    """Answers requests with the embedded model.

    Distributions over options are remembered, so all samples of a prompt cost one evaluation.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._start, self._end = engine.marker("<|im_start|>"), engine.marker("<|im_end|>")
        self.distribution = lru_cache(maxsize=50_000)(self._distribution)
        self._bias = lru_cache(maxsize=1_000)(self._content_free_log_probabilities)

    def answer(self, request: Request) -> Reply:
        """The reply; the same for the same request."""
        conversation = request.conversation
        prompt = self._prompt(conversation)
        if conversation.options:
            text = draw(self.distribution(conversation), request)
            return finish(text, request.sampling, self._engine, len(prompt))
        listed = list_request(conversation.question)
        return self._list(request, listed, len(prompt)) if listed else self._chat(request, prompt)

    def _distribution(self, conversation: Conversation) -> dict[str, float]:
        """Calibrated probability of each option."""
        raw, bias = self._option_probabilities(conversation), self._bias(conversation.system)
        scores = {option: math.log(probability) - bias[option] for option, probability in raw.items()}
        top = max(scores.values())
        weights = {option: math.exp(score - top) for option, score in scores.items()}
        return {option: weight / sum(weights.values()) for option, weight in weights.items()}

    def _content_free_log_probabilities(self, system: str) -> dict[str, float]:
        """Mean log-probability of each option over inputs that say nothing."""
        seen = [self._option_probabilities(Conversation(system, (Turn("user", text),))) for text in _CONTENT_FREE]
        return {
            option: sum(math.log(probabilities[option]) for probabilities in seen) / len(seen) for option in seen[0]
        }

    def _option_probabilities(self, conversation: Conversation) -> dict[str, float]:
        """Probability of each option after the constant head of a JSON answer, by walking the trie of the options'
        tokens.
        """
        prompt = self._prompt(conversation) + list(self._engine.tokens(_answer_head(conversation.system)))
        # The closing quote ends each option, so that an option may be the beginning of another.
        end = self._engine.tokens('"')
        sequences = {option: self._engine.tokens(option) + end for option in conversation.options}
        return self._walk(prompt, sequences, 0)

    def _walk(self, prompt: list[int], sequences: dict[str, tuple[int, ...]], depth: int) -> dict[str, float]:
        if len(sequences) == 1:
            return dict.fromkeys(sequences, 1.0)
        branches: dict[int, dict[str, tuple[int, ...]]] = {}
        for option, sequence in sequences.items():
            branches.setdefault(sequence[depth], {})[option] = sequence
        shares = (
            self._engine.next_probabilities(prompt, sorted(branches))
            if len(branches) > 1
            else dict.fromkeys(branches, 1.0)
        )
        return {
            option: shares[token] * probability
            for token, branch in branches.items()
            for option, probability in self._walk([*prompt, token], branch, depth + 1).items()
        }

    def _chat(self, request: Request, prompt: list[int]) -> Reply:
        sampling = request.sampling
        # maxTokens shortens an answer, it never refuses a prompt: what is left of the context bounds it too.
        limit = max(1, min(sampling.max_tokens or CHAT_MAX_TOKENS, CHAT_MAX_TOKENS, CONTEXT - len(prompt)))
        written = self._engine.generate(
            prompt, limit, 0.0 if sampling.greedy else sampling.temperature, sampling.top_p, request.seed
        )
        reply = finish(written.text.strip(), sampling._replace(max_tokens=None), self._engine, len(prompt))
        return (
            reply
            if written.complete or reply.stop_reason == "stop_sequence"
            else reply._replace(stop_reason="max_tokens")
        )

    def _list(self, request: Request, listed: ListRequest, input_tokens: int) -> Reply:
        """A list, item by item; an item that does not end within its tokens is left out."""
        sampling, items = request.sampling, list[str]()
        for number, (head, count) in enumerate(Counter(heads(listed)).items()):
            lead = self._prompt(Conversation("", (Turn("user", listed.wish),))) if listed.continues else []
            temperature = 0.0 if sampling.greedy else sampling.temperature
            prompt = [*lead, *self._engine.tokens(head)]
            items += self._engine.lines(
                prompt, count, ITEM_MAX_TOKENS, temperature, sampling.top_p, request.seed + number
            )
        return finish(listed.reply([item for item in items if item]), sampling, self._engine, input_tokens)

    def _prompt(self, conversation: Conversation) -> list[int]:
        """Tokens up to and with the assistant's header."""
        turns = [Turn("system", conversation.system)] if conversation.system.strip() else []
        parts = [token for turn in [*turns, *conversation.turns] for token in self._turn(turn)]
        return [*parts, *self._start, *self._engine.tokens("assistant\n")]

    def _turn(self, turn: Turn) -> list[int]:
        return [*self._start, *self._engine.tokens(f"{turn.role}\n{turn.text}"), *self._end, *self._engine.tokens("\n")]


def _answer_head(system: str) -> str:
    """The head of a JSON answer, with what the system text asks for ("the sentiment of ...") as its key."""
    asked = _ASKED_FOR.search(system)
    return f'{{"{asked.group(1).lower() if asked else "answer"}": "'
