"""What serves a dataset: a parameter that fits into 4 KB whatever its history, ways back, and the canary's verdict."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.records import HoldoutItem
from distillation.task import Task, TaskKind
from distillation.training.promotion import (
    HISTORY_MAX,
    PARAMETER_MAX_BYTES,
    Canary,
    Served,
    ServedStudent,
    answers_agree,
    canary_items,
    judge_canary,
    parameter_text,
    promoted,
    read_parameter,
    rolled_back,
    to_go_back_to,
)

STABLE = "arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/abcdefghijkl"
LABEL = Task(kind=TaskKind.LABEL, labels=("good", "bad"))


def served(number: int, *, padding: str = "") -> Served:
    return Served(
        model_arn=f"arn:aws:bedrock:us-east-1:123456789012:custom-model/amazon.nova-micro-v1:0:128k/{number:012d}",
        run_id=f"{padding}run-{number}",
        report_key=f"runs/{padding}run-{number}/8-report/index.html",
        dataset_sha256="a" * 64,
        promoted_at=f"2026-01-01T00:00:{number % 60:02d}+00:00",
    )


def after(*numbers: int, padding: str = "") -> ServedStudent:
    now: ServedStudent | None = None
    for number in numbers:
        now = promoted(now, STABLE, served(number, padding=padding))
    assert now is not None
    return now


@given(count=st.integers(1, 40), padding=st.text("ab-", max_size=26))
def test_the_parameter_fits_into_a_standard_one_and_keeps_the_newest(count: int, padding: str) -> None:
    now = after(*range(count), padding=padding)
    assert (
        len(
            parameter_text(
                rolled_back(now, now.history[0], "2026-01-01T00:00:00+00:00", "pat") if now.history else now
            ).encode()
        )
        <= PARAMETER_MAX_BYTES
    )
    assert len(parameter_text(now).encode()) <= PARAMETER_MAX_BYTES
    assert now.now == served(count - 1, padding=padding)
    newest_first = [served(n, padding=padding) for n in reversed(range(count - 1))]
    assert list(now.history) == newest_first[: len(now.history)]
    assert len(now.history) >= min(count - 1, 6) and len(now.history) <= HISTORY_MAX


def test_the_deployment_stays_and_the_run_before_is_named() -> None:
    now = after(1, 2)
    assert (now.deployment_arn, now.previous, now.run_id) == (STABLE, "run-1", "run-2")
    assert read_parameter(parameter_text(now)) == now


def test_promoting_what_serves_already_adds_no_history() -> None:
    assert after(1, 2, 2).history == after(1, 2).history


def test_a_rollback_goes_to_the_run_before_and_a_second_one_further() -> None:
    now = after(1, 2, 3)
    target = to_go_back_to(now)
    assert target == served(2)
    back = rolled_back(now, served(2), "later", "pat")
    assert (back.run_id, back.promoted_at, back.rolled_back_from, back.previous) == ("run-2", "later", "run-3", "run-1")
    assert to_go_back_to(back) == served(1)
    assert to_go_back_to(rolled_back(back, served(1), "later", "pat")) is None


def test_a_rollback_can_name_its_run() -> None:
    assert to_go_back_to(after(1, 2, 3), "run-1") == served(1)
    assert to_go_back_to(after(1, 2, 3), "run-3") is None


def test_runs_that_serve_or_may_again_are_known() -> None:
    assert [after(1, 2).knows(run) for run in ("run-1", "run-2", "run-3")] == [True, True, False]


@given(size=st.integers(0, 50), answered=st.integers(0, 50), limit=st.integers(1, 60))
def test_canary_items_are_answered_ones_spread_over_the_holdout(size: int, answered: int, limit: int) -> None:
    holdout = [HoldoutItem(prompt_id=str(n), prompt="?") for n in range(size)]
    said = {str(n): "good" for n in range(min(size, answered))}
    chosen = canary_items(holdout, said, limit)
    ids = [item.prompt_id for item in chosen]
    assert len(ids) == min(limit, len(said)) == len(set(ids))
    assert set(ids) <= set(said) and ids == sorted(ids, key=int)


def test_the_canary_counts_equal_canonical_answers() -> None:
    said = {"a": "good", "b": "bad", "c": "bad", "d": "good"}
    canary = judge_canary(said, {"a": "Good.", "b": "good", "c": None, "d": "good"}, LABEL)
    assert canary == Canary(asked=4, equal=2, differing=("b", "c"))
    assert canary.passes(0.5) and not canary.passes(0.51)


def test_a_canary_that_asked_nothing_shows_nothing() -> None:
    assert not Canary(asked=0, equal=0).passes(0)


@pytest.mark.parametrize(
    ("one", "other", "task", "same"),
    [
        ("good", "GOOD", LABEL, True),
        ("good", "bad", LABEL, False),
        ("what?", "what?", LABEL, True),
        ("what?", "bad", LABEL, False),
        ("The cat sat on the mat today", "The cat sat on a mat today", Task(kind=TaskKind.TEXT), True),
        ("The cat sat on the mat", "Nobody knows anything about dogs", Task(kind=TaskKind.TEXT), False),
    ],
)
def test_same_answers(one: str, other: str, task: Task, same: bool) -> None:
    assert answers_agree(one, other, task) is same
