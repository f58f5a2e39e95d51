"""The kind of task: what the model is told beside the seed's own system text, and the canonical form in which answers are compared."""

import re
from enum import StrEnum

from distillation.records import Record


class TaskKind(StrEnum):
    """LABEL: one of a closed set. ANSWER: a value that `answer_pattern` finds in the text. TEXT: free text."""

    LABEL = "label"
    ANSWER = "answer"
    TEXT = "text"


class Task(Record, frozen=True, omit_defaults=True):
    """The resolved task of a run, in run.json. `why` says in one sentence how an `auto` kind was resolved."""

    kind: TaskKind
    labels: tuple[str, ...] = ()
    answer_pattern: str | None = None
    why: str = ""


def canonical_answer(text: str, task: Task) -> str | None:
    """The form of `text` in which two answers are equal, or None where the text holds no answer of this task.

    LABEL: the label as `task.labels` spells it, found without regard to case, surrounding space, quotes and a final full stop.
    ANSWER: group 1 (or the whole) of the last match of `task.answer_pattern`, without surrounding space.
    TEXT: the text with runs of white space folded.
    """
    if task.kind is TaskKind.LABEL:
        return {label.casefold(): label for label in task.labels}.get(_bare(text).casefold())
    if task.kind is TaskKind.ANSWER:
        matches = list(re.finditer(task.answer_pattern or "", text))
        if not matches:
            return None
        last = matches[-1]
        return (last.group(last.re.groups) or "").strip() or None
    return " ".join(text.split()) or None


def _bare(text: str) -> str:
    return text.strip().strip("\"'`*").removesuffix(".").strip()
