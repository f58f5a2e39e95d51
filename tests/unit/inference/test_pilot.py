"""The pilot: only clear evidence stops a run, and the message names what would mend it."""

from typing import Any

import pytest
from scipy.stats import binomtest

from distillation.errors import PilotFailed
from distillation.inference.pilot import (
    PilotOutcome,
    check_base,
    check_score,
    judge_pilot,
    pilot_groups,
    upper_share,
)
from distillation.inference.requests import requests_of
from distillation.records import Answer, Prompt, RejectedAnswer
from distillation.run.config import Sampling
from distillation.run.input import resolve_config
from distillation.task import Task, TaskKind
from tests.worlds.answers import answer

LABELS = Task(kind=TaskKind.LABEL, labels=("good", "bad"))
PATTERN = Task(kind=TaskKind.ANSWER, answer_pattern=r"answer is (\d+)")


def prompts_of(number: int, reference: str | None = "good") -> dict[str, Prompt]:
    return {
        f"p{n}": Prompt(prompt_id=f"p{n}", prompt=f"Seed {n}", seed_id="s", reference=reference) for n in range(number)
    }


def answers_of(texts: list[str]) -> list[Answer]:
    return [answer(f"p{n}-x-g0", text) for n, text in enumerate(texts)]


def outcome(
    texts: list[str], task: Task, *, truncated: int = 0, reference: str | None = "good", **settings: Any
) -> PilotOutcome:
    config = resolve_config({"dataset": "d", "pilot": settings}, execution_name="x")
    number = len(texts) + truncated
    prompts, answers = prompts_of(number, reference), answers_of(texts)
    cut = [
        RejectedAnswer(record_id="", prompt_id=f"p{n}", sample="g0", reason="truncated", detail="stopReason max_tokens")
        for n in range(len(texts), number)
    ]
    return judge_pilot(prompts, answers, cut, task, config)


def scored(texts: list[str], task: Task, *, reference: str | None = "good", base: str = "", **settings: Any) -> None:
    config = resolve_config({"dataset": "d", "pilot": settings}, execution_name="x")
    prompts = prompts_of(len(texts), reference)
    check_score(prompts, answers_of(texts), dict.fromkeys(prompts, base) if base else {}, task, config)


@pytest.mark.parametrize(
    ("texts", "truncated", "task", "setting"),
    [
        (["I do not know"] * 10, 0, PATTERN, "task.answerPattern"),
        (["excellent"] * 9 + ["good"], 0, LABELS, "task.labels"),
        ([], 10, LABELS, r"sampling.maxTokens cuts the answers \(now 512\)"),
        (["no json"] * 9 + ["{}"], 0, Task(kind=TaskKind.JSON), "task.outputSchema"),
    ],
)
def test_clear_evidence_ends_the_run_with_examples_and_the_setting(
    texts: list[str], truncated: int, task: Task, setting: str
) -> None:
    with pytest.raises(PilotFailed, match=setting) as ended:
        outcome(texts, task, truncated=truncated)
    assert str(ended.value).count("'Seed ") == 3


@pytest.mark.parametrize(("bad", "of"), [(8, 10), (3, 3), (5, 10), (0, 0)])
def test_what_may_be_chance_goes_on(bad: int, of: int) -> None:
    found = outcome(["excellent"] * bad + ["good"] * (of - bad), LABELS)
    assert (found.asked, found.usable, found.right) == (of, of - bad, of - bad)


@pytest.mark.parametrize("right", [0, 1])
def test_a_teacher_that_is_clearly_wrong_more_often_than_right_ends_the_run_unless_the_input_says_otherwise(
    right: int,
) -> None:
    texts = ["good"] * right + ["bad"] * (10 - right)
    with pytest.raises(PilotFailed, match=rf"{right} of 10 pilot answers match .* below pilot.minScore 0.5") as ended:
        scored(texts, LABELS)
    assert str(ended.value).count("(reference 'good', read 'bad') -> 'bad'") == 3
    assert "what each of task.labels means" in str(ended.value)
    scored(texts, LABELS, minScore=0)
    scored(["good"] * 2 + ["bad"] * 8, LABELS)
    scored(["bad"] * 3, LABELS)


