"""Training lines of bedrock-conversation-2024 (Nova user guide, data for fine-tuning understanding models)."""

from collections.abc import Iterable, Sequence
from itertools import cycle

import msgspec

from distillation.records import encode_line

Message = dict[str, object]
"""One message of a conversation as Converse spells it: role and content blocks."""

QuestionTexts = tuple[str, ...]
"""System text (empty where there is none), then the texts of user and assistant by turns, the prompt last."""


def conversation_line(system: str, prompt: str, answer: str | None, earlier: Sequence[str] = ()) -> bytes:
    """One example as a line, `earlier` turns first; no answer (None) where a distillation job's teacher gives it."""
    texts = [*earlier, prompt, *([] if answer is None else [answer])]
    told = {"system": [{"text": system}]} if system else {}
    return encode_line({"schemaVersion": "bedrock-conversation-2024", **told, "messages": turns(texts)})


def turns(texts: Iterable[str]) -> list[Message]:
    """Texts of user and assistant by turns, the user's first, as messages."""
    return [
        {"role": role, "content": [{"text": text}]}
        for role, text in zip(cycle(("user", "assistant")), texts, strict=False)
    ]


def conversation_parts(line: bytes) -> tuple[QuestionTexts, str]:
    """What a conversation line asks, and its answer; empty where the line has none."""
    conversation = msgspec.json.decode(line)
    texts = ["".join(block["text"] for block in message["content"]) for message in conversation["messages"]]
    answer = texts.pop() if len(texts) % 2 == 0 else ""
    return ("".join(block["text"] for block in conversation.get("system", [])), *texts), answer
