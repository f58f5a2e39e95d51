"""A reply -> its items: numbered or dashed lines or a JSON list, with or without a sentence before and a code fence."""

import re

import msgspec

_NUMBERED = re.compile(
    r"^\s*(?:\*\*)?\(?\d{1,3}(?:\*\*)?\s*[.):](?:\*\*)?\s+(?P<item>.*)$|^\s*[-*\u2022]\s+(?P<dashed>.*)$"
)
_FENCE = re.compile(r"^\s*```[\w-]*\s*$", re.MULTILINE)
_PAIRS = {'"': '"', "\u201c": "\u201d", "\u00ab": "\u00bb"}


def items_of(reply: str) -> list[str]:
    """The items in order, without number, quotes and space around them; empty where the reply is no list. Other text is
    never taken for an item: prose about the list would become prompts.
    """
    text = _FENCE.sub("", reply).strip()
    listed = _json_items(text)
    items = _line_items(text) if listed is None else listed
    return [item for item in map(_bare, items) if item]


def _json_items(text: str) -> list[str] | None:
    """The strings of a JSON list, objects with one string counting as that string; None where the reply holds none."""
    start, end = text.find("["), text.rfind("]")
    if start < 0 or end < start or _NUMBERED.match(text):
        return None
    try:
        value = msgspec.json.decode(text[start : end + 1].encode("utf-8", "replace"))
    except msgspec.DecodeError:
        return None
    if not isinstance(value, list):
        return None
    found = [_only_text(one) for one in value]
    return [one for one in found if one is not None] or None


def _only_text(value: object) -> str | None:
    if isinstance(value, dict):
        texts = [one for one in value.values() if isinstance(one, str)]
        return texts[0] if len(texts) == 1 else None
    return value if isinstance(value, str) else None


def _line_items(text: str) -> list[str]:
    found = (_NUMBERED.match(line) for line in text.splitlines())
    return [_unescaped(match["item"] if match["dashed"] is None else match["dashed"]) for match in found if match]


def _unescaped(item: str) -> str:
    """A numbered line that is a JSON string, as the examples of a request may be."""
    stripped = item.strip().rstrip(",")
    if stripped.startswith('"') and stripped.endswith('"') and len(stripped) > 1:
        try:
            return msgspec.json.decode(stripped.encode("utf-8", "replace"), type=str)
        except msgspec.DecodeError:
            return item
    return item


def _bare(item: str) -> str:
    text = item.strip()
    if len(text) > 1 and _PAIRS.get(text[0]) == text[-1] and text[0] not in text[1:-1] and text[-1] not in text[1:-1]:
        return text[1:-1].strip()
    return text.removeprefix("**").removesuffix("**").strip() if text.startswith("**") and text.endswith("**") else text
