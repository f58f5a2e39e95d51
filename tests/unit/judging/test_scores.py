"""Bedrock's evaluation output -> scores."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.evaluation.scores import JudgedArm
from distillation.judging.answers import read_key
from distillation.judging.scores import (
    Judgements,
    judged_arms,
    judged_scores,
    judgements_of,
    read_judgements,
    shown_metrics,
    shown_name,
)
from distillation.records import HoldoutItem
from distillation.run.evaluation import BUILTIN_METRICS, EvaluationJudge

ITEMS = [HoldoutItem(prompt_id=f"p{number}", prompt=f"prompt {number}") for number in range(4)]
CORRECT = "Builtin.Correctness"


def line(
    prompt: str, response: str, scores: dict[str, Any], *, reference: str | None = None, beside: bool = True
) -> bytes:
    """A line of output as the user guide shows it. `beside`: the responses stand beside the input record, not in it."""
    responses = [{"response": response, "modelIdentifier": "student"}]
    record: dict[str, Any] = {"prompt": prompt, "category": "all"} | (
        {"referenceResponse": reference} if reference else {}
    )
    shown = [
        {
            "metricName": name,
            "result": result,
            "evaluatorDetails": [{"modelIdentifier": "judge", "explanation": "because"}],
        }
        for name, result in scores.items()
    ]
    where = (
        {"inputRecord": record, "modelResponses": responses}
        if beside
        else {"inputRecord": record | {"modelResponses": responses}}
    )
    return json.dumps({"automatedEvaluationResult": {"scores": shown}, **where}).encode()


@pytest.mark.parametrize("beside", [True, False])
def test_a_score_is_found_by_prompt_reference_and_answer(beside: bool) -> None:
    found = read_judgements([line("Why?", "So.", {CORRECT: 0.5}, reference="Thus.", beside=beside)])
    assert found == {read_key("Why?", "Thus.", "So."): {CORRECT: 0.5}}


def test_where_one_is_bad_the_score_is_turned_round_and_says_so() -> None:
    [scores] = read_judgements(
        [line("p", "a", {"Builtin.Harmfulness": 1, "Builtin.Refusal": 0.0, "Builtin.Helpfulness": 1})]
    ).values()
    assert scores == {"1-Builtin.Harmfulness": 0.0, "1-Builtin.Refusal": 1.0, "Builtin.Helpfulness": 1.0}


def test_names_are_the_same_from_the_input_and_from_the_output() -> None:
    own = {"name": "polite", "instructions": "{{prompt}} {{prediction}}", "scale": {"no": 0.0, "yes": 1.0}}
    judge = EvaluationJudge.model_validate({"metrics": ["Builtin.Correctness", "Builtin.Refusal"], "custom": [own]})
    assert shown_metrics(judge) == [CORRECT, "1-Builtin.Refusal", "Custom.polite"]
    assert [shown_name(name) for name in ("Correctness", "Refusal", "polite")] == shown_metrics(judge)
    assert len({shown_name(name) for name in BUILTIN_METRICS}) == len(BUILTIN_METRICS)


@pytest.mark.parametrize(
    ("result", "score"), [(None, None), ("0.75", 0.75), ("very good", None), (7, None), (-0.1, None), (True, None)]
)
def test_only_a_number_from_0_to_1_is_a_score(result: object, score: float | None) -> None:
    found = read_judgements([line("p", "a", {CORRECT: result})])
    assert found.get(read_key("p", None, "a"), {}).get(CORRECT) == score


@given(st.binary(max_size=60))
def test_a_line_that_is_no_result_is_passed_over(noise: bytes) -> None:
    assert len(read_judgements([noise, b"{}", line("p", "a", {CORRECT: 1.0})])) == 1


def judgements(
    texts: dict[str, str], *lines: bytes, metrics: tuple[str, ...] = (CORRECT,), **other: dict[str, str]
) -> Judgements:
    """`other`: the texts of arms whose jobs brought nothing."""
    found = {"student": read_judgements(lines)} | {arm: {} for arm in other}
    return judgements_of(ITEMS, metrics, {"student": texts, **other}, found)


def test_unanswered_is_zero_and_what_was_not_judged_is_left_out_and_counted() -> None:
    texts = {"p0": "a", "p1": "b", "p2": "c"}
    given = judgements(
        texts,
        line("prompt 0", "a", {CORRECT: 0.5}),
        line("prompt 1", "b", {CORRECT: None}),
        line("prompt 9", "z", {CORRECT: 1}),
    )
    assert judged_scores(given) == {CORRECT: {"student": {"p0": 0.5, "p3": 0.0}}}
    assert judged_arms(given) == {"student": {CORRECT: JudgedArm(scored=1, unscored=1, missing=1, unanswered=1)}}


def test_an_arm_whose_job_brought_nothing_has_no_scores_at_all() -> None:
    given = judgements({"p0": "a"}, line("prompt 0", "a", {CORRECT: 1}), base={"p0": "x"})
    assert judged_scores(given)[CORRECT].keys() == {"student"}
    assert judged_arms(given)["base"][CORRECT] == JudgedArm(scored=0, unscored=0, missing=1, unanswered=3)


def test_items_with_equal_texts_share_their_score() -> None:
    twins = [HoldoutItem(prompt_id=name, prompt="same") for name in ("p0", "p1")]
    found = read_judgements([line("same", "a", {CORRECT: 0.5})] * 2)
    given = judgements_of(twins, (CORRECT,), {"student": {"p0": "a", "p1": "a"}}, {"student": found})
    assert judged_scores(given) == {CORRECT: {"student": {"p0": 0.5, "p1": 0.5}}}
