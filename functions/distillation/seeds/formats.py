"""The accepted forms of a seed: a JSON line with a prompt, a conversation, a CSV row with a template. Prompt, system,
reference, category, group and id are read; other keys and columns are left alone.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from distillation.run.template import PromptTemplate
from distillation.seeds.lines import MAX_LINE_BYTES, UnreadableFile

SCHEMA_VERSION = "bedrock-conversation-2024"
OPTIONAL_FIELDS = ("system", "reference", "category", "group", "id")
IN_UTF8 = "text in UTF-8: save the file as UTF-8"
_SHOWN_CHARACTERS = 80

NumberedLines = Iterable[tuple[int, bytes | None]]


class SeedFields(msgspec.Struct):
    """What a line says, before its texts are checked. Null and a missing key are the same."""

    prompt: str
    system: str | None = None
    reference: str | None = None
    category: str | None = None
    group: str | None = None
    id: str | int | None = None

    @property
    def earlier(self) -> tuple[str, ...]:
        """The texts of the turns before the prompt, user and assistant by turns."""
        return ()


class ConversationFields(SeedFields):
    """What a conversation says: its last user turn is the prompt. A line without messages cannot bring `earlier`."""

    earlier: tuple[str, ...] = ()


class BadLine(Exception):
    """A line that cannot be used: its field, a reason code, what was found (shortened), what was expected."""

    def __init__(self, field: str, reason: str, found: str, expected: str) -> None:
        super().__init__(f"{field}: {reason}: found {found}, expected {expected}")
        self.field, self.reason, self.found, self.expected = field, reason, found, expected


lone_surrogate = re.compile("[\ud800-\udfff]").search
"""Finds half of a character: what `surrogateescape` makes of bytes that are not UTF-8, and what JSON's \\ud800 stands
for.
"""

NumberedRecord = tuple[int, SeedFields | BadLine]


def shown(text: str) -> str:
    """The beginning of `text` in quotes, with what a log, file or terminal cannot show written as escapes."""
    head = "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text[:_SHOWN_CHARACTERS]
    )
    return f"'{head}'" if len(text) <= _SHOWN_CHARACTERS else f"'{head}' ... ({len(text):,} characters)"


# JSON lines

_decode = msgspec.json.Decoder(SeedFields).decode


def json_records(lines: NumberedLines) -> Iterator[NumberedRecord]:
    """The records of a JSONL file, each with the number of its line. Blank lines are no records."""
    for number, line in lines:
        if line is None:
            expected = "a shorter line: no sample of that size can be trained on"
            yield number, BadLine("line", "line_too_long", f"more than {MAX_LINE_BYTES:,} bytes", expected)
        elif line and not line.isspace():
            try:
                yield number, _decode(line.decode())
            except (ValueError, RecursionError):
                yield number, _json_fields(line)


def _json_fields(line: bytes) -> SeedFields | BadLine:
    """The slow way: a conversation, or a line of which the trouble has to be named."""
    try:
        value = _json_object(line)
        return (
            _conversation(value)
            if "prompt" not in value and ("messages" in value or "schemaVersion" in value)
            else _plain(value)
        )
    except BadLine as bad:
        return bad
    except RecursionError:
        return BadLine("line", "not_json", "values nested too deep", "one whole JSON object on the line")


def _json_object(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line.decode(), parse_constant=_not_json)
    except UnicodeDecodeError as error:
        found = f"byte 0x{line[error.start]:02x} at position {error.start + 1}"
        raise BadLine("line", "not_utf8", found, IN_UTF8) from None
    except ValueError as error:
        why = f"{error.msg} at position {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else str(error)
        raise BadLine(
            "line", "not_json", f"{shown(line.decode().strip())} ({why})", "one whole JSON object on the line"
        ) from None
    if not isinstance(value, dict):
        raise BadLine("line", "not_an_object", shown(json.dumps(value)), 'a JSON object such as {"prompt": "..."}')
    return value


def _not_json(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _plain(value: dict[str, Any]) -> SeedFields:
    if value.get("prompt") is None:
        from difflib import get_close_matches  # noqa: PLC0415 - for messages only

        close = get_close_matches("prompt", value.keys() - {"prompt"}, n=1)
        hint = f" (did you mean 'prompt' by {close[0]!r}?)" if close else ""
        found = "null" if "prompt" in value else f"the keys {shown(', '.join(value))}" if value else "no key"
        raise BadLine("prompt", "missing_prompt", found, f'a key "prompt"{hint}')
    texts = {name: _text(name, value[name]) for name in ("prompt", *OPTIONAL_FIELDS) if value.get(name) is not None}
    return SeedFields(**texts)


def _text(name: str, value: object) -> str:
    if name == "id" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise BadLine(name, "wrong_type", shown(json.dumps(value)), "text in quotes")
    return value


# Conversations


_ROLES = ("user", "assistant")


def _conversation(value: dict[str, Any]) -> SeedFields:
    """The last user turn is the prompt, the turns before it its context, an assistant turn after it the reference."""
    version, messages = value.get("schemaVersion"), value.get("messages")
    if version not in (None, SCHEMA_VERSION):
        raise BadLine(
            "schemaVersion", "wrong_schema_version", shown(json.dumps(version)), f'"{SCHEMA_VERSION}", or no such key'
        )
    if not isinstance(messages, list) or not messages:
        raise BadLine("messages", "wrong_turns", shown(json.dumps(messages)), "a list of messages, the user's first")
    system = None if value.get("system") is None else _content("system", value["system"], version)
    first = messages[0]
    told = isinstance(first, dict) and first.get("role") == "system"
    if told:
        if system is not None:
            raise BadLine("system", "wrong_turns", 'also a message of the role "system"', "one of the two")
        system = _content("messages[0].content", first.get("content"), version)
    texts = [
        _turn(f"messages[{place}]", message, _ROLES[turn % 2], version)
        for turn, (place, message) in enumerate(list(enumerate(messages))[told:])
    ]
    if not texts:
        raise BadLine("messages", "wrong_turns", "no user turn", 'at least one message of the role "user"')
    reference = texts.pop() if len(texts) % 2 == 0 else None
    *earlier, prompt = texts
    if (empty := next((turn for turn, text in enumerate(earlier) if not text or text.isspace()), None)) is not None:
        raise BadLine(f"messages[{empty + told}].content", "empty_turn", shown(earlier[empty]), "a text")
    plain = {name: _text(name, value[name]) for name in ("category", "group", "id") if value.get(name) is not None}
    return ConversationFields(prompt=prompt, system=system, reference=reference, earlier=tuple(earlier), **plain)


def _turn(field: str, message: object, role: str, version: str | None) -> str:
    """The text of a message that is to be of this role."""
    found = message.get("role") if isinstance(message, dict) else None
    if not isinstance(message, dict) or found != role:
        expected = (
            "the system text before all turns, or in the key system"
            if found == "system"
            else f'"{role}": user and assistant take turns, the user first'
        )
        what = shown(json.dumps(found if isinstance(message, dict) else message))
        raise BadLine(f"{field}.role", "wrong_turns", what, expected)
    return _content(f"{field}.content", message.get("content"), version)


def _content(field: str, content: object, version: str | None) -> str:
    """The texts of content blocks, one below the other; a conversation without schemaVersion may hold plain texts."""
    if version is None and isinstance(content, str):
        return content
    if not isinstance(content, list) or not all(
        isinstance(block, dict)
        and isinstance(block.get("text"), str)
        and (len(block) == 1 or (version is None and block == {"type": "text", "text": block["text"]}))
        for block in content
    ):
        plain = "" if version else ", or a text"
        raise BadLine(
            field,
            "wrong_content",
            shown(json.dumps(content)),
            f'a list of texts: [{{"text": "..."}}]{plain} (Nova Micro takes nothing else)',
        )
    return "\n".join(block["text"] for block in content)


# CSV


def csv_records(lines: NumberedLines, template: PromptTemplate | None) -> Iterator[NumberedRecord]:
    """The rows of a CSV file with a header, by first line. Raises UnreadableFile for columns that nobody can tell
    apart.
    """
    source = _CsvLines(lines)
    csv.field_size_limit(
        MAX_LINE_BYTES
    )  # the csv module's only limit is this global one; nothing else in the process reads CSV
    reader = csv.reader(source, strict=True)
    header = _header(reader, source, template)
    if header is None or template is None:
        return
    for first, row in _rows(reader, source):
        yield first, _row_fields(row, header, template)


class _CsvLines:
    """Feeds csv.reader, and remembers which line came last and whether the last record was but a blank line."""

    def __init__(self, lines: NumberedLines) -> None:
        self._lines, self.number, self.blank = iter(lines), 0, False

    def __iter__(self) -> "_CsvLines":
        return self

    def __next__(self) -> str:
        self.number, line = next(self._lines)
        if line is None:
            raise UnreadableFile(
                "line_too_long",
                f"more than {MAX_LINE_BYTES:,} bytes",
                "a shorter line: check the quotes around it",
                line=self.number,
            )
        self.blank = line.isspace()
        return line.decode("utf-8", "surrogateescape")


def _rows(reader: Iterator[list[str]], source: _CsvLines) -> Iterator[tuple[int, list[str] | BadLine]]:
    """The rows by first line. Misplaced quotes spoil a row of one line; where they draw in more lines, nobody knows how
    many rows are in them.
    """
    while True:
        first = source.number + 1
        try:
            for row in reader:
                if not source.blank or source.number > first:
                    yield first, row
                first = source.number + 1
            return
        except csv.Error as error:
            if source.number > first or "unexpected end" in str(error) or "field larger" in str(error):
                found = f"a quote on line {first} that is still open on line {source.number}"
                raise UnreadableFile(
                    "unclosed_quote", found, 'a closing quote; a quote inside a value is written ""', line=first
                ) from None
            expected = 'values in quotes where they hold commas or quotes, and "" for a quote inside'
            yield first, BadLine("line", "not_csv", f"quotes out of place ({error})", expected)


def _header(reader: Iterator[list[str]], source: _CsvLines, template: PromptTemplate | None) -> list[str] | None:
    """The column names, or None for an empty file."""
    for line, row in _rows(reader, source):
        if isinstance(row, BadLine):
            raise UnreadableFile("wrong_header", row.found, row.expected, line)
        names = [name.strip() for name in row]
        _check_header(names, template, line)
        return names
    return None


def _check_header(names: list[str], template: PromptTemplate | None, line: int) -> None:
    found = f"the columns {', '.join(shown(name) for name in names)}"
    if template is None:
        expected = f'a "promptTemplate" in the input, for example "{{{names[0]}}}"'
        raise UnreadableFile("no_prompt_template", found, expected, line)
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise UnreadableFile(
            "wrong_header", f"{', '.join(map(shown, repeated))} more than once", "every column name once", line
        )
    if missing := [name for name in template.columns if name not in names]:
        hint = (
            " (this file seems to have no commas between its columns)"
            if len(names) == 1 and any(mark in names[0] for mark in ";\t|")
            else ""
        )
        raise UnreadableFile(
            "missing_column",
            found + hint,
            f"the columns of promptTemplate: {', '.join(map(shown, missing))} is not there",
            line,
        )


def _row_fields(row: list[str] | BadLine, header: Sequence[str], template: PromptTemplate) -> SeedFields | BadLine:
    if isinstance(row, BadLine):
        return row
    if len(row) != len(header):
        expected = f"{len(header)}, as in the header; a value with a comma stands in quotes"
        return BadLine("line", "wrong_column_count", f"{len(row)} values", expected)
    if bad := next((cell for cell in row if not cell.isascii() and lone_surrogate(cell)), None):
        found = shown(bad.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace"))
        return BadLine("line", "not_utf8", found, IN_UTF8)
    cells = dict(zip(header, row, strict=True))
    if not any(name and cells[name].strip() for _, name in template.parts):
        found = f"nothing in {', '.join(template.columns)}"
        return BadLine("prompt", "empty_prompt", found, "a value in at least one column of promptTemplate")
    return SeedFields(prompt=template.render(cells), **{name: cells.get(name) for name in OPTIONAL_FIELDS})
