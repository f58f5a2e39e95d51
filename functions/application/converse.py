"""Answering requests through Converse in turns that fit into Lambda's time."""

import time
from collections.abc import Sequence

from application.entry import Invocation
from application.services import Services
from distillation.errors import ThrottledByBedrock
from distillation.inference.adaptive_limit import AdaptiveLimit
from distillation.inference.converse import Pace, answer_in_parts
from distillation.records import Request

MOST, START = 32, 8
"""Calls at the same time of one function: as many as the client keeps connections."""
RESERVE_MS = 90_000
"""What a turn keeps of its time for the calls under way and the last part; a call may take a minute."""
PATIENCE_SECONDS = 300.0

PACE = Pace(time.monotonic, time.sleep)


def converse(
    services: Services, invocation: Invocation, todo: Sequence[Request], *, model_id: str, replies: str, flex: bool
) -> bool:
    """Asks `todo`, and writes the replies as parts below the prefix `replies`, behind those of earlier turns. True when
    all were asked. Raises ThrottledByBedrock where a whole turn brought nothing.
    """
    store, had_time = services.store, invocation.get_remaining_time_in_millis() >= RESERVE_MS
    first_part = len(store.list(f"{replies}now/"))
    parts = answer_in_parts(
        todo,
        lambda request: services.models.ask(model_id, request, flex=flex),
        limit=AdaptiveLimit(most=MOST, start=START),
        most=MOST,
        time_is_up=lambda: invocation.get_remaining_time_in_millis() < RESERVE_MS,
        pace=PACE,
    )
    written = sum(
        store.put_lines(f"{replies}now/part-{number:04d}.jsonl.out", part)
        for number, part in enumerate(parts, first_part)
    )
    if todo and had_time and not written:
        raise ThrottledByBedrock(f"{model_id} answered none of {len(todo)} requests in a whole turn")
    return written == len(todo)


def ask_all(services: Services, requests: Sequence[Request], *, model_id: str) -> list[bytes]:
    """The reply lines to a few requests, in order of arrival; what has no answer in `PATIENCE_SECONDS` has none."""
    end = PACE.clock() + PATIENCE_SECONDS
    parts = answer_in_parts(
        requests,
        lambda request: services.models.ask(model_id, request, flex=False),
        limit=AdaptiveLimit(most=START, start=2),
        most=START,
        time_is_up=lambda: PACE.clock() > end,
        pace=PACE,
    )
    return [line for part in parts for line in part]
