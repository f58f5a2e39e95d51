"""Replies -> answers, rejections with a reason, and the ids that nobody replied to.

Bedrock writes a shard's records in any order, may leave some out, and writes a failed one with `error` in place of
`modelOutput` (batch inference guide).
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec

from distillation.records import Answer, Record, RejectedAnswer, Tokens, encode_json

USABLE_STOPS = frozenset({"end_turn", "stop_sequence"})
"""The stop reasons of a whole answer; every other one leaves it cut, filtered or malformed (Converse API reference)."""
RETRYABLE_CODES = frozenset({408, 424, 429, 500, 502, 503, 504})
"""Per-record error codes that say nothing about the record itself: asked again in the next wave."""
_BUSY_WORDS = (
    "throttling",
    "toomanyrequests",
    "serviceunavailable",
    "internalserver",
    "internalfailure",
    "modelerror",
    "notready",
    "timeout",
)
"""Parts of the names that Converse gives the same errors; a record may spell its error by name, its first letter small
as in Bedrock's streams.
"""
BUSY = "bedrock_busy"

_REASON_OF_STOP = {
    "max_tokens": "truncated",
    "model_context_window_exceeded": "truncated",
    "content_filtered": "refused",
    "guardrail_intervened": "refused",
}


STANDARD_TIER = "default"
"""What a reply says of its tier where the cheaper one was wanted and the model has none."""


class _Block(msgspec.Struct, frozen=True, gc=False):
    text: str = ""


class _Message(msgspec.Struct, gc=False, omit_defaults=True):
    role: str = ""
    content: tuple[_Block, ...] = ()


class _Inference(msgspec.Struct, rename="camel", gc=False, omit_defaults=True):
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None


class _Question(msgspec.Struct, rename="camel", gc=False, omit_defaults=True):
    """A record's modelInput, its keys in the order of `inference.requests`. Bedrock repeats it beside each reply,
    perhaps with its keys in another order.
    """

    messages: tuple[_Message, ...] = ()
    inference_config: _Inference | None = None
    system: tuple[_Block, ...] = ()


class RequestLine(msgspec.Struct, rename="camel", gc=False):
    """A line of requests, of which only the id is decoded."""

    record_id: str
    model_input: msgspec.Raw


class _Output(msgspec.Struct, gc=False):
    message: _Message


class _Counts(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """`usage` holds the tokens, `metrics` the time."""

    input_tokens: int = 0
    output_tokens: int = 0
    latency_ms: int | None = None


_NO_COUNTS = _Counts()


class _ModelOutput(msgspec.Struct, rename="camel", gc=False):
    output: _Output
    stop_reason: str
    usage: _Counts | None = None
    metrics: _Counts | None = None
    service_tier: dict[str, str] | None = None


class _Reply(msgspec.Struct, rename="camel", gc=False):
    record_id: str
    model_output: _ModelOutput | None = None
    error: dict[str, Any] | None = None
    model_input: msgspec.Raw = msgspec.Raw()


class ShardAnswers(Record, frozen=True):
    """What came of a shard: every requested id is in exactly one of the three.

    `missing` holds the ids without any reply, in order of request. `strangers` are replies that answer nothing which
    was asked here: their id is foreign, or the question that they repeat is another record's.
    """

    answers: list[Answer]
    rejected: list[RejectedAnswer]
    missing: list[str]
    strangers: list[Answer | RejectedAnswer]

    @property
    def to_ask_again(self) -> list[str]:
        """The ids that a further wave may still bring an answer for."""
        return [*self.missing, *(r.record_id for r in self.rejected if r.reason == BUSY)]

    @property
    def tokens(self) -> list[Tokens]:
        """What the answers and the rejected ones took, a sum for each tier that replied."""
        replies: list[Answer | RejectedAnswer] = [*self.answers, *self.rejected]
        return [
            Tokens(
                input_tokens=sum([reply.input_tokens for reply in mine]),
                output_tokens=sum([reply.output_tokens for reply in mine]),
                answers=sum([isinstance(reply, Answer) for reply in mine]),
                standard_tier=tier,
            )
            for tier in (False, True)
            if (mine := [reply for reply in replies if reply.standard_tier is tier])
        ]


def questions_of(requests: Iterable[RequestLine]) -> dict[str, int]:
    """The record ids of requests, each with a hash of what it asks that holds within this process."""
    return {asked.record_id: hash(bytes(asked.model_input)) for asked in requests}


def read_replies(requested: Iterable[str] | Mapping[str, int], lines: Iterable[bytes]) -> ShardAnswers:
    """Joins a shard's reply lines to its requested ids.

    A line that is no reply at all is passed over, so its id counts as missing and is asked again; of two replies to one
    id the first that can be used stands. A reply with a foreign id is a stranger. Where `requested` is
    what `questions_of` gives, so is one that repeats the question of another record: its ids were swapped.
    """
    outcomes: dict[str, Answer | RejectedAnswer | None] = dict.fromkeys(requested)
    hashes = requested if isinstance(requested, Mapping) else {}
    questions, strangers = set(hashes.values()), list[Answer | RejectedAnswer]()
    for line in lines:
        parsed, echo = _read(line)
        if parsed is None:
            continue
        record_id = parsed.record_id
        if record_id not in outcomes or (questions and _is_swapped(echo, hashes[record_id], questions)):
            strangers.append(parsed)
            continue
        earlier = outcomes[record_id]
        if earlier is None or (isinstance(earlier, RejectedAnswer) and isinstance(parsed, Answer)):
            outcomes[record_id] = parsed
    found = outcomes.values()
    return ShardAnswers(
        answers=[o for o in found if o.__class__ is Answer],
        rejected=[o for o in found if o.__class__ is RejectedAnswer],
        missing=[record_id for record_id, o in outcomes.items() if o is None],
        strangers=strangers,
    )


def _is_swapped(echo: bytes, own: int, questions: Collection[int]) -> bool:
    """Whether a reply repeats another record's question. An echo that is no record's says nothing: Bedrock may write a
    question in its own way. One with its keys in another order is written again as the request was.
    """
    if not echo or hash(bytes(echo)) == own:
        return False
    try:
        said = hash(encode_json(_decode_question(echo)))
    except msgspec.MsgspecError:
        return False
    return said != own and said in questions


def read_reply(line: bytes) -> Answer | RejectedAnswer | None:
    """One reply line as an answer or a rejection; None where it names no record or says nothing of it."""
    return _read(line)[0]


def _read(line: bytes) -> tuple[Answer | RejectedAnswer | None, bytes]:
    """The reply, and the question that it repeats (empty where it repeats none)."""
    try:
        reply = _decode_reply(line)
    except msgspec.ValidationError as problem:
        return _unreadable(line, str(problem))
    except msgspec.DecodeError:
        return None, b""
    read: Answer | RejectedAnswer | None = None
    if reply.error is not None:
        code, message = str(reply.error.get("errorCode", 0)), reply.error.get("errorMessage", "")
        read = _reject(reply.record_id, BUSY if _is_busy(code) else "bedrock_error", f"{code}: {message}")
    elif reply.model_output is not None:
        read = _classify(reply.record_id, reply.model_output)
        if (reply.model_output.service_tier or {}).get("type") == STANDARD_TIER:
            read = msgspec.structs.replace(read, standard_tier=True)
    return read, reply.model_input


_decode_reply = msgspec.json.Decoder(_Reply).decode
_decode_question = msgspec.json.Decoder(_Question).decode
_decode_parts = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def _classify(record_id: str, output: _ModelOutput) -> Answer | RejectedAnswer:
    blocks = output.output.message.content
    text = blocks[0].text if len(blocks) == 1 else "".join([block.text for block in blocks])
    usage = output.usage or _NO_COUNTS
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
        latency_ms=output.metrics.latency_ms if output.metrics else None,
    )


def _unreadable(line: bytes, problem: str) -> tuple[RejectedAnswer | None, bytes]:
    try:
        parts = _decode_parts(line)
        record_id = msgspec.json.decode(parts["recordId"], type=str)
    except (msgspec.MsgspecError, KeyError):
        return None, b""
    return _reject(record_id, "unreadable", problem), parts.get("modelInput", b"")


def _is_busy(code: str) -> bool:
    return int(code) in RETRYABLE_CODES if code.isdigit() else any(word in code.lower() for word in _BUSY_WORDS)


def _reject(
    record_id: str, reason: str, detail: str, text: str | None = None, usage: _Counts = _NO_COUNTS
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
