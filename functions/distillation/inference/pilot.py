"""The pilot: a few prompts are asked first, so that a run which cannot go well ends before its bulk is paid for. Only
clear evidence stops a run: the upper end of a share's 95 % Wilson interval lies below the bound. The formulas stand
here because scipy is not in this function's layers.
"""

import heapq
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

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

_MEND_SCORE = (
    "the teacher is clearly below pilot.minScore {least:g}: improve the seeds' system text, correct the references, or "
    "lower pilot.minScore"
)
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


def judge_pilot(
    prompts: Mapping[str, Prompt],
    answers: Sequence[Answer],
    rejected: Sequence[RejectedAnswer],
    task: Task,
    config: RunConfig,
) -> PilotOutcome:
    """Reads the pilot's answers as the run would. `prompts` by id; replies that are to be asked again are left out.
    Raises PilotFailed where clearly less than half of the answers are usable, or less than `pilot.minScore` right.
    """
    read = answer_reader(task)
    forms = [(answer, read(answer.text)) for answer in answers]
    unusable = [(reply.prompt_id, reply.reason, reply.text or reply.detail) for reply in rejected]
    unusable += [(one.prompt_id, form.reason, one.text) for one, form in forms if isinstance(form, Unfit)]
    usable = [(prompts[one.prompt_id], one, form) for one, form in forms if isinstance(form, str)]
    compared = [
        (prompt, answer, form == reference)
        for prompt, answer, form in usable
        if task.kind is not TaskKind.TEXT and (reference := canonical_reference(prompt.reference, task)) is not None
    ]
    asked, right = len(answers) + len(rejected), sum(same for *_, same in compared)
    reasons = Counter(reason for _, reason, _ in unusable)
    if unusable and upper_share(len(usable), asked) < LEAST_USABLE:
        reason = reasons.most_common(1)[0][0]
        mend = _MEND.get(reason, _MEND_BY_KIND[task.kind]).format(max_tokens=config.sampling.max_tokens)
        shown = [(prompts[i].prompt, text) for i, why, text in unusable if why == reason]
        raise PilotFailed(_said(f"{len(unusable)} of {asked} pilot answers cannot be used ({reason})", mend, shown))
    least = config.pilot.min_score
    if least is not None and compared and upper_share(right, len(compared)) < least:
        wrong = [_with_reference(prompt, answer) for prompt, answer, same in compared if not same]
        what = f"{right} of {len(compared)} pilot answers match their reference"
        raise PilotFailed(_said(what, _MEND_SCORE.format(least=least), wrong))
    return PilotOutcome(
        asked=asked, usable=len(usable), scored=len(compared), right=right, unusable_by_reason=dict(reasons)
    )


def check_base(prompts: Mapping[str, Prompt], teacher: Sequence[Answer], base: Mapping[str, str], task: Task) -> None:
    """Compares the untouched base with its teacher. `base`: prompt id -> its answer. Raises PilotFailed where the base
    is right clearly more often (exact McNemar test, two-sided, p < 0.05).
    """
    read = answer_reader(task)
    better, worse = list[tuple[str, str]](), 0
    for answer in teacher:
        prompt = prompts[answer.prompt_id]
        reference = canonical_reference(prompt.reference, task)
        if reference is None or prompt.prompt_id not in base:
            continue
        own, other = (read(text) == reference for text in (answer.text, base[prompt.prompt_id]))
        worse += own and not other
        if other and not own:
            better.append(_with_reference(prompt, answer))
    if len(better) > worse and _p_exact(worse, len(better) + worse) < PILOT_ALPHA:
        what = f"the base is right and the teacher wrong in {len(better)} pilot answers, the reverse holds in {worse}"
        raise PilotFailed(_said(what, _MEND_TEACHER, better))


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


def _with_reference(prompt: Prompt, answer: Answer) -> tuple[str, str]:
    return f"{prompt.prompt} (reference {prompt.reference})", answer.text


def _said(what: str, mend: str, shown: Sequence[tuple[str, str]]) -> str:
    examples = [
        f"  {prompt[:PILOT_CHARACTERS]!r} -> {text[:PILOT_CHARACTERS]!r}" for prompt, text in shown[:ANSWERS_SHOWN]
    ]
    return "\n".join(
        [
            f"{what}: {mend}. Only the pilot was paid for; the next run takes over its answers. pilot: 0 turns the "
            "pilot off.",
            *examples,
        ]
    )
