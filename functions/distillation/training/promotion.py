"""What serves a dataset: an SSM parameter with the history that one can go back to, and the canary of a new model. The
parameter holds 4 KB (standard, Systems Manager quotas), so the oldest entries leave when it is full.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from difflib import SequenceMatcher

import msgspec

from distillation.records import HoldoutItem, Record
from distillation.task import Task, TaskKind, canonical_answer

PARAMETER_MAX_BYTES = 4096
HISTORY_MAX = 10
SIMILAR_TEXT = 0.6
"""Two free texts of one model at the lowest temperature share most words, not all: Bedrock's replies vary."""


class Served(Record, frozen=True, omit_defaults=True):
    """A model that serves or served: the run that made it, its report, the sha256 of its train.jsonl, and when it was
    promoted (ISO 8601, UTC). `by`: who put it in place by hand, empty where the run itself did.
    """

    model_arn: str
    run_id: str
    report_key: str
    dataset_sha256: str
    promoted_at: str
    by: str = ""


class ServedStudent(Served, frozen=True, omit_defaults=True, kw_only=True):
    """The parameter `/<app>/<dataset>/student`: what serves (the fields of Served), behind a `deployment_arn` that
    never changes. `history`: what served before, newest first; `previous`: the run of its first entry.
    `rolled_back_from`: the run that the last rollback left. `pinned`: who pinned the dataset, when and why, or empty.
    """

    deployment_arn: str
    pinned: str = ""
    previous: str | None = None
    rolled_back_from: str | None = None
    history: tuple[Served, ...] = ()

    @property
    def now(self) -> Served:
        """What serves."""
        return Served(**{name: getattr(self, name) for name in Served.__struct_fields__})

    def knows(self, run_id: str) -> bool:
        """Whether a run's student serves, or is one that a rollback may bring back."""
        return run_id in {self.run_id, *(served.run_id for served in self.history)}


class PromotionPlan(Record, frozen=True, omit_defaults=True):
    """`6-model/promotion-plan.json`: which deployment takes over which model, and what it served before."""

    deployment: str
    model_arn: str
    previous_model_arn: str | None = None


class Canary(Record, frozen=True):
    """What the stable deployment said to a few holdout prompts: `equal` of `asked` as the student did in its run.
    `differing` names prompts that differ.
    """

    asked: int
    equal: int
    differing: tuple[str, ...] = ()

    def passes(self, agreement: float) -> bool:
        """Whether the share of equal answers is at least `agreement`; never where nothing was asked."""
        return self.asked > 0 and self.equal >= agreement * self.asked


def promoted(before: ServedStudent | None, deployment_arn: str, new: Served) -> ServedStudent:
    """The parameter once `new` serves. Promoting what serves already changes nothing but its time."""
    history = (before.now, *before.history) if before else ()
    others = tuple(served for served in history if served.model_arn != new.model_arn)
    return _fitting(deployment_arn, new, others, before.pinned if before else "")


def why_not_by_itself(now: ServedStudent | None, run_id: str, began: str, serving_began: str) -> str:
    """Why a run may not put its student in place of what serves without a person's word; empty where it may. `began`,
    `serving_began`: the first execution of this run and of the one that serves (ISO 8601; empty: unknown).
    """
    if now is None or now.run_id == run_id:
        return ""
    if now.pinned:
        return f"the dataset is pinned to {now.run_id} by {now.pinned}"
    start = datetime.fromisoformat(began)
    if now.by and start < datetime.fromisoformat(now.promoted_at):
        return f"{now.run_id} was put in place by hand after this run began (by {now.by}, {now.promoted_at})"
    if serving_began and start < datetime.fromisoformat(serving_began):
        return f"{now.run_id}, which serves, is the newer run (it began {serving_began}, this one {began})"
    return ""


def to_go_back_to(now: ServedStudent, run_id: str | None = None) -> Served | None:
    """The entry that a rollback brings back: the newest, or a run's; None where there is none."""
    return next((served for served in now.history if run_id in (None, served.run_id)), None)


def rolled_back(now: ServedStudent, target: Served, at: str, by: str) -> ServedStudent:
    """The parameter once `target`, of the history, serves again, by the person `by`. What came after it leaves the
    history: a second rollback goes further back.
    """
    older = now.history[now.history.index(target) + 1 :]
    back = _fitting(now.deployment_arn, msgspec.structs.replace(target, promoted_at=at, by=by), older, now.pinned)
    return msgspec.structs.replace(back, rolled_back_from=now.run_id)


def parameter_text(serving: ServedStudent) -> str:
    """The parameter's value."""
    return msgspec.json.encode(serving).decode()


def read_parameter(text: str) -> ServedStudent:
    """The parameter's value read back."""
    return msgspec.json.decode(text, type=ServedStudent)


def _fitting(deployment_arn: str, served: Served, history: tuple[Served, ...], pinned: str) -> ServedStudent:
    """Keeps as many of the newest entries as fit beside the longest run id that a rollback may note."""
    kept = history[:HISTORY_MAX]
    while True:
        previous = kept[0].run_id if kept else None
        serving = ServedStudent(
            deployment_arn=deployment_arn,
            **msgspec.structs.asdict(served),
            pinned=pinned,
            previous=previous,
            history=kept,
        )
        if (
            not kept
            or len(parameter_text(msgspec.structs.replace(serving, rolled_back_from="x" * 36))) <= PARAMETER_MAX_BYTES
        ):
            return serving
        kept = kept[:-1]


def canary_items(holdout: Sequence[HoldoutItem], expected: Mapping[str, str], limit: int) -> list[HoldoutItem]:
    """At most `limit` of the items that the student answered (prompt id -> its text), evenly over the holdout."""
    usable = [item for item in holdout if item.prompt_id in expected]
    count = min(limit, len(usable))
    return [usable[len(usable) * number // count] for number in range(count)]


def judge_canary(expected: Mapping[str, str], answered: Mapping[str, str | None], task: Task) -> Canary:
    """Compares what was answered (None: nothing usable) with what the student said, prompt id by prompt id."""
    differing = [
        prompt_id
        for prompt_id, text in answered.items()
        if text is None or not answers_agree(text, expected[prompt_id], task)
    ]
    return Canary(asked=len(answered), equal=len(answered) - len(differing), differing=tuple(differing[:5]))


def answers_agree(one: str, other: str, task: Task) -> bool:
    """Whether two texts give the same answer; free ones where most words are the same (Ratcliff/Obershelp)."""
    if task.kind is TaskKind.TEXT:
        return SequenceMatcher(None, one.split(), other.split(), autojunk=False).ratio() >= SIMILAR_TEXT
    forms = canonical_answer(one, task), canonical_answer(other, task)
    return one.strip() == other.strip() if forms == (None, None) else forms[0] == forms[1]
