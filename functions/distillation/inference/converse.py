"""Requests -> replies through Converse, in the layout of a batch job, so that one reader serves both. Each turn writes
parts of a few replies, so that an early end loses nothing that was paid for.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, NamedTuple

from distillation.inference.adaptive_limit import AdaptiveLimit
from distillation.records import Request, encode_line

PART_RECORDS = 25
"""Replies a part file: what an abrupt end of a turn can lose at the most, together with the calls under way."""
THROTTLED = frozenset({429, 503})
PASSING = frozenset({408, 424, 500, 502, 504})
ATTEMPTS_WHEN_THROTTLED, ATTEMPTS = 8, 3
"""How often one request is asked in one turn, throttled or failed in passing; then its error is its reply."""

CallOutcome = dict[str, Any]
"""`{"modelOutput": ...}` or `{"error": {"errorCode", "errorMessage"}}`, with `retryAfter` (seconds) where Bedrock names
it.
"""
AskModel = Callable[[Request], CallOutcome]


class Pace(NamedTuple):
    """A clock in seconds that never goes back, and a way to wait."""

    clock: Callable[[], float]
    sleep: Callable[[float], None]


def reply_line(request: Request, outcome: CallOutcome) -> bytes:
    """One line as Bedrock writes it: recordId, modelInput and the outcome."""
    return encode_line({"recordId": request.record_id, "modelInput": request.model_input, **outcome})


def answer_in_parts(
    requests: Iterable[Request],
    ask: AskModel,
    *,
    limit: AdaptiveLimit,
    most: int,
    time_is_up: Callable[[], bool],
    pace: Pace,
) -> Iterator[list[bytes]]:
    """Asks as many at a time as `limit` allows, at most `most`; gives the reply lines in parts, in order of arrival.
    What is throttled or fails in passing is asked again. After `time_is_up` calls under way are waited for and kept;
    what waits for another attempt has no reply in this turn.
    """
    part: list[bytes] = []
    with ThreadPoolExecutor(most) as pool:
        desk = _Desk(pool, ask, limit, pace, requests)
        while not desk.idle(stop=time_is_up()):
            part.extend(desk.replies())
            while len(part) >= PART_RECORDS:
                yield part[:PART_RECORDS]
                part = part[PART_RECORDS:]
    if part:
        yield part


class _Desk:
    """Hands calls out and takes their outcomes in; only the pool's calls run beside it."""

    def __init__(
        self, pool: ThreadPoolExecutor, ask: AskModel, limit: AdaptiveLimit, pace: Pace, requests: Iterable[Request]
    ) -> None:
        self._pool, self._ask, self._limit, self._pace = pool, ask, limit, pace
        self._todo = deque((request, 1) for request in requests)
        self._under_way: dict[Future[CallOutcome], tuple[Request, int, float]] = {}
        """Each call's request, its attempt from 1, and when it began."""

    def idle(self, *, stop: bool) -> bool:
        """Hands out calls (none after `stop`), sleeps through a pause with none under way; whether all is done."""
        while not stop and self._todo and self._limit.allowed(self._pace.clock()) > len(self._under_way):
            request, attempt = self._todo.popleft()
            started = self._pace.clock()
            self._under_way[self._pool.submit(self._ask, request)] = request, attempt, started
        if self._under_way:
            return False
        if stop or not self._todo:
            return True
        self._pace.sleep(self._limit.pause(self._pace.clock()))
        return False

    def replies(self) -> Iterator[bytes]:
        """Waits for the next outcomes, no longer than a pause; gives the lines of those that are final."""
        if not self._under_way:
            return
        done, _ = wait(
            self._under_way, timeout=self._limit.pause(self._pace.clock()) or None, return_when=FIRST_COMPLETED
        )
        for future in done:
            (request, attempt, started), outcome = self._under_way.pop(future), future.result()
            if self._wants_another(attempt, started, outcome):
                self._todo.append((request, attempt + 1))
            else:
                yield reply_line(request, outcome)

    def _wants_another(self, attempt: int, started: float, outcome: CallOutcome) -> bool:
        retry_after, code = outcome.pop("retryAfter", None), int(outcome.get("error", {}).get("errorCode", 0))
        if code in THROTTLED:
            self._limit.throttled(started=started, now=self._pace.clock(), retry_after=retry_after)
        else:
            self._limit.went_well()
        return attempt < (ATTEMPTS_WHEN_THROTTLED if code in THROTTLED else ATTEMPTS if code in PASSING else 0)
