"""Replies -> answers, rejections with a reason, and the ids that nobody replied to.

Bedrock writes a shard's records in any order, may leave some out, and writes a failed one with `error` in place of
`modelOutput` (batch inference guide).
"""

from collections.abc import Iterable

import msgspec

from distillation.errors import RecordsLost
from distillation.records import Answer, Record, RejectedAnswer

USABLE_STOPS = frozenset({"end_turn", "stop_sequence"})
"""The stop reasons of a whole answer; every other one leaves it cut, filtered or malformed (Converse API reference)."""
RETRYABLE_CODES = frozenset({408, 424, 429, 500, 502, 503, 504})
"""Per-record error codes that say nothing about the record itself: asked again in the next wave."""
BUSY = "bedrock_busy"

_REASON_OF_STOP = {
    "max_tokens": "truncated",
    "model_context_window_exceeded": "truncated",
    "content_filtered": "refused",
    "guardrail_intervened": "refused",
}


class _Error(msgspec.Struct, rename="camel", gc=False):
    error_code: int | str = 0
    error_message: str = ""


class _Block(msgspec.Struct, gc=False):
    text: str = ""


class _Message(msgspec.Struct, gc=False):
    content: list[_Block] = []


class _Output(msgspec.Struct, gc=False):
    message: _Message


class _Usage(msgspec.Struct, frozen=True, rename="camel", gc=False):
    input_tokens: int = 0
    output_tokens: int = 0


_NO_USAGE = _Usage()


class _Metrics(msgspec.Struct, frozen=True, rename="camel", gc=False):
    latency_ms: int | None = None


_NO_METRICS = _Metrics()


class _ModelOutput(msgspec.Struct, rename="camel", gc=False):
    output: _Output
    stop_reason: str
    usage: _Usage = _NO_USAGE
    metrics: _Metrics = _NO_METRICS


class _Reply(msgspec.Struct, rename="camel", gc=False):
    record_id: str
    model_output: _ModelOutput | None = None
    error: _Error | None = None


class _Named(msgspec.Struct, rename="camel", gc=False):
    record_id: str


class ShardAnswers(Record, frozen=True):
    """What came of a shard: every requested id is in exactly one of the three.

    `missing` holds the ids without any reply, in order of request.
    """

    answers: list[Answer]
    rejected: list[RejectedAnswer]
    missing: list[str]

    @property
    def to_ask_again(self) -> list[str]:
        """The ids that a further wave may still bring an answer for."""
        return [*self.missing, *(r.record_id for r in self.rejected if r.reason == BUSY)]


def read_replies(requested: Iterable[str], lines: Iterable[bytes]) -> ShardAnswers:
    """Joins a shard's reply lines to its requested ids.

    A line that is no reply at all is passed over, so its id counts as missing and is asked again; of two replies to one
    id the first that can be used stands.

    Raises:
        RecordsLost: a reply names an id that this shard never asked.
    """
    outcomes: dict[str, Answer | RejectedAnswer | None] = dict.fromkeys(requested)
    strangers: set[str] = set()
    for parsed in map(read_reply, lines):
        if parsed is None:
            continue
        record_id = parsed.record_id
        earlier = outcomes.get(record_id, strangers)
        if earlier is None or (isinstance(earlier, RejectedAnswer) and isinstance(parsed, Answer)):
            outcomes[record_id] = parsed
        elif earlier is strangers:
            strangers.add(record_id)
    if strangers:
        raise RecordsLost("ReadReplies", set(), strangers)
    found = outcomes.values()
    return ShardAnswers(
        answers=[o for o in found if o.__class__ is Answer],
        rejected=[o for o in found if o.__class__ is RejectedAnswer],
        missing=[record_id for record_id, o in outcomes.items() if o is None],
    )


def read_reply(line: bytes) -> Answer | RejectedAnswer | None:
    """One reply line as an answer or a rejection; None where it does not even name its record."""
    try:
        reply = _decode_reply(line)
    except msgspec.ValidationError as problem:
        return _unreadable(line, str(problem))
    except msgspec.DecodeError:
        return None
    if reply.error is not None:
        return _reject(
            reply.record_id,
            BUSY if _code(reply.error) in RETRYABLE_CODES else "bedrock_error",
            f"{reply.error.error_code}: {reply.error.error_message}",
        )
    if reply.model_output is None:
        return _reject(reply.record_id, "unreadable", "neither modelOutput nor error")
    return _classify(reply.record_id, reply.model_output)


_decode_reply = msgspec.json.Decoder(_Reply).decode
_decode_name = msgspec.json.Decoder(_Named).decode


def _classify(record_id: str, output: _ModelOutput) -> Answer | RejectedAnswer:
    blocks = output.output.message.content
    text = blocks[0].text if len(blocks) == 1 else "".join([block.text for block in blocks])
    usage = output.usage
    if output.stop_reason not in USABLE_STOPS:
        return _reject(
            record_id,
            _REASON_OF_STOP.get(output.stop_reason, "malformed"),
            f"stopReason {output.stop_reason}",
            text,
            usage,
        )
    if not text or text.isspace():
        return _reject(record_id, "empty", "no text in the reply", text, usage)
    names = record_id.split("-")
    return Answer(
        record_id=record_id,
        prompt_id=names[0],
        sample=names[-1],
        text=text,
        stop_reason=output.stop_reason,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        latency_ms=output.metrics.latency_ms,
    )


def _unreadable(line: bytes, problem: str) -> RejectedAnswer | None:
    try:
        record_id = _decode_name(line).record_id
    except msgspec.MsgspecError:
        return None
    return _reject(record_id, "unreadable", problem)


def _code(error: _Error) -> int:
    return int(error.error_code) if str(error.error_code).isdigit() else 0


def _reject(
    record_id: str, reason: str, detail: str, text: str | None = None, usage: _Usage = _NO_USAGE
) -> RejectedAnswer:
    names = record_id.split("-")
    return RejectedAnswer(
        record_id=record_id,
        prompt_id=names[0],
        sample=names[-1],
        reason=reason,
        detail=detail[:500],
        text=text,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
    )