def test_the_least_score_of_the_input_decides() -> None:
    with pytest.raises(PilotFailed, match=r"0 of 10 .* clearly below pilot.minScore 0.8"):
        scored(["bad"] * 10, LABELS, minScore=0.8)
    scored(["bad"] * 4 + ["good"] * 6, LABELS, minScore=0.8)
    scored(["bad"] * 10, LABELS, reference=None, minScore=0.8)


def test_a_pattern_that_reads_something_else_than_the_reference_is_shown_with_what_it_reads() -> None:
    """A group around one digit, and an answer whose end is what matters."""
    text = "First " + "a lot of thought " * 40 + "the answer is 4,200"
    with pytest.raises(PilotFailed, match=r"task.answerPattern") as ended:
        scored([text] * 10, PATTERN, reference="4200", base="the answer is 4,200")
    assert "0 of 10 pilot answers match their reference, of the base's 0 of 10" in str(ended.value)
    assert "(reference '4200', read '4') -> 'First a lot" in str(ended.value)
    assert "the answer is 4,200'" in str(ended.value)


def test_json_and_free_text_are_not_like_their_reference_as_a_whole_and_go_on() -> None:
    scored(['{"city": "Rome", "why": "a"}'] * 10, Task(kind=TaskKind.JSON), reference='{"city": "Rome", "why": "b"}')
    scored(["any words"] * 10, Task(kind=TaskKind.TEXT), reference="other words", minScore=0.8)


@pytest.mark.parametrize(
    ("successes", "n", "expected"), [(0, 10, 0.2775), (5, 10, 0.7634), (10, 10, 1.0), (2, 10, 0.5098)]
)
def test_the_upper_end_of_wilsons_interval(successes: int, n: int, expected: float) -> None:
    """Known values: R's binom::binom.wilson."""
    assert upper_share(successes, n) == pytest.approx(expected, abs=1e-4)


def test_the_draw_is_the_runs_own_requests_once_a_prompt_and_the_same_every_time() -> None:
    prompts = [Prompt(prompt_id=f"{n * 7919 % 1000:03d}", prompt=f"p{n}", seed_id="s") for n in range(40)]
    groups = [(n, requests_of(prompt, Sampling(), "m")) for n, prompt in enumerate(prompts)]
    drawn = list(pilot_groups(iter(groups), 10))
    assert drawn == list(pilot_groups(iter(groups), 10))
    assert sorted(r.record_id[:3] for _, [r] in drawn) == sorted(p.prompt_id for p in prompts)[:10]
    assert all(group == groups[number][1][:1] for number, group in drawn)
    assert [number for number, _ in drawn] == sorted(number for number, _ in drawn)
    assert list(pilot_groups(groups[:3], 10)) == [(n, group[:1]) for n, group in groups[:3]]
    assert list(pilot_groups(groups, 0)) == []


@pytest.mark.parametrize(("wrong", "reverse"), [(5, 0), (6, 1), (7, 2), (6, 0), (8, 1), (9, 1), (3, 3), (0, 6)])
def test_a_base_that_is_clearly_better_than_its_teacher_ends_the_run(wrong: int, reverse: int) -> None:
    """`wrong` prompts in which only the base is right, `reverse` in which only the teacher is."""
    teacher = answers_of(["bad"] * wrong + ["good"] * (10 - wrong))
    base = {f"p{n}": "bad" if wrong <= n < wrong + reverse else "good" for n in range(10)}
    if wrong > reverse and binomtest(reverse, wrong + reverse).pvalue < 0.05:
        with pytest.raises(
            PilotFailed, match=f"teacher wrong in {wrong} pilot answers, the reverse holds in {reverse}"
        ):
            check_base(prompts_of(10), teacher, base, LABELS)
    else:
        check_base(prompts_of(10), teacher, base, LABELS)


def test_a_prompt_that_the_base_did_not_answer_or_that_has_no_reference_says_nothing() -> None:
    teacher = answers_of(["bad"] * 10)
    check_base(prompts_of(10), teacher, {}, LABELS)
    check_base(prompts_of(10, None), teacher, {f"p{n}": "good" for n in range(10)}, LABELS)


@pytest.mark.parametrize(("right", "may_be"), [(5, False), (4, True)])
def test_the_base_is_asked_only_where_ten_answers_could_show_it(right: int, may_be: bool) -> None:
    assert outcome(["good"] * right + ["bad"] * (10 - right), LABELS).base_may_be_better is may_be
