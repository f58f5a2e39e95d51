"""Answers of a teacher as `ReadReplies` leaves them; a record id says prompt and sample: `p-x-g0`."""

from distillation.records import Answer, RejectedAnswer


def answer(record_id: str, text: str = "t", *, input_tokens: int = 1, latency_ms: int | None = None) -> Answer:
    names = record_id.split("-")
    return Answer(
        record_id=record_id,
        prompt_id=names[0],
        sample=names[-1],
        text=text,
        stop_reason="end_turn",
        input_tokens=input_tokens,
        output_tokens=1,
        latency_ms=latency_ms,
    )


def answers(prompt_id: str, *texts: str) -> list[Answer]:
    """One answer a text: the greedy one first, then the draws."""
    names = ["g0", *(f"s{i}" for i in range(20))]
    return [answer(f"{prompt_id}-x-{name}", text) for name, text in zip(names, texts, strict=False)]


def rejected(record_id: str, reason: str, detail: str = "", *, output_tokens: int = 0) -> RejectedAnswer:
    names = record_id.split("-")
    return RejectedAnswer(
        record_id=record_id,
        prompt_id=names[0],
        sample=names[-1],
        reason=reason,
        detail=detail,
        output_tokens=output_tokens,
    )
