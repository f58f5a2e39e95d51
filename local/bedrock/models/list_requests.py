"""Requests for a list ("Reply with a numbered list of 5 texts ..."), and how a small model is brought to answer them.

A model of this size loses an instruction, but it continues a list well. So the list that the request shows between tags
of the asked name is continued, each item by itself behind the shown ones: what it drifts to in one item does not spoil
the next.
"""

import json
import re
from typing import NamedTuple

_ASKED = re.compile(
    r"Reply with a (?P<form>numbered|JSON) list of (?P<count>\d+) (?:strings, the )?(?P<thing>[a-z]+)\b[^\n]*\s*$"
)
_BLOCK = re.compile(r"<(?P<name>[a-z]+)>\n(?P<lines>.*?)\n</(?P=name)>\n", re.DOTALL)
_TAG = re.compile(r"</?[a-z]+>")
_NUMBER = re.compile(r"^\d+\. ")
MOST_ITEMS = 50

# What a topic is, in three examples: the model names the topic of a text only when it sees how.
_WORKED = (
    ("The battery died after two days and nobody at the shop would help.", "battery life"),
    ("We waited an hour for a table and then the soup was cold.", "waiting time"),
    ("A weak story, but the lead actor carries the whole film.", "acting"),
)


class ListRequest(NamedTuple):
    """What is asked: `wanted` items called by one name.

    `shown` are the items of the only block, `continues` says whether they are of the same kind.
    """

    wish: str
    shown: tuple[str, ...]
    wanted: int
    continues: bool
    as_json: bool

    def reply(self, items: list[str]) -> str:
        """The items in the form that is asked for."""
        if self.as_json:
            return json.dumps([_read(item) for item in items], ensure_ascii=False)
        return "\n".join(f"{number}. {item}" for number, item in enumerate(items, 1))


def list_request(question: str) -> ListRequest | None:
    """The request for a list that a message ends with, None where it asks for something else or shows nothing."""
    asked = _ASKED.search(question)
    blocks = list(_BLOCK.finditer(question))
    if not asked or not blocks or not 0 < int(asked["count"]) <= MOST_ITEMS:
        return None
    block = blocks[-1]
    wish = _TAG.sub("", question[block.end() : asked.start()]).strip()
    shown = tuple(_NUMBER.sub("", line) for line in block["lines"].splitlines() if line.strip())
    return ListRequest(wish, shown, int(asked["count"]), block["name"] == asked["thing"], asked["form"] == "JSON")


def heads(request: ListRequest) -> list[str]:
    """What the model is to continue by one line, an item for each head; as many heads as items, the same one several
    times where a list goes on.
    """
    if request.continues:
        listed = "".join(f"{number}. {item}\n" for number, item in enumerate(request.shown, 1))
        return [f"{listed}{len(request.shown) + 1}."] * request.wanted
    worked = "".join(f"Text: {text}\nTopic: {topic}\n\n" for text, topic in _WORKED)
    return [f"{worked}Text: {request.shown[place % len(request.shown)]}\nTopic:" for place in range(request.wanted)]


def _read(item: str) -> str:
    try:
        value = json.loads(item)
    except ValueError:
        return item.strip('"')
    return value if isinstance(value, str) else item
