"""Requests -> replies through Converse, in the layout that a batch job writes, so that one reader serves both.

A shard is answered in turns: each turn writes parts of a few replies as it goes, so that nothing that was paid for is lost when a turn ends early.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice

from distillation.record_lines import encode_line
from distillation.records import Request

PART_RECORDS = 25
"""Replies a part file: what an abrupt end of a turn can lose at the most, together with the calls under way."""

Ask = Callable[[Request], dict[str, object]]
"""Asks the model and gives `{"modelOutput": ...}` or `{"error": {"errorCode", "errorMessage"}}`."""


def reply_line(request: Request, outcome: dict[str, object]) -> bytes:
    """One line as Bedrock writes it: recordId, modelInput and the outcome."""
    return encode_line({"recordId": request.record_id, "modelInput": request.model_input, **outcome})


def answer_in_parts(requests: Iterable[Request], ask: Ask, *, workers: int, time_is_up: Callable[[], bool]) -> Iterator[list[bytes]]:
    """Asks `workers` at a time and gives the reply lines in parts, in order of arrival.

    Stops asking when `time_is_up`; calls under way are waited for and kept.
    """
    queue = iter(requests)
    part: list[bytes] = []
    with ThreadPoolExecutor(workers) as pool:
        under_way = {pool.submit(ask, request): request for request in islice(queue, workers)}
        while under_way:
            done, _ = wait(under_way, return_when=FIRST_COMPLETED)
            part.extend(reply_line(under_way.pop(future), future.result()) for future in done)
            if not time_is_up():
                under_way.update(_submit(pool, ask, islice(queue, len(done))))
            while len(part) >= PART_RECORDS:
                yield part[:PART_RECORDS]
                part = part[PART_RECORDS:]
    if part:
        yield part


def _submit(pool: ThreadPoolExecutor, ask: Ask, requests: Iterable[Request]) -> dict[Future[dict[str, object]], Request]:
    return {pool.submit(ask, request): request for request in requests}
