"""Answers the records of a batch job: equal prompts together, several prompts at a time, one error object for each
record that cannot be answered.
"""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from local.bedrock.api.api_errors import ApiError
from local.bedrock.catalog import FoundationModel, check_inference
from local.bedrock.jobs.batch.records import Record
from local.bedrock.models import message_bodies
from local.bedrock.models.conversation import Conversation, Model, Reply, Request

_WORKERS = 8


class Outcome(NamedTuple):
    """What became of a record: the line to write, and its token counts (0 for an error)."""

    line: dict[str, Any]
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def failed(self) -> bool:
        """Whether the record has an error instead of an output."""
        return "error" in self.line


class Wire(NamedTuple):
    """How bodies are read and written, by the job's modelInvocationType."""

    read: Callable[[Any, str], Request]
    write: Callable[[Reply], dict[str, Any]]


WIRES = {
    "Converse": Wire(message_bodies.converse_request, message_bodies.converse_reply),
    "InvokeModel": Wire(message_bodies.invoke_request, message_bodies.invoke_reply),
}


class Asked(NamedTuple):
    """How a job's records are answered.

    `foundation` is what the catalogue says of the model that was named, `model` what answers for it. `injected` maps
    record ids to errors; after `stop` is set, the rest gets no outcome.
    """

    foundation: FoundationModel
    model: Model
    wire: Wire
    injected: dict[str, tuple[int, str]]
    stop: threading.Event


def answer_records(records: Iterable[Record], asked: Asked, done: Callable[[Outcome], None]) -> None:
    """Call `done` with every record's outcome, from one thread at a time."""
    groups: dict[Conversation, list[tuple[Record, Request]]] = {}
    for record in records:
        try:
            request = _request(record, asked)
            groups.setdefault(request.conversation, []).append((record, request))
        except _RecordError as error:
            done(_error(record, error.code, error.message))
    lock = threading.Lock()

    def work(group: list[tuple[Record, Request]]) -> None:
        for record, request in group:
            if asked.stop.is_set():
                return
            outcome = _answer(record, request, asked)
            with lock:
                done(outcome)

    with ThreadPoolExecutor(_WORKERS) as pool:
        list(pool.map(work, groups.values()))


class _RecordError(Exception):
    """The record is not asked: its error object's code and message."""

    def __init__(self, code: int, message: str) -> None:
        self.code, self.message = code, message


def _request(record: Record, asked: Asked) -> Request:
    if record.record_id in asked.injected:
        raise _RecordError(*asked.injected[record.record_id])
    if record.problem:
        raise _RecordError(400, record.problem)
    try:
        check_inference(asked.foundation, record.model_input)
        return asked.wire.read(record.model_input, record.record_id)
    except ApiError as error:
        raise _RecordError(error.status, error.message) from error


def _answer(record: Record, request: Request, asked: Asked) -> Outcome:
    try:
        reply = asked.model.answer(request)
    except ApiError as error:
        return _error(record, error.status, error.message)
    line = {"modelInput": record.model_input, "modelOutput": asked.wire.write(reply), "recordId": record.record_id}
    return Outcome(line, reply.input_tokens, reply.output_tokens)


def _error(record: Record, code: int, message: str) -> Outcome:
    return Outcome(
        {
            "modelInput": record.model_input,
            "error": {"errorCode": code, "errorMessage": message},
            "recordId": record.record_id,
        }
    )
