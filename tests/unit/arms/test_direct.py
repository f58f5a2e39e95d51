"""The direct student: the same prompts, as many lines, the seeds' own references."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.arms.direct import (
    DirectCounts,
    check_direct,
    direct_lines,
    references_of,
    trouble_of_direct,
    usable_reference,
)
from distillation.arms.few_shot import TrainingPrompt
from distillation.errors import InvalidInput
from distillation.records import Prompt
from distillation.task import Task, TaskKind

LABEL = Task(kind=TaskKind.LABEL, labels=("bad", "good"))
TEXT = Task(kind=TaskKind.TEXT)
ANSWER = Task(kind=TaskKind.ANSWER, answer_pattern=r"The answer is (\d+)")


def taught(*numbers: int) -> list[TrainingPrompt]:
    return [
        TrainingPrompt(prompt_id=f"p{n}", system="rules", prompt=f"prompt {n}", answers=(), category=None)
        for n in numbers
    ]


def said(lines: list[bytes]) -> list[tuple[str, str]]:
    conversations = [json.loads(line)["messages"] for line in lines]
    return [(user["content"][0]["text"], assistant["content"][0]["text"]) for user, assistant in conversations]


def test_the_same_prompts_in_the_same_order_with_the_references_for_answers() -> None:
    lines, counts = direct_lines(taught(2, 1, 1), {"p1": "Good.", "p2": "bad"}, LABEL)
    assert said(lines) == [("prompt 2", "bad"), ("prompt 1", "good"), ("prompt 1", "good")]
    assert json.loads(lines[0])["system"] == [{"text": "rules"}]
    assert counts == DirectCounts(lines=3, prompts=2, prompts_without=0, repeated=0)


def test_prompts_without_a_reference_are_filled_with_the_others_in_turn() -> None:
    lines, counts = direct_lines(taught(1, 2, 3, 4, 5), {"p1": "good", "p3": "bad", "p5": "?"}, LABEL)
    assert [prompt for prompt, _ in said(lines)] == ["prompt 1", "prompt 1", "prompt 3", "prompt 3", "prompt 1"]
    assert counts == DirectCounts(lines=5, prompts=2, prompts_without=3, repeated=3)


def test_without_any_reference_there_are_no_lines() -> None:
    lines, counts = direct_lines(taught(1, 2), {}, TEXT)
    assert (lines, counts) == ([], DirectCounts(lines=0, prompts=0, prompts_without=2, repeated=0))


@given(size=st.integers(1, 60), known=st.sets(st.integers(0, 59), min_size=1))
def test_both_students_take_as_many_steps(size: int, known: set[int]) -> None:
    lines, counts = direct_lines(taught(*range(size)), {f"p{n}": "good" for n in known}, LABEL)
    usable = {n for n in known if n < size}
    assert len(lines) == (size if usable else 0)
    assert (counts.prompts, counts.prompts_without) == (len(usable), size - len(usable))
    assert {prompt for prompt, _ in said(lines)} == {f"prompt {n}" for n in usable}


def test_references_are_redacted_as_prompts_are() -> None:
    lines, _ = direct_lines(
        taught(1), {"p1": "write to a@b.example"}, TEXT, lambda text: text.replace("a@b.example", "[EMAIL]")
    )
    assert said(lines) == [("prompt 1", "write to [EMAIL]")]


@pytest.mark.parametrize(
    ("reference", "task", "answer"),
    [
        (" Good.", LABEL, "good"),
        ("fine", LABEL, None),
        (None, LABEL, None),
        ("  ", TEXT, None),
        (" a text ", TEXT, "a text"),
        ("Assistant: no", TEXT, None),
        ("The answer is 42", ANSWER, "The answer is 42"),
        ("42", ANSWER, None),
    ],
)
def test_a_reference_that_no_answer_could_look_like_is_not_taught(
    reference: str | None, task: Task, answer: str | None
) -> None:
    assert usable_reference(reference, task) == answer


def test_a_reference_that_is_too_long_is_not_taught() -> None:
    lines, counts = direct_lines(taught(1, 2), {"p1": "word " * 40_000, "p2": "short"}, TEXT)
    assert [answer for _, answer in said(lines)] == ["short", "short"] and counts.prompts_without == 1


@pytest.mark.parametrize(
    ("with_reference", "seeds", "fine"), [(100, 100, True), (50, 100, True), (49, 100, False), (0, 0, False)]
)
def test_most_seeds_need_a_reference(with_reference: int, seeds: int, fine: bool) -> None:
    assert (trouble_of_direct(with_reference, seeds) is None) is fine


def test_a_run_without_references_is_refused_before_it_costs_anything() -> None:
    prompts = [
        Prompt(prompt_id=f"p{n}", prompt="?", seed_id="s", reference="good" if n < 6 else "unknown") for n in range(10)
    ]
    check_direct(prompts, LABEL)
    with pytest.raises(InvalidInput, match="usable references in 2 of 6 seeds"):
        check_direct(prompts[4:], LABEL)


def test_only_wanted_references_are_held() -> None:
    assert references_of([("a", "1"), ("b", None), ("c", "3")], {"a", "b"}) == {"a": "1"}
