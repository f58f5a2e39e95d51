"""Reading what earlier hops wrote: the run's record and its answers, in the one way that every handler uses."""

from collections.abc import Iterator

import msgspec

from distillation.errors import InvalidInput
from distillation.prompts_to_requests import Shard
from distillation.records import Answer, HoldoutItem, LedgerRow, Prompt, Record, RejectedAnswer, Request
from distillation.run_layout import RunLayout
from distillation.run_record import Question, RunRecord
from gateways.store import Store


class Wave(Record, frozen=True):
    """A wave's plan, `plan.json` beside its shards: written last, so that it is there only when the wave is whole.

    `cached` counts the answers that were taken over from earlier runs.
    """

    wave: int
    shards: tuple[Shard, ...]
    requests: int
    cached: int = 0


class Student(Record, frozen=True):
    """A trained arm with the ARNs of its model and its deployment."""

    arm: str
    model_arn: str
    deployment_arn: str


class _RecordId(msgspec.Struct, rename="camel"):
    record_id: str


def read_run(store: Store, run_id: str) -> RunRecord:
    """The run's record."""
    return msgspec.json.decode(store.get(RunLayout(run_id).run), type=RunRecord)


def read_prompts(store: Store, run_id: str) -> Iterator[Prompt]:
    """All prompts of the run, in order."""
    return store.records(RunLayout(run_id).prompts, Prompt)


def read_wave(store: Store, run_id: str, wave: int) -> Wave | None:
    """The plan of a wave, None where it was not planned yet."""
    body = store.get_or_none(RunLayout(run_id).wave_plan(wave))
    return msgspec.json.decode(body, type=Wave) if body else None


def requested_ids(store: Store, run_id: str) -> Iterator[str]:
    """The record ids of every request of every wave, and of the answers that were taken over."""
    layout = RunLayout(run_id)
    yield from (answer.record_id for answer in store.records_below(layout.answers_prefix, Answer, named="cached"))
    for planned in store.list(layout.all_requests_prefix):
        if planned.key.endswith(".jsonl"):
            yield from ids_in(store, planned.key)


def ids_in(store: Store, key: str) -> Iterator[str]:
    """The record ids of a file of requests."""
    return (request.record_id for request in store.records(key, _RecordId))


def requests_in(store: Store, key: str) -> Iterator[Request]:
    """The requests of a file."""
    return store.records(key, Request)


def read_answers(store: Store, run_id: str) -> Iterator[Answer]:
    """Every usable answer of the run: taken over, then shard by shard."""
    prefix = RunLayout(run_id).answers_prefix
    yield from store.records_below(prefix, Answer, named="cached")
    yield from store.records_below(prefix, Answer, named="shard-")


def read_rejected_answers(store: Store, run_id: str) -> Iterator[RejectedAnswer]:
    """Every reply that could not be used, shard by shard."""
    return store.records_below(RunLayout(run_id).answers_prefix, RejectedAnswer, named="rejected-")


def read_holdout(store: Store, run_id: str) -> Iterator[HoldoutItem]:
    """The holdout, in order."""
    return store.records(RunLayout(run_id).dataset("holdout.jsonl"), HoldoutItem)


def read_students(store: Store, run_id: str) -> list[Student]:
    """The trained arms."""
    return msgspec.json.decode(store.get(RunLayout(run_id).students), type=list[Student])


def write_ledger(store: Store, run_id: str, rows: list[LedgerRow]) -> None:
    """Keeps the ledger beside the run's files; task tokens, which are of no use any more, left out."""
    store.put_records(RunLayout(run_id).ledger, (msgspec.structs.replace(row, token=None) for row in rows))


def earlier_run(store: Store, run_id: str, question: Question) -> RunRecord | None:
    """The record that an earlier execution with this run id wrote, None where this is the first.

    Raises:
        InvalidInput: the run id is taken by a run that asks something else.
    """
    body = store.get_or_none(RunLayout(run_id).run)
    if body is None:
        return None
    earlier = msgspec.json.decode(body, type=RunRecord)
    if changed := earlier.question.differences(question):
        raise InvalidInput(
            f"run id {run_id} belongs to an earlier run that differs in {', '.join(changed)}",
            ["execution input: runId: a run id names one question; give another runId (or none), the answers that were paid for are taken over all the same"],
        )
    return earlier
