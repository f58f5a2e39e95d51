"""Replies -> answers, rejections with a reason, and the ids that nobody replied to.

Bedrock writes a shard's records in any order, may leave some out, and writes a failed one with `error` in place of `modelOutput` (batch inference guide).
"""

import re
from collections.abc import Iterable

import msgspec

from distillation.errors import RecordsLost
from distillation.prompts_to_requests import prompt_of, sample_of
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
_REFUSAL = re.compile(
    r"(?:i['’]?m sorry|i am sorry|sorry|i apologi[sz]e|unfortunately)?[,.!]?\s*(?:but\s+)?"
    r"(?:as an ai(?: language model| assistant)?,?\s*)?i\s*(?:can['’]?t|cannot|can not|am unable to|['’]m unable to|won['’]?t)\s+"
    r"(?:help|assist|provide|answer|comply|fulfill|fulfil|create|generate|engage|discuss|do that)",
    re.IGNORECASE,
)


class _Error(msgspec.Struct, rename="camel"):
    error_code: int | str = 0
    error_message: str = ""


class _Block(msgspec.Struct):
    text: str = ""


class _Message(msgspec.Struct):
    content: list[_Block] = []


class _Output(msgspec.Struct):
    message: _Message


class _Usage(msgspec.Struct, rename="camel"):
    input_tokens: int = 0
    output_tokens: int = 0


_NO_USAGE = _Usage()


class _Metrics(msgspec.Struct, rename="camel"):
    latency_ms: int | None = None


class _ModelOutput(msgspec.Struct, rename="camel"):
    output: _Output
    stop_reason: str
    usage: _Usage = msgspec.field(default_factory=_Usage)
    metrics: _Metrics = msgspec.field(default_factory=_Metrics)


class _Reply(msgspec.Struct, rename="camel"):
    record_id: str
    model_output: _ModelOutput | None = None
    error: _Error | None = None


class _Named(msgspec.Struct, rename="camel"):
    record_id: str


class ShardAnswers(Record, frozen=True):
    """What came of a shard: every requested id is in exactly one of the three. `missing` holds the ids without any reply, in order of request."""

    answers: list[Answer]
    rejected: list[RejectedAnswer]
    missing: list[str]

    @property
    def to_ask_again(self) -> list[str]:
        """The ids that a further wave may still bring an answer for."""
        return [*self.missing, *(r.record_id for r in self.rejected if r.reason == BUSY)]


def read_replies(requested: Iterable[str], lines: Iterable[bytes]) -> ShardAnswers:
    """Joins a shard's reply lines to its requested ids.

    A line that is no reply at all is passed over, so its id counts as missing and is asked again; of two replies to one id the first that can be used stands.

    Raises:
        RecordsLost: a reply names an id that this shard never asked.
    """
    ids = dict.fromkeys(requested)
    answers: dict[str, Answer] = {}
    rejected: dict[str, RejectedAnswer] = {}
    strangers: set[str] = set()
    for line in lines:
        parsed = read_reply(line) if line.strip() else None
        if parsed is None:
            continue
        if parsed.record_id not in ids:
            strangers.add(parsed.record_id)
        elif isinstance(parsed, Answer):
            answers.setdefault(parsed.record_id, parsed)
        else:
            rejected.setdefault(parsed.record_id, parsed)
    if strangers:
        raise RecordsLost("ReadReplies", set(), strangers)
    return ShardAnswers(
        answers=[answers[i] for i in ids if i in answers],
        rejected=[rejected[i] for i in ids if i in rejected and i not in answers],
        missing=[i for i in ids if i not in answers and i not in rejected],
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
            reply.record_id, BUSY if _code(reply.error) in RETRYABLE_CODES else "bedrock_error", f"{reply.error.error_code}: {reply.error.error_message}"
        )
    if reply.model_output is None:
        return _reject(reply.record_id, "unreadable", "neither modelOutput nor error")
    return _classify(reply.record_id, reply.model_output)


_decode_reply = msgspec.json.Decoder(_Reply).decode
_decode_name = msgspec.json.Decoder(_Named).decode


def _classify(record_id: str, output: _ModelOutput) -> Answer | RejectedAnswer:
    text = "".join(block.text for block in output.output.message.content)
    reason, detail = _why_unusable(text, output.stop_reason)
    usage = output.usage
    if reason:
        return _reject(record_id, reason, detail, text, usage)
    return Answer(
        record_id=record_id,
        prompt_id=prompt_of(record_id),
        sample=sample_of(record_id),
        text=text,
        stop_reason=output.stop_reason,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        latency_ms=output.metrics.latency_ms,
    )


def _why_unusable(text: str, stop_reason: str) -> tuple[str, str]:
    if stop_reason not in USABLE_STOPS:
        return _REASON_OF_STOP.get(stop_reason, "malformed"), f"stopReason {stop_reason}"
    if not text.strip():
        return "empty", "no text in the reply"
    if _REFUSAL.match(text.strip()):
        return "refused", "the text declines to answer"
    return "", ""


def _unreadable(line: bytes, problem: str) -> RejectedAnswer | None:
    try:
        record_id = _decode_name(line).record_id
    except msgspec.MsgspecError:
        return None
    return _reject(record_id, "unreadable", problem)


def _code(error: _Error) -> int:
    return int(error.error_code) if str(error.error_code).isdigit() else 0


def _reject(record_id: str, reason: str, detail: str, text: str | None = None, usage: _Usage = _NO_USAGE) -> RejectedAnswer:
    return RejectedAnswer(
        record_id=record_id,
        prompt_id=prompt_of(record_id),
        sample=sample_of(record_id) if "-" in record_id else "",
        reason=reason,
        detail=detail[:500],
        text=text,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
    )
