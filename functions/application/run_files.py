"""Reading what earlier hops wrote: the run's record and its answers, in the one way that every handler uses."""

from collections.abc import Iterator
from operator import attrgetter
from typing import NamedTuple

import msgspec

from distillation.errors import InvalidInput, NotEnoughAnswers
from distillation.funnel import sum_funnels
from distillation.inference.accounts import Account, ShardCounts, sum_accounts
from distillation.inference.replies import RequestLine, questions_of
from distillation.inference.requests import Shard, prompts_a_shard
from distillation.layout import RunLayout
from distillation.records import (
    Answer,
    Asking,
    FunnelStep,
    HoldoutItem,
    LedgerRow,
    Prompt,
    Record,
    RejectedAnswer,
    Request,
)
from distillation.run.record import Question, RunRecord
from distillation.similarity.words import CommonShingles
from distillation.training.choice import StudentChoice
from gateways.ledger import DynamoLedger
from gateways.store import Store


def account_of(store: Store, ledger: DynamoLedger, run_id: str) -> Account:
    """Where every request of the run ended. Raises NotEnoughAnswers where not one answer is usable."""
    account = sum_accounts(counts.account for counts in _counts(store, run_id))
    if account.answers == 0:
        said = {
            f"{row.job_name} ended as {row.status}: {row.message or 'Bedrock gives no reason'}"
            for row in ledger.rows(run_id)
            if row.outcome not in (None, "succeeded")
        }
        why = "; ".join(sorted(said)) or f"rejected: {account.rejected_by_reason}"
        raise NotEnoughAnswers(f"the teacher gave no usable answer in any wave. {why}")
    return account


def funnel_of(store: Store, run_id: str) -> list[FunnelStep]:
    """The funnel of the reductions, from the requests to what would be learnt."""
    return sum_funnels(counts.funnel for counts in _counts(store, run_id))


def _counts(store: Store, run_id: str) -> Iterator[ShardCounts]:
    prefix = RunLayout(run_id).candidates_prefix + "counts-"
    return (store.read(stored.key, ShardCounts) for stored in store.list(prefix))


class Wave(Record, frozen=True):
    """A wave's plan, `plan.json` beside its shards: written last, so that it is there only when the wave is whole.

    `cached`: replies taken over from earlier runs. `prompt_shards`: shards of prompts, each reduced by itself.
    """

    wave: int
    shards: tuple[Shard, ...]
    requests: int
    cached: int = 0
    stage: Asking = Asking.ANSWERS
    prompt_shards: int = 0


class Student(Record, frozen=True):
    """A trained arm with the ARNs of its model and its deployment."""

    arm: str
    model_arn: str
    deployment_arn: str


class Replies(NamedTuple):
    """What the teacher said to some prompts, over all waves."""

    answers: list[Answer]
    rejected: list[RejectedAnswer]


class _RecordId(msgspec.Struct, rename="camel", gc=False):
    record_id: str


def read_run(store: Store, run_id: str) -> RunRecord:
    """The run's record."""
    return store.read(RunLayout(run_id).run, RunRecord)


def read_prompts(store: Store, run_id: str) -> Iterator[Prompt]:
    """All prompts of the run, in order: the seeds' own, then those that expansion made."""
    layout = RunLayout(run_id)
    yield from store.records(layout.prompts, Prompt)
    yield from store.records_below(layout.expanded, Prompt)


def read_wave(store: Store, run_id: str, wave: int, stage: Asking = Asking.ANSWERS) -> Wave | None:
    """The plan of a wave, None where it was not planned yet."""
    return store.read_or_none(RunLayout(run_id).wave_plan(wave, stage), Wave)


def ids_in(store: Store, key: str) -> Iterator[str]:
    """The record ids of a file of requests."""
    return map(attrgetter("record_id"), store.records(key, _RecordId))


def questions_in(store: Store, key: str) -> dict[str, int]:
    """What a file of requests asks, in the form that `read_replies` compares with what the replies repeat."""
    return questions_of(store.records(key, RequestLine))


def requests_in(store: Store, key: str) -> Iterator[Request]:
    """The requests of a file."""
    return store.records(key, Request)


def read_answers(store: Store, run_id: str) -> Iterator[Answer]:
    """Every usable answer of the run: taken over, then shard by shard."""
    prefix = RunLayout(run_id).answers_prefix
    yield from store.records_below(prefix, Answer, named="cached")
    yield from store.records_below(prefix, Answer, named="shard-")


