"""Reads seed files as a stream: each non-blank line (each CSV row) ends as one Seed or one RejectedSeed, in order. A
seed that could never be trained on is rejected before anything is paid for. References go to the scores only, so a
reserved word in one is no reason.
"""

import re
from collections.abc import Iterable, Iterator
from posixpath import basename

from distillation.bedrock.limits import (
    MAX_SAMPLE_TOKENS,
    RESERVED_WORDS,
    estimate_tokens,
    fits_in_sample,
    reserved_word_in,
)
from distillation.records import RejectedSeed, Seed
from distillation.run.template import PromptTemplate
from distillation.seeds.formats import (
    BadLine,
    NumberedRecord,
    SeedFields,
    csv_records,
    json_records,
    lone_surrogate,
    shown,
)
from distillation.seeds.lines import UnreadableFile, file_format, numbered_lines

UNREADABLE_FIELD = "file"
"""`RejectedSeed.field` where the rest of a file cannot be read: no share of good lines makes up for that."""

MAX_ID_CHARACTERS = 200

_control_character = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]").search


def is_seed_file(key: str) -> bool:
    """Whether a file is read as seeds: its name ends in .jsonl, .csv, .jsonl.gz or .csv.gz, in any case."""
    return file_format(key) is not None


class SeedReader:
    """Reads the seed files of one run; `records` counts non-blank lines (CSV rows) and unreadable files."""

    def __init__(self, prompt_template: str | None = None) -> None:
        self.records = 0
        self._template = PromptTemplate(prompt_template) if prompt_template else None
        self._ids: set[str] = set()

    def read(self, key: str, chunks: Iterable[bytes]) -> Iterator[Seed | RejectedSeed]:
        """The outcomes of one file in order. `chunks`: its content in pieces, taken only as far as needed."""
        line = 0
        try:
            for line, record in self._records(key, chunks):
                self.records += 1
                yield self._checked(key, line, record)
        except UnreadableFile as trouble:
            self.records += 1
            yield _rejected(
                key,
                trouble.line or line + 1,
                BadLine(UNREADABLE_FIELD, trouble.reason, trouble.found, trouble.expected),
            )

    def _records(self, key: str, chunks: Iterable[bytes]) -> Iterator[NumberedRecord]:
        kind = file_format(key)
        if kind is None:
            raise UnreadableFile(
                "unknown_file_type",
                shown(basename(key)),
                "a name that ends in .jsonl, .csv, .jsonl.gz or .csv.gz",
                line=1,
            )
        lines = numbered_lines(key, chunks)
        return json_records(lines) if kind == "jsonl" else csv_records(lines, self._template)

    def _checked(self, key: str, line: int, record: SeedFields | BadLine) -> Seed | RejectedSeed:
        if isinstance(record, BadLine):
            return _rejected(key, line, record)
        if bad := trouble_of(record) or self._trouble_of_id(record.id):
            return _rejected(key, line, bad)
        return Seed(
            seed_id=_id_text(record.id) or f"{basename(key)}:{line}",
            prompt=record.prompt,
            file=key,
            line=line,
            system=_filled(record.system) or "",
            reference=_filled(record.reference),
            category=_filled(record.category),
            group=(record.group or "").strip() or None,
            earlier=record.earlier,
        )

    def _trouble_of_id(self, given: str | int | None) -> BadLine | None:
        seed_id = _id_text(given)
        if not seed_id:
            return None
        if len(seed_id) > MAX_ID_CHARACTERS:
            return BadLine("id", "id_too_long", shown(seed_id), f"at most {MAX_ID_CHARACTERS} characters")
        if seed_id in self._ids:
            return BadLine("id", "duplicate_id", shown(seed_id), "an id that no other seed of the run has, or no id")
        self._ids.add(seed_id)
        return None


def _rejected(key: str, line: int, bad: BadLine) -> RejectedSeed:
    return RejectedSeed(file=key, line=line, field=bad.field, reason=bad.reason, found=bad.found, expected=bad.expected)


def _filled(text: str | None) -> str | None:
    return text if text and not text.isspace() else None


def _id_text(given: str | int | None) -> str:
    return "" if given is None else str(given).strip()


def trouble_of(record: SeedFields) -> BadLine | None:
    """Why a seed, or a prompt that was made from seeds, can be neither asked nor trained on; None where it can."""
    prompt, system = record.prompt, record.system or ""
    if not prompt or prompt.isspace():
        return BadLine("prompt", "empty_prompt", shown(prompt), "a text")
    context = [(f"turn {number} before the prompt", text) for number, text in enumerate(record.earlier, 1)]
    for field, text in (
        *context,
        ("prompt", prompt),
        ("system", system),
        ("reference", record.reference),
        ("category", record.category),
        ("group", record.group),
        ("id", record.id),
    ):
        if text and isinstance(text, str) and (bad := _unwritable(field, text)):
            return bad
    return (
        next(filter(None, (_untrainable(field, text) for field, text in context)), None)
        or _untrainable("prompt", prompt)
        or (_untrainable("system", system) if system else None)
        or _oversized(prompt, system, *record.earlier)
    )


def _unwritable(field: str, text: str) -> BadLine | None:
    if match := _control_character(text):
        found = f"the control character U+{ord(match[0]):04X} at position {match.start() + 1}"
        return BadLine(field, "control_character", found, "text without control characters, line breaks and tabs apart")
    if not text.isascii() and (match := lone_surrogate(text)):
        return BadLine(
            field,
            "lone_surrogate",
            f"half of a character (U+{ord(match[0]):04X}) at position {match.start() + 1}",
            "whole Unicode characters",
        )
    return None


def _untrainable(field: str, text: str) -> BadLine | None:
    word = reserved_word_in(text)
    if word is None:
        return None
    found = f"'{word}' at position {text.lower().find(word.lower()) + 1}"
    return BadLine(
        field,
        "reserved_word",
        found,
        f"text without {' '.join(RESERVED_WORDS)} (in any case): one of them fails the whole fine-tuning job",
    )


def _oversized(*texts: str) -> BadLine | None:
    if fits_in_sample(*texts):
        return None
    tokens = sum(map(estimate_tokens, texts))
    return BadLine(
        "prompt",
        "too_long",
        f"about {tokens:,} tokens",
        f"at most {MAX_SAMPLE_TOKENS:,} tokens of prompt, system text and answer together",
    )
