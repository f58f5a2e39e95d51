"""Estimates and actuals against sums done by hand."""

import pytest

from distillation.costs import Prices, Usage, Workload, actual_cost, estimate, estimate_tokens, load_prices, price_of, workload
from distillation.errors import InvalidInput
from distillation.records import Prompt
from distillation.task import Task, TaskKind

PRO, MICRO = "amazon.nova-pro-v1:0", "amazon.nova-micro-v1:0:128k"
LABEL = Task(kind=TaskKind.LABEL, labels=("positive", "negative"))


@pytest.fixture(scope="module")
def prices() -> Prices:
    return load_prices()


def plan(task: Task = LABEL, count: int = 1000, *, reference: str | None = None, teacher: str = PRO, batched: bool = True) -> Workload:
    prompts = [Prompt(prompt_id=str(number), prompt="x" * 300, system="y" * 100, seed_id=str(number), reference=reference) for number in range(count)]
    return workload(
        prompts, task, samples=5, max_tokens=100, holdout_share=0.2, validation_share=0.1, epochs=2, teacher=teacher, student=MICRO, teacher_batched=batched
    )


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("abcd", 1), ("abcde", 2), ("é", 1), ("日本語", 3), ("abcd 日本", 4)])
def test_tokens_of_a_text(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == tokens


@pytest.mark.parametrize(
    "model", [PRO, "us.amazon.nova-pro-v1:0", "eu.amazon.nova-pro-v1:0", "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0",
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
    assert prices.models[PRO].batch is not None
    assert prices.models[PRO].batch.input == prices.models[PRO].on_demand.input / 2


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


def test_without_batch_the_teacher_is_paid_at_the_flex_price(prices: Prices) -> None:
    assert estimate(plan(batched=False), prices).teacher_usd == estimate(plan(), prices).teacher_usd  # flex and batch cost the same for Nova Pro


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
    costs = actual_cost([Usage(stage="training", model=MICRO, route="training", input_tokens=2000 * 800 * 5)], prices)
    assert costs.total_usd == 8.00


def test_actuals_line_by_line_and_what_has_no_price_is_named(prices: Prices) -> None:
    usages = [
        Usage(stage="teacher", model=PRO, route="batch", input_tokens=1_000_000, output_tokens=100_000),
        Usage(stage="student", model=MICRO, route="onDemand", input_tokens=1_000_000, output_tokens=1_000_000),
        Usage(stage="teacher", model="some.model", route="batch", input_tokens=5, output_tokens=5),
        Usage(stage="student", model=MICRO, route="flex", input_tokens=5, output_tokens=5),
    ]
    costs = actual_cost(usages, prices)
    assert [line.usd for line in costs.lines] == [pytest.approx(0.56), pytest.approx(0.175), None, None]
    assert costs.total_usd == pytest.approx(0.735)
    assert costs.unpriced == ("student: amazon.nova-micro-v1:0:128k, flex", "teacher: some.model, batch")
