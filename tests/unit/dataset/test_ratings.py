"""The judge filter: what is asked, how a rating is read, what it leaves."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.dataset.ratings import Rated, by_ratings, rating_requests, ratings_of
from distillation.records import Request
from tests.worlds.answers import answer
from tests.worlds.datasets import JUDGE, candidate
from tests.worlds.run_records import run_record

RECORD = run_record(**JUDGE)
TWO = candidate("Is it good?", answers=("yes", "no", "yes"), system="Judge.")


def texts(request: Request) -> tuple[str, str]:
    body: dict[str, Any] = request.model_input
    return body["system"][0]["text"], body["messages"][0]["content"][0]["text"]


def rated(*ratings: int | None) -> dict[str, int]:
    requests = rating_requests(TWO, RECORD)
    return {request.record_id: rating for request, rating in zip(requests, ratings, strict=True) if rating is not None}


def test_each_distinct_answer_is_asked_about_once_with_everything_that_it_answers() -> None:
    requests = rating_requests(TWO, RECORD)
    assert len(requests) == 2
    system, user = texts(requests[1])
    assert system.endswith("\nAnswer with exactly one of: 1 | 2 | 3 | 4 | 5")
    assert "correct, complete" in system
    code = user[len("[instructions ") :][:12]
    parts = (("instructions", "Judge."), ("prompt", "Is it good?"), ("answer", "no"))
    shown = "\n\n".join(f"[{name} {code}]\n{text}\n[end of {name} {code}]" for name, text in parts)
    assert user.startswith(f"{shown}\n\nHow good is the answer to the prompt?")
    assert user.endswith("Reply with one number from 1 to 5, and nothing else.")


def test_ids_derive_from_prompt_answer_rubric_and_model() -> None:
    ids = [r.record_id for r in rating_requests(TWO, RECORD)]
    assert ids == [r.record_id for r in rating_requests(TWO, RECORD)]
    assert all(re.fullmatch(rf"{TWO.key.prompt_id}-[0-9a-f]{{8}}-g0", i) for i in ids)
    others = [
        run_record(filters={"judge": {"rubric": r}}, models={"judge": m})
        for m, r in (("other", None), ("judge", "Only short answers are good."))
    ]
    assert len({*ids, *(r.record_id for other in others for r in rating_requests(TWO, other))}) == 6


@given(st.text(max_size=200), st.text(min_size=1, max_size=200))
def test_no_text_can_end_its_own_part(prompt: str, answer: str) -> None:
    _, user = texts(rating_requests(candidate(prompt or "x", answers=(answer,)), RECORD)[0])
    code = user[len("[instructions ") : len("[instructions ") + 12]
    assert user.count(f"[end of answer {code}]") == user.count(f"[answer {code}]") == 1


def test_templates_in_texts_stay_what_they_are() -> None:
    _, user = texts(rating_requests(candidate("pay $prompt or ${system}", answers=("$code",)), RECORD)[0])
    assert "\npay $prompt or ${system}\n" in user
    assert "\n$code\n" in user


@pytest.mark.parametrize(
    ("text", "rating"), [("4", 4), (" 5.\n", 5), ('"1"', 1), ("6", None), ("four", None), ("4 out of 5", None)]
)
def test_a_rating_is_read_as_a_label_is(text: str, rating: int | None) -> None:
    assert ratings_of([answer("r", text)]).get("r") == rating


def test_low_answers_go_and_good_ones_stay_as_often_as_they_were_given() -> None:
    assert by_ratings(TWO, rated(4, 2), RECORD) == Rated(("yes", "yes"))
    assert by_ratings(TWO, rated(2, 3), RECORD) == Rated(("no",))


def test_a_prompt_without_a_good_answer_goes_with_its_reason() -> None:
    assert by_ratings(TWO, rated(2, 1), RECORD) == Rated((), "low_rating", "rated 2, filters.judge.threshold is 3")
    assert by_ratings(TWO, rated(2, None), RECORD).reason == "low_rating"
    assert by_ratings(TWO, rated(None, None), RECORD) == Rated((), "not_rated", "no usable rating in any round")


def test_the_best_is_the_highest_rated_then_the_most_given_then_the_first() -> None:
    best = run_record(examples={"policy": "best"}, **JUDGE)
    assert by_ratings(TWO, rated(3, 5), best) == Rated(("no",))
    assert by_ratings(TWO, rated(4, 4), best) == Rated(("yes",))
    assert by_ratings(
        candidate("q", answers=("a", "b")),
        {r.record_id: 5 for r in rating_requests(candidate("q", answers=("a", "b")), best)},
        best,
    ) == Rated(("a",))
