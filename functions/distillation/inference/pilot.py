"""The pilot: a few prompts are asked first, so that a run which cannot go well ends before its bulk is paid for. Only
clear evidence stops a run: the upper end of a share's 95 % Wilson interval lies below the bound. The formulas stand
here because scipy is not in this function's layers.
"""

import heapq
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from distillation.errors import PilotFailed
from distillation.records import Answer, Prompt, Record, RejectedAnswer, Request
from distillation.run.config import RunConfig
from distillation.task import Task, TaskKind, Unfit, answer_reader, canonical_reference

LEAST_USABLE = 0.5
"""Share of usable answers below which the pilot stops a run."""
LEAST_WRONG = 6
"""Errors of the teacher from which on ten answers can show that the base is better: 6 to 0 has p = 0.03."""
ANSWERS_SHOWN, PILOT_CHARACTERS = 3, 160
_Z, PILOT_ALPHA = 1.959964, 0.05

_MEND = {
    "truncated": "sampling.maxTokens cuts the answers (now {max_tokens}): raise it, or have the seeds' system text ask "
    "for short answers",
    "refused": "Bedrock's content filters or the teacher refuse these prompts: give other seeds",
    "bedrock_error": "Bedrock refuses these requests: read its message above",
}
_MEND_BY_KIND = {
    TaskKind.ANSWER: "task.answerPattern finds nothing in the answers: correct the pattern, or say in the seeds' "
    "system text how an answer should end",
    TaskKind.LABEL: "the answers are not among task.labels: correct the labels, or say in the seeds' system text what "
    "each of them means",
    TaskKind.JSON: "the answers are not JSON that fits task.outputSchema: correct the schema, or show it in the seeds' "
    "system text",
    TaskKind.TEXT: "the answers are empty: read the seeds' system text",
}

LEAST_MATCHING = {TaskKind.LABEL: 0.5, TaskKind.ANSWER: 0.5}
"""`pilot.minScore` where the input names none. JSON is compared as a whole, so one free text in it is enough for none
to be like its reference.
"""

_MEND_SCORE = "the teacher is clearly below pilot.minScore {least:g}: {cause}, or set a lower pilot.minScore (0: none)"
_CAUSE_BY_KIND = {
    TaskKind.ANSWER: "look at what task.answerPattern reads in the answers beside the form of the references, correct "
    "either, or improve the seeds' system text",
    TaskKind.LABEL: "say in the seeds' system text what each of task.labels means, or correct the references",
    TaskKind.JSON: "say in the seeds' system text which keys and values are wanted, or correct the references",
}
_MEND_TEACHER = (
    "a student would learn its errors. Improve the seeds' system text, look at the labels' order and at the "
    "references, or choose another teacher"
)


class PilotOutcome(Record, frozen=True):
    """What the pilot showed: `1-prompts/pilot.json`. Of `scored` answers with a reference `right` are like it."""

    asked: int
    usable: int
    scored: int
    right: int
    unusable_by_reason: dict[str, int]

    @property
    def base_may_be_better(self) -> bool:
        """Whether the teacher was wrong often enough to ask the base the same."""
        return self.scored - self.right >= LEAST_WRONG


def pilot_groups(groups: Iterable[tuple[int, list[Request]]], size: int) -> Iterator[tuple[int, list[Request]]]:
    """The first request of `size` prompts, chosen by their ids, which are hashes: the same draw in every rerun."""
    chosen = heapq.nsmallest(size, ((group[0].record_id, number, group[0]) for number, group in groups if group))
    return ((number, [request]) for _, number, request in sorted(chosen, key=lambda one: one[1]))


class _Compared(NamedTuple):
    """A usable answer with a comparable reference: both as they are read."""

    prompt: Prompt
    answer: Answer
    form: str
    reference: str


def _compared(prompts: Mapping[str, Prompt], answers: Sequence[Answer], task: Task) -> list[_Compared]:
    """Free text is not compared: two texts are almost never equal word for word."""
    if task.kind is TaskKind.TEXT:
        return []
    read, found = answer_reader(task), list[_Compared]()
    for answer in answers:
        prompt, form = prompts[answer.prompt_id], read(answer.text)
        reference = canonical_reference(prompt.reference, task)
        if isinstance(form, str) and reference is not None:
            found.append(_Compared(prompt, answer, form, reference))
    return found


