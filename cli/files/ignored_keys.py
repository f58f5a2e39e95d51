"""Keys and columns of a seed file that a run does not read, and what their writer may have meant."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

import msgspec

from distillation.run.template import PromptTemplate
from distillation.seeds.formats import OPTIONAL_FIELDS
from distillation.seeds.lines import UnreadableFile, file_format, numbered_lines

_CONVERSATION = {"schemaVersion", "messages"}
_OFTEN_CALLED = {
    "reference": "label answer output completion target response expected class intent gold ground_truth groundTruth",
    "system": "system_prompt systemPrompt instructions",
    "category": "topic slice domain",
    "group": "document document_id doc_id customer customer_id conversation conversation_id session thread",
}
_MEANT = {name: field for field, names in _OFTEN_CALLED.items() for name in names.split()}
_WEIGHTY = {"reference", "system"}
"""Fields that decide what is trained and measured: to drop one is a problem, not a remark."""


def ignored_keys(key: str, chunks: Iterable[bytes], template: str | None) -> tuple[list[str], list[str]]:
    """Problems and remarks, one a key that no field is read from. A problem: it probably means a weighty field."""
    counts = Counter[str]()
    try:
        for names in _names(key, chunks):
            counts.update(list(names))
    except UnreadableFile:
        pass  # the reader of the seeds says so
    columns = PromptTemplate(template).columns if template else ()
    used = {"prompt", *OPTIONAL_FIELDS, *columns, *(_CONVERSATION if "messages" in counts else ())}
    found: dict[bool, list[str]] = {True: [], False: []}
    for name, number in counts.items():
        if name not in used:
            meant = _meant(name)
            missing = bool(meant) and meant not in counts and meant not in columns
            hint = f"; did you mean {meant}?" if missing else ""
            found[missing and meant in _WEIGHTY].append(f"{key}: {name!r} is not read ({number:,} seeds){hint}")
    return found[True], found[False]


def _meant(name: str) -> str:
    close = get_close_matches(name, OPTIONAL_FIELDS, n=1, cutoff=0.8)
    return _MEANT.get(name) or _MEANT.get(name.lower()) or (close[0] if close else "")


def _names(key: str, chunks: Iterable[bytes]) -> Iterator[Iterable[str]]:
    lines = (line for _, line in numbered_lines(key, chunks) if line and not line.isspace())
    if file_format(key) == "csv":
        rows = csv.reader(line.decode("utf-8", "replace") for line in lines)
        header = next(rows, [])
        yield from (header for _ in rows)
        return
    for line in lines:
        try:
            record = msgspec.json.decode(line)
        except (ValueError, RecursionError):
            continue  # the reader of the seeds says so
        if isinstance(record, dict):
            yield record
