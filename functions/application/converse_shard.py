"""Answering requests through Converse in turns that fit into Lambda's time. Shared by teacher shards and holdout shards."""

from collections.abc import Sequence

from application.entry import Turn
from application.services import Services
from distillation.records import Request
from distillation.requests_to_replies import answer_in_parts

WORKERS = 8
RESERVE_MS = 90_000
"""What a turn keeps of its time for the calls under way and the last part; a call may take a minute."""


def converse(services: Services, turn: Turn, todo: Sequence[Request], *, model_id: str, replies: str, flex: bool) -> bool:
    """Asks `todo` and writes the replies as parts below the prefix `replies`, behind the parts of earlier turns. True when all were asked."""
    store = services.store
    first_part = len(store.list(f"{replies}now/"))
    parts = answer_in_parts(
        todo,
        lambda request: services.models.ask(model_id, request, flex=flex),
        workers=WORKERS,
        time_is_up=lambda: turn.get_remaining_time_in_millis() < RESERVE_MS,
    )
    written = sum(store.put_lines(f"{replies}now/part-{number:04d}.jsonl.out", part) for number, part in enumerate(parts, first_part))
    return written == len(todo)
