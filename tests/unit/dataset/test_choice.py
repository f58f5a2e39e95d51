"""Policies: what is learnt, and why the rest is not."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest

from distillation.dataset.choice import Chooser
from distillation.dataset.filters.chain import Accepted
from distillation.run.curation import Examples, Filters
from distillation.task import Task, TaskKind, Unfit
from tests.worlds.answers import answer

LABEL = Task(kind=TaskKind.LABEL, labels=("a", "b", "c"))
TEXT = Task(kind=TaskKind.TEXT)


def samples(texts: Sequence[str], greedy: bool = True) -> list[Accepted]:
    names = [*(["g0"] if greedy else []), *(f"s{i}" for i in range(20))]
    return [Accepted(answer(name, text), text, text) for name, text in zip(names, texts, strict=False)]


class Choice(NamedTuple):
    """Canonical form, and record ids of what is learnt and what is not (with the reason)."""

    form: str
    learnt: list[str]
    passed_over: list[tuple[str, str]]


def choose(
    policy: str,
    texts: Sequence[str],
    *,
    task: Task = LABEL,
    reference: str | None = None,
    judge: bool = False,
    greedy: bool = True,
) -> Choice | Unfit:
    filters: dict[str, Any] = {"judge": {}} if judge else {}
    accepted = samples(texts, greedy)
    chooser = Chooser(task, Examples.model_validate({"policy": policy}), Filters.model_validate(filters))
    chosen = chooser.choose(accepted, reference)
    if isinstance(chosen, Unfit):
        return chosen
    form, learnt = chosen
    passed_over = list(chooser.passed_over(accepted, learnt))
    return Choice(form, [one.answer.record_id for one in learnt], passed_over)


def learnt(choice: Choice | Unfit) -> list[str]:
    assert isinstance(choice, Choice)
    return choice.learnt


def test_consensus_learns_the_first_sample_of_the_majority_and_says_why_not_the_others() -> None:
    choice = choose("consensus", ["b", "a", "a", "c", "a"])
    assert learnt(choice) == ["s0"]
    assert isinstance(choice, Choice)
    assert choice.passed_over == [
        ("g0", "outvoted"),
        ("s1", "duplicate_of_chosen"),
        ("s2", "outvoted"),
        ("s3", "duplicate_of_chosen"),
    ]


def test_a_tie_goes_to_the_greedy_answer() -> None:
    assert learnt(choose("consensus", ["b", "a", "a", "b"])) == ["g0"]


def test_free_text_learns_the_sample_nearest_to_the_others() -> None:
    assert learnt(
        choose("consensus", ["an odd one", "a good long film", "a good film", "a very good film"], task=TEXT)
    ) == ["s1"]


def test_proportional_learns_every_draw_and_not_the_greedy_answer() -> None:
    choice = choose("proportional", ["a", "a", "b", "a", "a"])
    assert learnt(choice) == ["s0", "s1", "s2", "s3"]
    assert isinstance(choice, Choice)
    assert (choice.form, choice.passed_over) == ("a", [("g0", "greedy_is_no_draw")])
    assert learnt(choose("proportional", ["a"])) == ["g0"]
    assert learnt(choose("proportional", ["a", "b"], greedy=False)) == ["s0", "s1"]


def test_best_takes_the_first_sample_that_gives_the_reference() -> None:
    choice = choose("best", ["b", "b", "a", "a"], reference="a", judge=True)
    assert learnt(choice) == ["s1"]
    assert isinstance(choice, Choice)
    assert dict(choice.passed_over) == {"g0": "outvoted", "s0": "outvoted", "s2": "duplicate_of_chosen"}


def test_best_without_a_sample_that_gives_the_reference_teaches_nothing() -> None:
    choice = choose("best", ["b", "b"], reference="a")
    assert isinstance(choice, Unfit)
    assert choice.reason == "no_sample_matches_reference"


@pytest.mark.parametrize(("task", "reference"), [(LABEL, None), (TEXT, "a reference"), (TEXT, None)])
def test_best_leaves_distinct_answers_to_the_judge(task: Task, reference: str | None) -> None:
    choice = choose("best", ["b", "a", "b", "c"], task=task, reference=reference, judge=True)
    assert learnt(choice) == ["g0", "s0", "s2"]
    assert isinstance(choice, Choice)
    assert choice.passed_over == [("s1", "duplicate_of_chosen")]


def test_best_with_neither_falls_back_to_consensus() -> None:
    assert learnt(choose("best", ["b", "a", "a"])) == ["s0"]
