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

CONTRADICTS_REFERENCE, PERSONAL_DATA = "contradicts_reference", "personal_data"
_PROSE = (TaskKind.TEXT, TaskKind.ANSWER)

_Check = Callable[[str], Unfit | None]


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
        self._task = task
        self._personal_data = filters.personal_data if task.kind is not TaskKind.LABEL else "off"
        self._trusts_reference = examples.trust_reference and task.kind is not TaskKind.TEXT
        self._learns_canonical = task.kind is TaskKind.LABEL or (
            task.kind is TaskKind.ANSWER and not examples.rationale
        )
        self._trimmed = unfenced if task.kind is TaskKind.JSON else str.strip
        self._filters = filters
        self._checks = tuple(self._text_checks(filters))

    @property
    def steps(self) -> tuple[FilterStep, ...]:
        """The filters that are on, in order."""
        prose, kind = self._task.kind in _PROSE, self._task.kind
        every = (
            (True, ("form", (NO_CANONICAL_ANSWER, NOT_JSON))),
            (self._task.output_schema is not None, ("schema", (SCHEMA_INVALID,))),
            (self._measures_length, ("length", ("too_short", "too_long_answer"))),
            (prose and self._filters.repetition, ("repetition", ("repetitive",))),
            (prose and self._filters.refusals, ("refusals", ("refusal",))),
            (prose and self._filters.boilerplate, ("boilerplate", ("boilerplate",))),
            (prose and self._filters.language is not None, ("language", ("wrong_language",))),
            (self._personal_data != "off", ("personalData", (PERSONAL_DATA,))),
            (kind is not TaskKind.LABEL, ("reservedWords", ("reserved_word_in_answer",))),
            (self._trusts_reference, ("reference", (CONTRADICTS_REFERENCE,))),
        )
        return tuple(step for on, step in every if on)

    def judge(self, answer: Answer, form: str | Unfit, reference: str | None) -> Accepted | Unfit:
        """Whether an answer may be learnt. `form`: what `read` makes of its text. `reference` is in canonical form."""
        if isinstance(form, Unfit):
            return form
        for check in self._checks:
            if (unfit := check(answer.text)) is not None:
                return unfit
        accepted = self._without_personal_data(
            Accepted(answer, form, form if self._learns_canonical else self._trimmed(answer.text))
        )
        if isinstance(accepted, Unfit):
            return accepted
        if self._task.kind is not TaskKind.LABEL and (word := reserved_word_in(accepted.text)):
            return Unfit("reserved_word_in_answer", f"{word!r} fails a whole customization job")
        if self._trusts_reference and reference is not None and form != reference:
            return Unfit(CONTRADICTS_REFERENCE, f"says {form[:100]!r}, the reference says {reference[:100]!r}")
        return accepted

    @property
    def _measures_length(self) -> bool:
        return self._filters.min_characters > 1 or self._filters.max_characters is not None

    def _text_checks(self, filters: Filters) -> list[_Check]:
        prose = self._task.kind in _PROSE
        wanted: list[tuple[bool, _Check]] = [
            (self._measures_length, self._length),
            (prose and filters.repetition, _repetition),
            (prose and filters.refusals, _refusal),
            (prose and filters.boilerplate, _boilerplate),
            (prose and filters.language is not None, self._language),
        ]
        return [check for on, check in wanted if on]

    def _length(self, text: str) -> Unfit | None:
        length, longest = len(text.strip()), self._filters.max_characters
        if length < self._filters.min_characters:
            return Unfit("too_short", f"{length} characters")
        return Unfit("too_long_answer", f"{length} characters") if longest is not None and length > longest else None

    def _language(self, text: str) -> Unfit | None:
        found = other_language(text, self._filters.language or "")
        return Unfit("wrong_language", f"reads as {found}") if found else None

    def _without_personal_data(self, accepted: Accepted) -> Accepted | Unfit:
        if self._personal_data == "off" or (clean := redact(accepted.text)) is accepted.text:
            return accepted
        # A number without quotes in JSON cannot give way to a placeholder.
        if self._personal_data == "reject" or (
            self._task.kind is TaskKind.JSON and isinstance(self.read(clean), Unfit)
        ):
            return Unfit(PERSONAL_DATA, clean[:100])
        return msgspec.structs.replace(accepted, text=clean, changed=True)


def _repetition(text: str) -> Unfit | None:
    found = repeats(text)
    return Unfit("repetitive", found) if found else None


def _refusal(text: str) -> Unfit | None:
    return Unfit("refusal", text[:100]) if declines(text.strip()) else None


def _boilerplate(text: str) -> Unfit | None:
    return Unfit("boilerplate", text[:100]) if is_boilerplate(text.strip()) else None