def read_rejected_answers(store: Store, run_id: str) -> Iterator[RejectedAnswer]:
    """Every reply that could not be used, the pilot's first, then shard by shard."""
    yield from read_pilot_rejections(store, run_id)
    yield from store.records_below(RunLayout(run_id).answers_prefix, RejectedAnswer, named="rejected-")


def read_pilot_rejections(store: Store, run_id: str) -> Iterator[RejectedAnswer]:
    """The pilot's replies that could not be used: they are not asked again either."""
    return store.records_below(RunLayout(run_id).rejected_answers(0, Asking.PILOT, 0), RejectedAnswer)


def waves_of(store: Store, run_id: str, stage: Asking = Asking.ANSWERS) -> Iterator[Wave]:
    """The plans of all waves of a stage, in order."""
    number = 0
    while (wave := read_wave(store, run_id, number, stage)) is not None:
        yield wave
        number += 1


def replies_to(store: Store, record: RunRecord, part: int, prompts: int, wanted: set[str]) -> Replies:
    """The answers and rejections of `wanted` (ids) among the shard `part` of prompts, which holds so many `prompts`:
    only the files of request shards that asked some of them are read.
    """
    run_id, size = record.run_id, prompts_a_shard(record.config.sampling, record.batch_records)
    layout, first = RunLayout(run_id), part * size
    last = first + prompts - 1
    shards = [
        shard.shard
        for wave in waves_of(store, run_id)
        for shard in wave.shards
        if shard.first <= last and shard.last >= first
    ]
    answers = [
        answer
        # An earlier release wrote all of them into cached.jsonl.
        for name in (layout.cached(Asking.ANSWERS, 0), layout.cached_answers(part))
        for answer in store.records_below(name, Answer)
        if answer.prompt_id in wanted
    ]
    for number in shards:
        answers += [answer for answer in store.records(layout.answers(number), Answer) if answer.prompt_id in wanted]
    rejected = [reply for reply in read_pilot_rejections(store, run_id) if reply.prompt_id in wanted]
    rejected += [
        reply
        for number in shards
        for reply in store.records(layout.rejected_answers(number), RejectedAnswer)
        if reply.prompt_id in wanted
    ]
    return Replies(answers, rejected)


def read_common_shingles(store: Store, run_id: str) -> CommonShingles:
    """The words that most prompts share."""
    return store.read(RunLayout(run_id).common_shingles, CommonShingles)


def read_holdout(store: Store, run_id: str) -> Iterator[HoldoutItem]:
    """The holdout, in order."""
    return store.records(RunLayout(run_id).dataset("holdout.jsonl"), HoldoutItem)


def read_students(store: Store, run_id: str) -> list[Student]:
    """The trained arms."""
    return store.read(RunLayout(run_id).students, list[Student])


def read_choice(store: Store, run_id: str) -> StudentChoice | None:
    """Which training became the student, as far as it is known; None where the run has one training."""
    return store.read_or_none(RunLayout(run_id).student_choice, StudentChoice)


def write_ledger(store: Store, run_id: str, rows: list[LedgerRow]) -> None:
    """Keeps the ledger beside the run's files; task tokens, which are of no use any more, left out."""
    store.put_records(RunLayout(run_id).ledger, (msgspec.structs.replace(row, token=None) for row in rows))


def earlier_run(store: Store, run_id: str, question: Question) -> RunRecord | None:
    """The record that an earlier execution with this run id wrote, None where this is the first. Raises InvalidInput
    where the run id is taken by a run that asks something else, or of another release.
    """
    try:
        earlier = store.read_or_none(RunLayout(run_id).run, RunRecord)
    except msgspec.ValidationError as error:
        raise InvalidInput(
            f"run id {run_id} belongs to a run of another release",
            [f"execution input: runId: found a run.json that this release cannot read ({error}), expected another id"],
        ) from None
    if earlier and (changed := earlier.differences(question)):
        problem = (
            "execution input: runId: a run id names one question; give another runId (or none), the answers that were "
            "paid for are taken over all the same"
        )
        differs = f"run id {run_id} belongs to an earlier run that differs in {', '.join(changed)}"
        raise InvalidInput(differs, [problem])
    return earlier
