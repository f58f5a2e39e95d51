"""What a model is asked and what it says: the common form of Converse bodies, InvokeModel bodies and batch records."""

import hashlib
import re
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

from local.bedrock.api.api_errors import invalid

# Nova refuses more on v1 models; a missing value means the model's own limit.
MAX_TOKENS = 5000
GREEDY_TEMPERATURE = 0.00001
DEFAULT_TEMPERATURE, DEFAULT_TOP_P = 0.7, 0.9
_OPTIONS_LINE = re.compile(r"one of:\s*(.+?)\s*$", re.IGNORECASE)


class Turn(NamedTuple):
    """One message. `role` is user or assistant."""

    role: str
    text: str


class Conversation(NamedTuple):
    """The part of a request that the answer's distribution depends on."""

    system: str
    turns: tuple[Turn, ...]

    @property
    def question(self) -> str:
        """The last user turn."""
        return next(turn.text for turn in reversed(self.turns) if turn.role == "user")

    @property
    def options(self) -> tuple[str, ...]:
        """The closed set that the system text's last line lists as "one of: a | b | c"; empty where it lists none."""
        lines = self.system.strip().splitlines()
        found = _OPTIONS_LINE.search(lines[-1]) if lines else None
        options = (
            tuple(dict.fromkeys(part.strip() for part in found.group(1).split("|") if part.strip())) if found else ()
        )
        return options if len(options) > 1 else ()


class Sampling(NamedTuple):
    """How the answer is drawn. `temperature` 0 to 1, `top_p` 0 to 1, `max_tokens` None means the model's own limit."""

    temperature: float = DEFAULT_TEMPERATURE
    top_p: float = DEFAULT_TOP_P
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()

    @property
    def greedy(self) -> bool:
        """Nova's lowest temperature is 0.00001, so that is what greedy means."""
        return self.temperature <= GREEDY_TEMPERATURE


class Request(NamedTuple):
    """One call of a model. `salt` (the record id in a batch) tells the samples of one prompt apart."""

    conversation: Conversation
    sampling: Sampling
    salt: str = ""

    @property
    def seed(self) -> int:
        """63 bits that depend on the request alone, so the same record always gets the same answer."""
        digest = hashlib.sha256(repr((self.conversation, self.sampling, self.salt)).encode()).digest()
        return int.from_bytes(digest[:8], "big") >> 1


class Reply(NamedTuple):
    """A model's answer. Token counts are those of the answering model's own tokenizer."""

    text: str
    stop_reason: str
    input_tokens: int
    output_tokens: int


class Model(Protocol):
    """A model that answers one request. Safe to call from several threads. Raises ApiError."""

    def answer(self, request: Request) -> Reply:
        """The reply; the same for the same request."""
        ...


def read_request(body: dict[str, Any], salt: str = "") -> Request:
    """A Converse body (already checked against its shape) as a request; raises ValidationException for what Nova
    refuses.
    """
    for unsupported in ("toolConfig", "guardrailConfig", "outputConfig", "promptVariables"):
        if unsupported in body:
            raise invalid(f"The model does not support {unsupported} here.")
    system = "\n".join(_texts(body.get("system", []), "system"))
    turns = tuple(
        Turn(message["role"], "\n".join(_texts(message["content"], "messages"))) for message in body.get("messages", [])
    )
    _check_turns(turns)
    return Request(Conversation(system, turns), _sampling(body.get("inferenceConfig", {})), salt)


def _texts(blocks: list[dict[str, Any]], where: str) -> list[str]:
    for block in blocks:
        if set(block) != {"text"}:
            raise invalid(f"The content block {sorted(block)} in {where} is not supported. Use text.")
    return [str(block["text"]) for block in blocks]


def _check_turns(turns: tuple[Turn, ...]) -> None:
    if not turns:
        raise invalid("messages must hold at least one message.")
    if any(turn.role not in ("user", "assistant") for turn in turns):
        raise invalid("The roles of messages are user and assistant. Put system texts into system.")
    if turns[0].role != "user":
        raise invalid(
            "A conversation must start with a user message. Try again with a conversation that starts with a user "
            "message."
        )
    if turns[-1].role != "user":
        raise invalid(
            "A conversation must end with a user message. Try again with a conversation that ends with a user message."
        )
    if any(first.role == second.role for first, second in pairwise(turns)):
        raise invalid("Roles must alternate between user and assistant. Try again with a conversation that alternates.")
    if any(not turn.text.strip() for turn in turns):
        raise invalid("The text field in the ContentBlock object is blank. Add text to the text field, and try again.")


def _sampling(config: dict[str, Any]) -> Sampling:
    max_tokens = config.get("maxTokens")
    if max_tokens is not None and max_tokens > MAX_TOKENS:
        raise invalid(
            f"The maximum tokens you requested exceeds the model limit of {MAX_TOKENS}. Try again with a maximum "
            "tokens value that is lower."
        )
    if config.get("topP", DEFAULT_TOP_P) <= 0:
        raise invalid("The topP value must be greater than 0 and at most 1. Try again with a value in this range.")
    return Sampling(
        temperature=float(config.get("temperature", DEFAULT_TEMPERATURE)),
        top_p=float(config.get("topP", DEFAULT_TOP_P)),
        max_tokens=max_tokens,
        stop=tuple(config.get("stopSequences", ())),
    )
