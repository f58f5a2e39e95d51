"""Training set -> the same prompts with the seeds' own references for answers: what the `direct` arm is tuned on. Only
the answers differ, so that it is a fair rival. Lines of prompts without a usable reference are filled with other
prompts' again, so that both students take the same number of steps.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import cycle

from distillation.arms.few_shot import TrainingPrompt
from distillation.bedrock.limits import fits_in_sample, reserved_word_in
from distillation.bedrock.training_lines import conversation_line
from distillation.errors import InvalidInput
from distillation.records import Prompt, Record
from distillation.task import Task, TaskKind, canonical_answer

LEAST_SHARE = 0.5
"""Share of seeds with a reference under which a direct student is no fair rival: it would repeat a few prompts."""


class DirectCounts(Record, frozen=True):
    """`5-dataset/direct/counts.json`, a file each: its lines, the prompts with a usable reference among those of the
    student's file, those without, and the lines that repeat a prompt because another one has none."""

    lines: int
    prompts: int
    prompts_without: int
    repeated: int


def trouble_of_direct(with_reference: int, seeds: int) -> str | None:
    """Why `arms.direct` is not possible where so few of `seeds` have a `usable_reference`; None where it is."""
    if with_reference >= LEAST_SHARE * seeds and with_reference > 0:
        return None
    return (
        f"arms.direct: found usable references in {with_reference:,} of {seeds:,} seeds, expected at least "
        f"{LEAST_SHARE:.0%}: "
        "the direct student is tuned on them. Give more references, or leave arms.direct out"
    )


def check_direct(prompts: Iterable[Prompt], task: Task) -> None:
    """Raises InvalidInput where too few seeds have usable references for `arms.direct`: before anything is paid for."""
    usable = [usable_reference(prompt.reference, task) is not None for prompt in prompts]
    if trouble := trouble_of_direct(sum(usable), len(usable)):
        raise InvalidInput("the direct arm cannot be trained", [trouble])


def direct_lines(
    taught: Sequence[TrainingPrompt], references: Mapping[str, str], task: Task, redact: Callable[[str], str] = str
) -> tuple[list[bytes], DirectCounts]:
    """One line for each of `taught`, in order. `references`: prompt id -> reference; `redact` is applied to them. No
    lines where no prompt has a usable one.
    """
    answers = {
        prompt_id: redact(answer)
        for prompt_id, text in references.items()
        if (answer := usable_reference(text, task)) is not None
    }
    own = [_line(one, answers.get(one.prompt_id)) for one in taught]
    with_line = {one.prompt_id for one, line in zip(taught, own, strict=True) if line is not None}
    fill = cycle([line for line in own if line is not None])
    lines = [line or next(fill) for line in own] if with_line else []
    return lines, DirectCounts(
        lines=len(lines),
        prompts=len(with_line),
        prompts_without=len({one.prompt_id for one in taught} - with_line),
        repeated=own.count(None) if lines else 0,
    )


def references_of(pairs: Iterable[tuple[str, str | None]], wanted: set[str]) -> dict[str, str]:
    """Prompt id -> reference, for the wanted prompts that have one."""
    return {prompt_id: reference for prompt_id, reference in pairs if reference and prompt_id in wanted}


def usable_reference(reference: str | None, task: Task) -> str | None:
    """The answer to teach, or None: a label as the task spells it, else a reference that is an answer of this task. The
    bare "42" of an `answer` task is none where answers say "The answer is 42": its student would fail by form.
    """
    form = canonical_answer(reference, task) if reference else None
    if form is None or reference is None or reserved_word_in(reference):
        return None
    return form if task.kind is TaskKind.LABEL else reference.strip()


def _line(one: TrainingPrompt, answer: str | None) -> bytes | None:
    if answer is None or not fits_in_sample(*one.question, answer):
        return None
    return conversation_line(one.system, one.prompt, answer, one.earlier)