def judge_pilot(
    prompts: Mapping[str, Prompt],
    answers: Sequence[Answer],
    rejected: Sequence[RejectedAnswer],
    task: Task,
    config: RunConfig,
) -> PilotOutcome:
    """Reads the pilot's answers as the run would. `prompts` by id; replies that are to be asked again are left out.
    Raises PilotFailed where clearly less than half of the answers are usable.
    """
    read = answer_reader(task)
    unusable = [(reply.prompt_id, reply.reason, reply.text or reply.detail) for reply in rejected]
    unusable += [(one.prompt_id, form.reason, one.text) for one in answers if isinstance(form := read(one.text), Unfit)]
    compared = _compared(prompts, answers, task)
    outcome = PilotOutcome(
        asked=len(answers) + len(rejected),
        usable=len(answers) + len(rejected) - len(unusable),
        scored=len(compared),
        right=sum(one.form == one.reference for one in compared),
        unusable_by_reason=dict(Counter(reason for _, reason, _ in unusable)),
    )
    if unusable and upper_share(outcome.usable, outcome.asked) < LEAST_USABLE:
        reason = Counter(outcome.unusable_by_reason).most_common(1)[0][0]
        mend = _MEND.get(reason, _MEND_BY_KIND[task.kind]).format(max_tokens=config.sampling.max_tokens)
        shown = [(prompts[i].prompt, "", text) for i, why, text in unusable if why == reason]
        what = f"{len(unusable)} of {outcome.asked} pilot answers cannot be used ({reason})"
        raise PilotFailed(_said(what, mend, shown))
    return outcome


def check_base(prompts: Mapping[str, Prompt], teacher: Sequence[Answer], base: Mapping[str, str], task: Task) -> None:
    """Compares the untouched base with its teacher. `base`: prompt id -> its answer. Raises PilotFailed where the base
    is right clearly more often (exact McNemar test, two-sided, p < 0.05).
    """
    read = answer_reader(task)
    better, worse = list[tuple[str, str, str]](), 0
    for answer in teacher:
        prompt = prompts[answer.prompt_id]
        reference = canonical_reference(prompt.reference, task)
        if reference is None or prompt.prompt_id not in base:
            continue
        own, other = (read(text) == reference for text in (answer.text, base[prompt.prompt_id]))
        worse += own and not other
        if other and not own:
            better.append((prompt.prompt, f" (reference {reference!r})", answer.text))
    if len(better) > worse and _p_exact(worse, len(better) + worse) < PILOT_ALPHA:
        what = f"the base is right and the teacher wrong in {len(better)} pilot answers, the reverse holds in {worse}"
        raise PilotFailed(_said(what, _MEND_TEACHER, better))


def check_score(
    prompts: Mapping[str, Prompt], teacher: Sequence[Answer], base: Mapping[str, str], task: Task, config: RunConfig
) -> None:
    """Raises PilotFailed where clearly fewer of the teacher's answers than `pilot.minScore` are like their reference.
    `base`: prompt id -> the untouched base's answer, empty where it was not asked.
    """
    compared, read = _compared(prompts, teacher, task), answer_reader(task)
    wrong = [one for one in compared if one.form != one.reference]
    least = config.pilot.min_score
    least = LEAST_MATCHING.get(task.kind, 0.0) if least is None else least
    if upper_share(len(compared) - len(wrong), len(compared)) >= least:
        return
    of_base = [read(base[one.prompt.prompt_id]) == one.reference for one in compared if one.prompt.prompt_id in base]
    what = f"{len(compared) - len(wrong)} of {len(compared)} pilot answers match their reference"
    what += f", of the base's {sum(of_base)} of {len(of_base)}" if of_base else ""
    mend = _MEND_SCORE.format(least=least, cause=_CAUSE_BY_KIND[task.kind])
    shown = [
        (one.prompt.prompt, f" (reference {one.reference!r}, read {one.form!r})", one.answer.text) for one in wrong
    ]
    raise PilotFailed(_said(what, mend, shown))


def _p_exact(fewer: int, n: int) -> float:
    """Two-sided p of a fair coin that shows its rarer side at most `fewer` times (McNemar 1947, exact form)."""
    return float(min(1.0, 2 * sum(math.comb(n, k) for k in range(fewer + 1)) / 2**n))


def upper_share(successes: int, n: int) -> float:
    """The upper end of the 95 % Wilson interval of a share (Wilson 1927)."""
    if n == 0:
        return 1.0
    share, z2 = successes / n, _Z * _Z
    half = _Z * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return (share + z2 / (2 * n) + half) / (1 + z2 / n)


def _said(what: str, mend: str, shown: Sequence[tuple[str, str, str]]) -> str:
    """`shown`: prompt, what to say of it, the answer."""
    examples = [f"  {_ends(prompt)!r}{note[:PILOT_CHARACTERS]} -> {_ends(text)!r}" for prompt, note, text in shown]
    return "\n".join(
        [
            f"{what}: {mend}. Only the pilot was paid for; the next run takes over its answers. pilot: 0 turns the "
            "pilot off.",
            *examples[:ANSWERS_SHOWN],
        ]
    )


def _ends(text: str) -> str:
    """A long text's beginning and end: an answer says last what it comes to."""
    half = PILOT_CHARACTERS // 2
    return text if len(text) <= PILOT_CHARACTERS else f"{text[:half]} ... {text[-half:]}"
