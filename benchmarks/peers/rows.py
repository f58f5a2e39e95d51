"""Reply files -> rows: the few lines that every user of these tools writes first.

Errors and truncated replies are dropped.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple


class Row(NamedTuple):
    """A prompt with its usable answers. `records` counts the replies that were read up to and with it."""

    id: str
    text: str
    answers: list[str]


def prompts_with_answers(files: list[Path], decode: Callable[[bytes], Any]) -> tuple[list[Row], int]:
    """One row a prompt, and the number of records read.

    Only prompts are compared with each other, as distillation does, so each is compared once.
    """
    rows: dict[str, Row] = {}
    records = 0
    for line in _lines(files):
        records += 1
        record = decode(line)
        output = record.get("modelOutput")
        if output is None or output["stopReason"] not in ("end_turn", "stop_sequence"):
            continue
        prompt = record["recordId"].split("-", 1)[0]
        if prompt not in rows:
            rows[prompt] = Row(prompt, record["modelInput"]["messages"][0]["content"][0]["text"], [])
        rows[prompt].answers.append(output["output"]["message"]["content"][0]["text"])
    return list(rows.values()), records


def _lines(files: list[Path]) -> Iterator[bytes]:
    for path in files:
        with path.open("rb") as file:
            yield from file
