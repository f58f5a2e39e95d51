"""Converse in turns: nothing that was asked is lost, nothing is asked twice."""

import json
import threading

from hypothesis import given, settings
from hypothesis import strategies as st

from distillation.records import Request
from distillation.requests_to_replies import PART_RECORDS, answer_in_parts
from tests.fakes import model_output


def requests(count: int) -> list[Request]:
    return [Request(record_id=f"{n}-x-g0", model_input={"n": n}) for n in range(count)]


@settings(max_examples=25, deadline=None)
@given(count=st.integers(0, 90), workers=st.integers(1, 8))
def test_every_request_is_asked_once_and_every_reply_is_in_a_part(count: int, workers: int) -> None:
    asked: list[str] = []

    def ask(request: Request) -> dict[str, object]:
        asked.append(request.record_id)
        return model_output(request.record_id)

    parts = list(answer_in_parts(requests(count), ask, workers=workers, time_is_up=lambda: False))
    replied = [json.loads(line)["recordId"] for part in parts for line in part]
    assert sorted(asked) == sorted(replied) == sorted(r.record_id for r in requests(count))
    assert all(len(part) <= PART_RECORDS for part in parts)


def test_when_time_is_up_the_calls_under_way_are_kept_and_no_more_are_made() -> None:
    asked: list[str] = []
    lock = threading.Lock()

    def ask(request: Request) -> dict[str, object]:
        with lock:
            asked.append(request.record_id)
        return model_output("x")

    parts = list(answer_in_parts(requests(50), ask, workers=4, time_is_up=lambda: len(asked) >= 10))
    assert sum(map(len, parts)) == len(asked) < 50


def test_a_reply_line_is_what_a_batch_job_writes() -> None:
    (part,) = answer_in_parts(requests(1), lambda _: model_output("yes"), workers=1, time_is_up=lambda: False)
    line = json.loads(part[0])
    assert set(line) == {"recordId", "modelInput", "modelOutput"}
    assert (line["recordId"], line["modelInput"]) == ("0-x-g0", {"n": 0})
