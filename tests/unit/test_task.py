import pytest

from distillation.task import Task, TaskKind, canonical_answer

LABELS = Task(kind=TaskKind.LABEL, labels=("Positive", "negative"))


@pytest.mark.parametrize("text", ["Positive", "positive", " POSITIVE\n", '"positive"', "'Positive.'", "**positive**", "`positive`", "positive."])
def test_a_label_is_found_through_case_quotes_and_full_stop(text: str) -> None:
    assert canonical_answer(text, LABELS) == "Positive"


@pytest.mark.parametrize("text", ["", "positively", "positive or negative", "It is positive", "neutral"])
def test_what_is_not_a_label(text: str) -> None:
    assert canonical_answer(text, LABELS) is None


@pytest.mark.parametrize(
    ("pattern", "text", "answer"),
    [
        (r"Answer:\s*(-?\d+)", "Answer: 1, no. Answer: 42 ", "42"),
        (r"\d+", "first 1, then 22", "22"),
        (r"\d+", "none", None),
        (r"\\boxed\{([^}]*)\}", r"so \boxed{ x + 1 }", "x + 1"),
    ],
)
def test_the_last_match_of_the_pattern_is_the_answer(pattern: str, text: str, answer: str | None) -> None:
    assert canonical_answer(text, Task(kind=TaskKind.ANSWER, answer_pattern=pattern)) == answer


@pytest.mark.parametrize(("text", "answer"), [("a  b\n c ", "a b c"), ("", None), (" \n", None)])
def test_free_text_is_compared_without_its_white_space(text: str, answer: str | None) -> None:
    assert canonical_answer(text, Task(kind=TaskKind.TEXT)) == answer
