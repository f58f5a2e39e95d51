"""Estimates and actuals against sums done by hand."""

from typing import Any

import pytest

from distillation.bedrock.prices import Prices, load_prices, price_of
from distillation.costs.estimate import Workload, estimate, workload
from distillation.costs.spent import CostLine, actual_cost
from distillation.errors import InvalidInput
from distillation.records import Prompt
from distillation.run.config import RunConfig
from distillation.run.record import Models
from distillation.task import Task, TaskKind

PRO, MICRO = "amazon.nova-pro-v1:0", "amazon.nova-micro-v1:0:128k"
LABEL = Task(kind=TaskKind.LABEL, labels=("positive", "negative"))


@pytest.fixture(scope="module")
def prices() -> Prices:
    return load_prices()


def config(**changes: Any) -> RunConfig:
    """Five answers a prompt of up to 100 tokens, a fifth held out, two epochs."""
    return RunConfig.from_json({"dataset": "d", "runId": "r", "sampling": {"maxTokens": 100}} | changes)


def plan(
    task: Task = LABEL,
    count: int = 1000,
    *,
    reference: str | None = None,
    teacher: str = PRO,
    batched: bool = True,
    champion: bool = False,
    **changes: Any,
) -> Workload:
    prompts = [
        Prompt(prompt_id=str(number), prompt="x" * 300, system="y" * 100, seed_id=str(number), reference=reference)
        for number in range(count)
    ]
    models = Models(teacher=teacher, teacher_invoke=teacher, student=MICRO, base_invoke=MICRO)
    return workload(prompts, task, config(**changes), models, champion=champion, batched=batched)


@pytest.mark.parametrize(
    "model", [PRO, "us.amazon.nova-pro-v1:0", "eu.amazon.nova-pro-v1:0",
              "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0",
              "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-pro-v1:0"]
)  # fmt: skip
def test_a_model_has_one_price_under_all_its_names(model: str, prices: Prices) -> None:
    assert price_of(prices, model) is prices.models[PRO]


def test_the_tunable_form_of_micro_has_micros_price(prices: Prices) -> None:
    assert price_of(prices, MICRO) is prices.models["amazon.nova-micro-v1:0"]
    assert price_of(prices, "amazon.nova-premier-v1:0") is None


def test_every_price_has_a_date_and_a_source(prices: Prices) -> None:
    for model in prices.models.values():
        for price in (model.on_demand, model.batch, model.flex, model.training, model.storage_month):
            assert price is None or (price.date and price.source)
    pro = prices.models[PRO]
    assert pro.batch is not None
    assert pro.batch.input == pro.on_demand.input / 2


def test_an_estimate_is_the_sum_by_hand(prices: Prices) -> None:
    """1,000 prompts of 75 + 25 tokens, 5 answers of 2 tokens ("positive": 8 characters), all plus 20 %."""
    got = estimate(plan(), prices)
    assert got.teacher_usd == pytest.approx((600_000 * 0.40 + 12_000 * 1.60) / 1e6, abs=1e-6)
    assert got.base_usd == pytest.approx((24_000 * 0.0175 + 480 * 0.07) / 1e6, abs=1e-6)
    assert got.evaluation_usd == pytest.approx((24_000 * 0.035 + 480 * 0.14) / 1e6, abs=1e-6)
    assert got.training_usd == pytest.approx(1000 * 0.8 * 0.9 * 102 * 2 * 1.2 / 1e6, abs=1e-6)
    assert got.total_usd == pytest.approx(got.teacher_usd + got.base_usd + got.evaluation_usd + got.training_usd)
    assert got.storage_usd_month == 1.95
    assert got.ceiling_usd > got.total_usd
    assert any("not public" in one for one in got.assumptions)


def test_a_run_without_expansion_and_judge_pays_for_neither(prices: Prices) -> None:
    got = estimate(plan(), prices)
    assert got.expansion_usd == got.ratings_usd == 0
    assert got.tokens["expansionInput"] == got.tokens["ratingsInput"] == got.tokens["fewShotInput"] == 0


def test_expansion_is_paid_for_and_makes_the_set_larger(prices: Prices) -> None:
    """400 new prompts of 75 tokens, 500 asked (80 % usable), 5 a request, and 100 / 4 / 10 requests for topics. The
    system text of 25 tokens is told once a request.
    """
    got, without = estimate(plan(expansion={"targetPrompts": 400}), prices), estimate(plan(), prices)
    assert got.tokens["expansionOutput"] == 500 * 79 * 1.2
    requests = 100 + 3
    frame = got.tokens["expansionInput"] / 1.2 / requests - 6 * 75 - 25
    assert 80 < frame < 200
    assert got.expansion_usd == pytest.approx(
        (got.tokens["expansionInput"] * 0.40 + got.tokens["expansionOutput"] * 1.60) / 1e6, abs=1e-6
    )
    assert got.teacher_usd == pytest.approx(without.teacher_usd * 1.4, abs=1e-6)
    assert got.training_usd == pytest.approx(without.training_usd * 1200 / 800, abs=1e-6)
    assert got.evaluation_usd == without.evaluation_usd
    assert got.total_usd == pytest.approx(
        got.expansion_usd + got.teacher_usd + got.base_usd + got.evaluation_usd + got.training_usd
    )
    assert any("400 new prompts" in one for one in got.assumptions)
    assert got.ceiling_usd >= without.ceiling_usd + requests * 1024 * 1.2 * 1.60 / 1e6


