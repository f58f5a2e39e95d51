"""evaluation.judge: what a judge may be asked for."""

from typing import Any

import pytest
from pydantic import ValidationError

from distillation.run.evaluation import BUILTIN_METRICS, EvaluationJudge

POLITE = {
    "name": "polite",
    "instructions": "Is the answer polite?\n{{prompt}}\n{{prediction}}",
    "scale": {"rude": 0.0, "plain": 0.5, "polite": 1.0},
}


def judge(**settings: Any) -> EvaluationJudge:
    return EvaluationJudge.model_validate(settings)


def test_without_more_words_correctness_and_completeness_are_judged_and_pairs_compared() -> None:
    settings = judge()
    assert (settings.metrics, settings.custom, settings.pairwise, settings.max_prompts) == (
        ("Builtin.Correctness", "Builtin.Completeness"),
        (),
        True,
        1000,
    )
    assert settings.scores


def test_all_of_bedrocks_metrics_and_ten_of_ones_own() -> None:
    settings = judge(metrics=list(BUILTIN_METRICS), custom=[POLITE | {"name": f"own-{number}"} for number in range(10)])
    assert len(settings.metrics) == 11
    assert settings.custom[9].scale == {"rude": 0.0, "plain": 0.5, "polite": 1.0}


def test_comparisons_alone_need_no_evaluation_job() -> None:
    assert not judge(metrics=[]).scores


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"metrics": ["Builtin.Beauty"]}, "Builtin.Correctness"),
        ({"metrics": ["Builtin.Relevance", "Builtin.Relevance"]}, "each metric once"),
        ({"metrics": [], "pairwise": False}, "a metric, a custom metric or pairwise: true"),
        ({"custom": [POLITE, POLITE]}, "names of their own"),
        ({"custom": [POLITE] * 11}, "at most 10"),
        ({"custom": [POLITE | {"name": "Correctness"}]}, "no built-in metric has"),
        ({"custom": [POLITE | {"name": "Builtin.Own"}]}, "no built-in metric has"),
        ({"custom": [POLITE | {"name": "two words"}]}, "pattern"),
        ({"custom": [POLITE | {"instructions": "Is {{prediction}} polite?"}]}, "{{prompt}} and {{prediction}}"),
        (
            {"custom": [POLITE | {"instructions": "{{prompt}} {{prediction}} {{answer}}"}]},
            "found answer, prediction, prompt",
        ),
        ({"custom": [POLITE | {"scale": {"bad": 1.0, "good": 5.0}}]}, "found scores from 1 to 5"),
        ({"custom": [POLITE | {"scale": {"yes": 1.0}}]}, "at least 2"),
        ({"custom": [POLITE | {"scale": {"a b c d e f": 0.0, "good": 1.0}}]}, "labels of 1 to 5 words"),
        ({"custom": [POLITE | {"scale": {f"step {n}": n / 10 for n in range(11)}}]}, "at most 10"),
        ({"maxPrompts": 29}, "greater than or equal to 30"),
        ({"pairwise": "yes"}, "valid boolean"),
        ({"model": "x"}, "Extra inputs"),
    ],
)
def test_what_cannot_be_judged_is_refused_with_what_to_do(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        judge(**settings)
    assert said in str(refused.value)
