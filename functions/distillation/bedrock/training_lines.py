"""Training lines in the form bedrock-conversation-2024 (Amazon Nova user guide, preparing data for fine-tuning
understanding models).
"""

import json

import msgspec

from distillation.records import encode_line


class _Text(msgspec.Struct, gc=False):
    text: str


class _Turn(msgspec.Struct, gc=False):
    role: str
    content: tuple[_Text]


class _Conversation(msgspec.Struct, rename="camel", gc=False):
    schema_version: str
    system: tuple[_Text] | msgspec.UnsetType
    messages: tuple[_Turn, ...]


def conversation_line(system: str, prompt: str, answer: str | None) -> bytes:
    """One example as a line.

    An empty system text is left out, and so is the answer where the teacher of a distillation job is to give it (None).
    """
    turns = (_Turn("user", (_Text(prompt),)),) + (() if answer is None else (_Turn("assistant", (_Text(answer),)),))
    return encode_line(_Conversation("bedrock-conversation-2024", (_Text(system),) if system else msgspec.UNSET, turns))


def conversation_parts(line: bytes) -> tuple[str, str, str]:
    """System text, prompt and answer of a conversation line; empty where the line has none."""
    conversation = json.loads(line)
    turns = [block["text"] for message in conversation["messages"] for block in message["content"]]
    return "".join(block["text"] for block in conversation.get("system", [])), turns[0], "".join(turns[1:])