def test_every_sample_is_a_training_line_under_proportional_up_to_the_cap(prices: Prices) -> None:
    one, all_samples = estimate(plan(), prices), estimate(plan(examples={"policy": "proportional"}), prices)
    assert all_samples.tokens["training"] == pytest.approx(one.tokens["training"] * 5, abs=5)
    capped = estimate(plan(examples={"policy": "proportional"}, selection={"maxExamples": 2000}), prices)
    assert capped.tokens["training"] == pytest.approx(one.tokens["training"] * 2000 / 800, abs=5)
    assert any("Up to 5 training examples" in text for text in all_samples.assumptions)


@pytest.mark.parametrize(("prompts", "trained"), [(25_000, 20_000 - 1_000), (80, 64)])
def test_what_a_validation_file_does_not_take_is_trained_on(prices: Prices, prompts: int, trained: int) -> None:
    """A tenth of 20,000 lines is twice what it takes, a tenth of 64 is less than it must have."""
    assert estimate(plan(count=prompts), prices).tokens["training"] == pytest.approx(trained * 102 * 2 * 1.2, abs=2)


def test_ratings_are_paid_where_a_judge_is_set(prices: Prices) -> None:
    got = estimate(plan(filters={"judge": {"rubric": "z" * 400}}), prices)
    assert got.tokens["ratingsOutput"] == 800 * 2 * 1.2
    assert (
        0 < got.tokens["ratingsInput"] / 1.2 / 800 - (100 + 2 + 100) < 300
    )  # beside prompt, answer and rubric: the judge's instruction
    assert got.ratings_usd > 0 and any("outside the holdout are rated" in text for text in got.assumptions)
    many = estimate(plan(filters={"judge": {}}, examples={"policy": "best"}), prices)
    assert many.tokens["ratingsOutput"] == 5 * 800 * 2 * 1.2


def test_the_judge_of_the_arms_is_paid_on_demand_for_scores_and_as_a_batch_for_comparisons(prices: Prices) -> None:
    """200 held out prompts, 100 of them judged: three arms and two metrics are 6 calls a prompt, and both orders of a
    pair 2; up to 25 pairs whose better answer is known come on top.
    """
    settings = {"judge": {"maxPrompts": 100}}
    got = estimate(plan(evaluation=settings), prices)
    assert got.tokens["judgingOutput"] == 1.2 * 100 * 6 * 200
    assert got.tokens["judgingInput"] == pytest.approx(1.2 * 100 * 6 * (950 + 100 + 4), rel=0.001)
    assert got.tokens["comparisonsOutput"] == 1.2 * (100 + 25) * 2 * 16
    assert (
        0 < got.tokens["comparisonsInput"] / 300 - (100 + 4) < 300
    )  # beside prompt and answers: the judge's instruction
    by_hand = (
        got.tokens["judgingInput"] * 0.80
        + got.tokens["judgingOutput"] * 3.20
        + got.tokens["comparisonsInput"] * 0.40
        + got.tokens["comparisonsOutput"] * 1.60
    )
    assert got.judging_usd == pytest.approx(by_hand / 1e6, abs=2e-6)
    assert any("100 prompts of the holdout are judged: 6 calls" in text for text in got.assumptions)
    assert estimate(plan(), prices).judging_usd == 0
    every_arm = estimate(
        plan(evaluation={"judge": {"maxPrompts": 100, "pairwise": False}}, arms={"direct": True}), prices
    )
    assert every_arm.tokens["judgingOutput"] / got.tokens["judgingOutput"] == 4 / 3
    assert every_arm.tokens["comparisonsInput"] == 0


def test_further_arms_are_counted(prices: Prices) -> None:
    got, without = estimate(plan(arms={"fewShot": 4, "direct": True}), prices), estimate(plan(), prices)
    assert got.training_usd == pytest.approx(without.training_usd * 2, abs=1e-6)
    assert got.storage_usd_month == without.storage_usd_month, "the direct arm's model goes after the verdict"
    assert got.tokens["fewShotInput"] == 3 * 200 * (100 + 4 * 77) * 1.2, "three draws; examples repeat no system text"
    sampled = estimate(plan(evaluation={"samples": 2}), prices)
    assert (sampled.tokens["armInput"], sampled.tokens["armOutput"]) == (
        3 * without.tokens["armInput"],
        3 * without.tokens["armOutput"],
    )
    assert got.base_usd > without.base_usd and got.evaluation_usd == pytest.approx(2 * without.evaluation_usd, abs=1e-6)


