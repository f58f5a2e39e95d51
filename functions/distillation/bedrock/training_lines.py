"""Training lines in the form bedrock-conversation-2024 (Amazon Nova user guide, preparing data for fine-tuning
understanding models).
"""

import json

from distillation.records import encode_line


def conversation_line(system: str, prompt: str, answer: str | None) -> bytes:
    """One example as a line.

    An empty system text is left out, and so is the answer where the teacher of a distillation job is to give it (None).
    """
    said = [("user", prompt), *([] if answer is None else [("assistant", answer)])]
    messages = [{"role": role, "content": [{"text": text}]} for role, text in said]
    told = {"system": [{"text": system}]} if system else {}
    return encode_line({"schemaVersion": "bedrock-conversation-2024", **told, "messages": messages})


def conversation_parts(line: bytes) -> tuple[str, str, str]:
    """System text, prompt and answer of a conversation line; empty where the line has none."""
    conversation = json.loads(line)
    turns = [block["text"] for message in conversation["messages"] for block in message["content"]]
    return "".join(block["text"] for block in conversation.get("system", [])), turns[0], "".join(turns[1:])
