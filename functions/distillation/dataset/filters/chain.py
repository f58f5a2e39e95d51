"""What makes an answer unfit to learn from: the filters, in order, each with its reason code.

| step | reason | what it looks at |
|---|---|---|
| form | no_canonical_answer, not_json | the task's reader |
| schema | schema_invalid | task.outputSchema |
| length | too_short, too_long_answer | characters of the reply |
| repetition | repetitive | text and answer tasks: Gopher's rules |
| refusals | refusal | text and answer tasks: opens by declining |
| boilerplate | boilerplate | text and answer tasks: a model speaks of itself, or introduces nothing |
| language | wrong_language | text and answer tasks |
| personalData | personal_data | what would be learnt; `redact` keeps it with placeholders |
| reservedWords | reserved_word_in_answer | what would be learnt: Nova's reserved words fail a customization job |
| reference | contradicts_reference | all but free text, with `examples.trustReference` |

A label has passed as soon as it is one of the task's labels. JSON repeats its keys by nature and speaks in no language.
"""

from collections.abc import Callable

import msgspec

from distillation.bedrock.limits import reserved_word_in
from distillation.dataset.filters.language import other_language
from distillation.dataset.filters.personal_data import redact
from distillation.dataset.filters.repetition import repeats
from distillation.dataset.filters.stock_phrases import declines, is_boilerplate
from distillation.funnel import FilterStep
from distillation.records import Answer
from distillation.run.curation import Examples, Filters
from distillation.task import (
    NO_CANONICAL_ANSWER,
    NOT_JSON,
    SCHEMA_INVALID,
    Task,
    TaskKind,
    Unfit,
    answer_reader,
    unfenced,
)

TOO_SHORT, TOO_LONG_ANSWER, REPETITIVE = "too_short", "too_long_answer", "repetitive"
REFUSAL, BOILERPLATE, WRONG_LANGUAGE = "refusal", "boilerplate", "wrong_language"
PERSONAL_DATA, RESERVED_WORD = "personal_data", "reserved_word_in_answer"
CONTRADICTS_REFERENCE = "contradicts_reference"
_STEPS: tuple[FilterStep, ...] = (
    ("form", (NO_CANONICAL_ANSWER, NOT_JSON)),
    ("schema", (SCHEMA_INVALID,)),
    ("length", (TOO_SHORT, TOO_LONG_ANSWER)),
    ("repetition", (REPETITIVE,)),
    ("refusals", (REFUSAL,)),
    ("boilerplate", (BOILERPLATE,)),
    ("language", (WRONG_LANGUAGE,)),
    ("personalData", (PERSONAL_DATA,)),
    ("reservedWords", (RESERVED_WORD,)),
    ("reference", (CONTRADICTS_REFERENCE,)),
)
_PROSE = (TaskKind.TEXT, TaskKind.ANSWER)

_Find = Callable[[str], str | bool | None]
"""A check of a text: what makes it unfit, in words, or whether it is unfit."""


class Accepted(msgspec.Struct, frozen=True, gc=False):
    """An answer that may be learnt, its canonical form, and the text to learn.

    `changed`: personal data was replaced in it.
    """

    answer: Answer
    form: str
    text: str
    changed: bool = False


class AnswerFilters:
    """The filters that a run's input asks for, compiled once a shard."""

    def __init__(self, task: Task, filters: Filters, examples: Examples) -> None:
        self.read = answer_reader(task)
        self._kind, self._filters = task.kind, filters
        self._personal_data = filters.personal_data if task.kind is not TaskKind.LABEL else "off"
        self._trusts_reference = examples.trust_reference and task.kind is not TaskKind.TEXT
        self._learns_canonical = task.kind is TaskKind.LABEL or (
            task.kind is TaskKind.ANSWER and not examples.rationale
        )
        self._trimmed = unfenced if task.kind is TaskKind.JSON else str.strip
        prose, length = task.kind in _PROSE, filters.min_characters > 1 or filters.max_characters is not None
        checks: tuple[tuple[bool, str, _Find], ...] = (
            (length, TOO_SHORT, self._too_short),
            (length, TOO_LONG_ANSWER, self._too_long),
            (prose and filters.repetition, REPETITIVE, repeats),
            (prose and filters.refusals, REFUSAL, declines),
            (prose and filters.boilerplate, BOILERPLATE, is_boilerplate),
            (prose and filters.language is not None, WRONG_LANGUAGE, self._other_language),
        )
        self._checks = [(reason, find) for on, reason, find in checks if on]
        looked_for = {NO_CANONICAL_ANSWER, *(reason for reason, _ in self._checks)}
        looked_for |= {SCHEMA_INVALID} if task.output_schema is not None else set()
        looked_for |= {PERSONAL_DATA} if self._personal_data != "off" else set()
        looked_for |= {RESERVED_WORD} if task.kind is not TaskKind.LABEL else set()
        looked_for |= {CONTRADICTS_REFERENCE} if self._trusts_reference else set()
        self.steps = tuple(step for step in _STEPS if looked_for.intersection(step[1]))
        """The filters that are on, in order."""

    def judge(self, answer: Answer, form: str | Unfit, reference: str | None) -> Accepted | Unfit:
        """Whether an answer may be learnt. `form`: what `read` makes of its text. `reference` is in canonical form."""
        if isinstance(form, Unfit):
            return form
        for reason, find in self._checks:
            if found := find(answer.text):
                return Unfit(reason, found if isinstance(found, str) else answer.text[:100])
        text, changed = form if self._learns_canonical else self._trimmed(answer.text), False
        if self._personal_data != "off" and (clean := redact(text)) is not text:
            # A number without quotes in JSON cannot give way to a placeholder.
            if self._personal_data == "reject" or (self._kind is TaskKind.JSON and isinstance(self.read(clean), Unfit)):
                return Unfit(PERSONAL_DATA, clean[:100])
            text, changed = clean, True
        if self._kind is not TaskKind.LABEL and (word := reserved_word_in(text)):
            return Unfit(RESERVED_WORD, f"{word!r} fails a whole customization job")
        if self._trusts_reference and reference is not None and form != reference:
            return Unfit(CONTRADICTS_REFERENCE, f"says {form[:100]!r}, the reference says {reference[:100]!r}")
        return Accepted(answer, form, text, changed)

    def _too_short(self, text: str) -> str | None:
        length = len(text.strip())
        return f"{length} characters" if length < self._filters.min_characters else None

    def _too_long(self, text: str) -> str | None:
        length, most = len(text.strip()), self._filters.max_characters
        return f"{length} characters" if most is not None and length > most else None

    def _other_language(self, text: str) -> str | None:
        found = other_language(text, self._filters.language or "")
        return f"reads as {found}" if found else None
