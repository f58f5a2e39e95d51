"""Converse in turns: nothing that was asked is lost, nothing that was answered is asked twice, what is throttled is
asked again.
"""

import json
import threading
from collections import Counter
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from distillation.inference.adaptive_limit import AdaptiveLimit
from distillation.inference.converse import (
    ATTEMPTS,
    ATTEMPTS_WHEN_THROTTLED,
    PART_RECORDS,
    AskModel,
    Pace,
    answer_in_parts,
)
from distillation.records import Request
from tests.fakes import model_output, record_error


class FakePace:
    """A clock that moves only by waiting."""

    def __init__(self) -> None:
        self.time, self.waits = 0.0, list[float]()

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += seconds

    @property
    def pace(self) -> Pace:
        return Pace(lambda: self.time, self.sleep)


def requests(count: int) -> list[Request]:
    return [Request(record_id=f"{n}-x-g0", model_input={"n": n}) for n in range(count)]


def answer(
    todo: list[Request],
    ask: AskModel,
    *,
    most: int = 4,
    time_is_up: Callable[[], bool] = lambda: False,
    pace: Pace | None = None,
) -> list[list[bytes]]:
    limit = AdaptiveLimit(most=most, start=most)
    return list(answer_in_parts(todo, ask, limit=limit, most=most, time_is_up=time_is_up, pace=pace or FakePace().pace))


def replies(parts: list[list[bytes]]) -> dict[str, dict[str, object]]:
    lines = [json.loads(line) for part in parts for line in part]
    assert len({line["recordId"] for line in lines}) == len(lines)
    return {line["recordId"]: line for line in lines}


@settings(max_examples=25, deadline=None)
@given(count=st.integers(0, 90), most=st.integers(1, 8))
def test_every_request_is_asked_once_and_every_reply_is_in_a_part(count: int, most: int) -> None:
    asked: list[str] = []

    def ask(request: Request) -> dict[str, object]:
        asked.append(request.record_id)
        return model_output(request.record_id)

    parts = answer(requests(count), ask, most=most)
    assert sorted(asked) == sorted(replies(parts)) == sorted(r.record_id for r in requests(count))
    assert all(len(part) <= PART_RECORDS for part in parts)


@settings(max_examples=25, deadline=None)
@given(
    refusals=st.dictionaries(st.integers(0, 39), st.integers(1, ATTEMPTS_WHEN_THROTTLED - 1)), most=st.integers(1, 8)
)
def test_what_is_throttled_is_asked_again_until_it_is_answered(refusals: dict[int, int], most: int) -> None:
    asked, lock = Counter[str](), threading.Lock()

    def ask(request: Request) -> dict[str, object]:
        with lock:
            asked[request.record_id] += 1
            return (
                record_error(429)
                if asked[request.record_id] <= refusals.get(int(request.record_id.split("-")[0]), 0)
                else model_output("yes")
            )

    found = replies(answer(requests(40), ask, most=most))
    assert len(found) == 40 and all("modelOutput" in line for line in found.values())
    assert all(asked[f"{n}-x-g0"] == 1 + refusals.get(n, 0) for n in range(40))


def test_a_request_that_stays_throttled_ends_with_its_error_and_the_others_are_asked_all_the_same() -> None:
    pace = FakePace()
    found = replies(
        answer(
            requests(5),
            lambda r: (
                record_error(429 if r.record_id.startswith("2") else 0)
                if r.record_id.startswith("2")
                else model_output("y")
            ),
            pace=pace.pace,
        )
    )
    assert len(found) == 5 and found["2-x-g0"]["error"] == {"errorCode": 429, "errorMessage": "no"}
    assert sum(pace.waits) > 10


def test_everything_throttled_still_gives_every_request_its_line() -> None:
    asked: list[str] = []

    def ask(request: Request) -> dict[str, object]:
        asked.append(request.record_id)
        return record_error(503)

    assert len(replies(answer(requests(7), ask))) == 7
    assert len(asked) == 7 * ATTEMPTS_WHEN_THROTTLED


def test_other_passing_errors_are_tried_thrice_and_lasting_ones_once() -> None:
    asked = Counter[str]()

    def ask(request: Request) -> dict[str, object]:
        asked[request.record_id] += 1
        return record_error(500 if request.record_id.startswith("0") else 400)

    replies(answer(requests(2), ask))
    assert (asked["0-x-g0"], asked["1-x-g0"]) == (ATTEMPTS, 1)


def test_the_time_that_bedrock_names_is_waited_for_and_not_written() -> None:
    pace, asked = FakePace(), list[str]()

    def ask(request: Request) -> dict[str, object]:
        asked.append(request.record_id)
        return record_error(429) | {"retryAfter": 17.0} if len(asked) == 1 else model_output("yes")

    found = replies(answer(requests(1), ask, pace=pace.pace))
    assert pace.waits == [17.0] and set(found["0-x-g0"]) == {"recordId", "modelInput", "modelOutput"}


def test_when_time_is_up_the_calls_under_way_are_kept_and_no_more_are_made() -> None:
    asked: list[str] = []
    lock = threading.Lock()

    def ask(request: Request) -> dict[str, object]:
        with lock:
            asked.append(request.record_id)
        return model_output("x")

    parts = answer(requests(50), ask, time_is_up=lambda: len(asked) >= 10)
    assert sum(map(len, parts)) == len(asked) < 50


def test_what_waits_for_another_attempt_when_time_is_up_has_no_reply_in_this_turn() -> None:
    asked: list[str] = []

    def ask(request: Request) -> dict[str, object]:
        asked.append(request.record_id)
        return record_error(429)

    assert answer(requests(3), ask, time_is_up=lambda: len(asked) >= 3) == []


def test_never_more_calls_at_once_than_allowed() -> None:
    running, worst, lock = 0, 0, threading.Lock()
    gate = threading.Barrier(3)

    def ask(request: Request) -> dict[str, object]:
        nonlocal running, worst
        with lock:
            running, worst = running + 1, max(worst, running + 1)
        gate.wait(timeout=5)
        with lock:
            running -= 1
        return model_output("x")

    assert len(replies(answer(requests(9), ask, most=3))) == 9
    assert worst == 3


def test_a_reply_line_is_what_a_batch_job_writes() -> None:
    ((line,),) = answer(requests(1), lambda _: model_output("yes"))
    assert set(json.loads(line)) == {"recordId", "modelInput", "modelOutput"}