def test_without_batch_the_teacher_is_paid_at_the_flex_price(prices: Prices) -> None:
    assert (
        estimate(plan(batched=False), prices).teacher_usd == estimate(plan(), prices).teacher_usd
    )  # flex and batch cost the same for Nova Pro


def test_the_length_of_free_answers_is_learnt_from_references_or_assumed() -> None:
    text = Task(kind=TaskKind.TEXT)
    assert plan(text, reference="z" * 80).output_tokens_an_answer == 20
    assert plan(text).output_tokens_an_answer == 50
    assert plan(text, reference="z" * 4000).output_tokens_an_answer == 100


def test_a_model_without_price_is_refused_with_what_to_do(prices: Prices) -> None:
    with pytest.raises(InvalidInput, match=r"(?s)no price for some\.model.*prices\.json"):
        estimate(plan(teacher="some.model"), prices)


def test_nothing_costs_nothing(prices: Prices) -> None:
    assert estimate(plan(count=0), prices).total_usd == 0


def test_the_published_training_run(prices: Prices) -> None:
    """2,000 samples, 5 epochs, 8.00 USD: the run that the training price comes from, of 800 tokens a sample."""
    costs = actual_cost(
        [CostLine(stage="training", model=MICRO, route="training", input_tokens=2000 * 800 * 5)], prices
    )
    assert costs.total_usd == 8.00


def test_actuals_line_by_line_and_what_has_no_price_is_named(prices: Prices) -> None:
    usages = [
        CostLine(stage="teacher", model=PRO, route="batch", input_tokens=1_000_000, output_tokens=100_000),
        CostLine(stage="student", model=MICRO, route="onDemand", input_tokens=1_000_000, output_tokens=1_000_000),
        CostLine(stage="teacher", model="some.model", route="batch", input_tokens=5, output_tokens=5),
        CostLine(stage="student", model=MICRO, route="flex", input_tokens=5, output_tokens=5),
    ]
    costs = actual_cost(usages, prices)
    assert [line.usd for line in costs.lines] == [pytest.approx(0.56), pytest.approx(0.175), None, None]
    assert costs.total_usd == pytest.approx(0.735)
    assert costs.unpriced == ("student: amazon.nova-micro-v1:0:128k, flex", "teacher: some.model, batch")


def test_a_managed_distillation_is_the_holdouts_answers_and_one_answer_a_prompt_at_the_on_demand_price(
    prices: Prices,
) -> None:
    """1,000 prompts of 100 tokens: 200 are asked 5 times by us, 800 once by Bedrock and trained on for two epochs, all
    plus 20 %.
    """
    got = estimate(plan(training={"method": "DISTILLATION"}), prices)
    ours, on_demand = estimate(plan(), prices), prices.models[PRO].on_demand
    assert got.teacher_usd == pytest.approx(ours.teacher_usd / 5, abs=1e-6)
    assert got.distillation_usd == pytest.approx(
        (800 * 100 * on_demand.input + 800 * 2 * on_demand.output) * 1.2 / 1e6, abs=1e-6
    )
    assert got.training_usd == pytest.approx(800 * 102 * 2 * 1.2 / 1e6, abs=1e-6)
    assert ours.distillation_usd == 0
    assert got.total_usd == pytest.approx(
        got.teacher_usd + got.distillation_usd + got.base_usd + got.evaluation_usd + got.training_usd
    )
    assert any("once a prompt at the on-demand price" in text for text in got.assumptions)


def test_a_managed_distillation_takes_no_more_prompts_than_the_job(prices: Prices) -> None:
    got = estimate(plan(count=40_000, training={"method": "DISTILLATION"}), prices)
    assert got.tokens["distillationInput"] == 15_000 * 100 * 1.2


def test_each_training_is_paid_and_so_is_what_it_is_asked(prices: Prices) -> None:
    """Three trainings of 720 lines and two epochs: all lines, and twice 90 %; 80 validation prompts each; three on the
    holdout.
    """
    once, thrice = estimate(plan(), prices), estimate(plan(training={"repeats": 3}), prices)
    assert thrice.training_usd == pytest.approx(2.8 * once.training_usd, rel=1e-4)
    a_prompt = once.tokens["armInput"] / 200
    assert thrice.tokens["choosingInput"] == pytest.approx(3 * 80 * a_prompt, rel=1e-3)
    micro = price_of(prices, MICRO)
    assert micro is not None
    asked = thrice.tokens["choosingInput"] * micro.on_demand.input + thrice.tokens["choosingOutput"] * (
        micro.on_demand.output
    )
    assert thrice.evaluation_usd == pytest.approx(3 * once.evaluation_usd + asked / 1e6, rel=1e-3)
    assert "choosingInput" not in once.tokens
    tried = estimate(plan(training={"candidates": [{}, {"epochCount": 4}], "repeats": 2}), prices)
    assert tried.training_usd == pytest.approx((1 + 2 + 0.9 * 2) * once.training_usd, rel=1e-4)
