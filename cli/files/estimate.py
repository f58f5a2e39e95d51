"""What a run on these seeds would cost and take, by the code that PrepareRun runs; no AWS is asked."""

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from distillation.bedrock.prices import load_prices
from distillation.costs.estimate import Estimate, estimate, workload
from distillation.costs.spans import Span, hours, money
from distillation.records import Prompt, Record
from distillation.run.config import RunConfig
from distillation.run.fan_out import doublings_within, expected_events, fan_out
from distillation.run.record import Models
from distillation.task import Task

DEFAULT_MODELS = Models(
    teacher="amazon.nova-pro-v1:0",
    teacher_invoke="amazon.nova-pro-v1:0",
    student="amazon.nova-micro-v1:0:128k",
    base_invoke="amazon.nova-micro-v1:0",
)
"""Those of a deployment without settings of its own."""
DAY = 24


class Expected(Record, frozen=True):
    """Money (USD) and time (hours) by stage, the estimate itself, and most events of the machine's 25,000."""

    money: list[Span]
    hours: list[Span]
    estimate: Estimate
    most_events: int


def expect(config: RunConfig, task: Task, prompts: Iterable[Prompt]) -> Expected:
    """What a run of `config` on the seeds' `prompts` would come to. Raises InvalidInput as PrepareRun would."""
    work, prices = workload(prompts, task, config, DEFAULT_MODELS), load_prices()
    everyone, records = work.prompts + work.new_prompts, config.batches.max_shard_records
    doublings = doublings_within(config, everyone, records)
    return Expected(
        money=money(work, prices),
        hours=hours(work, config),
        estimate=estimate(work, prices),
        most_events=expected_events(fan_out(config, everyone, records), config.batches.timeout_hours, doublings),
    )


def draw_expected(expected: Expected) -> RenderableType:
    """Money and time by stage, then what both leave out."""
    table = Table("", "USD", "time", box=None, pad_edge=False, title="Expected", title_justify="left")
    times = {span.stage: span for span in expected.hours}
    costs = {span.stage: span for span in expected.money}
    for stage in [name for name in [*times, *costs] if name != "total"] + ["total"]:
        if stage in times or stage in costs:
            table.add_row(stage, _money(costs.get(stage)), _time(times.pop(stage, None)))
            costs.pop(stage, None)
    tokens = sum(expected.estimate.tokens.values())
    return Group(
        table,
        Text(
            f"Storage {expected.estimate.storage_usd_month:.2f} USD a month a model; about {tokens:,} tokens; at most "
            f"{expected.most_events:,} of the machine's 25,000 events. Retries and answers from the cache are not "
            f"counted. If every answer were as long as maxTokens: {expected.estimate.ceiling_usd:.2f} USD.",
            "dim",
        ),
    )


def _money(span: Span | None) -> str:
    return f"{span.low:.3f} to {span.high:.3f}" if span else ""


def _time(span: Span | None) -> str:
    return f"{_long(span.low)} to {_long(span.high)}" if span else ""


def _long(hours: float) -> str:
    if hours < 1:
        return f"{hours * 60:.0f} min"
    return f"{hours:.0f} h" if hours < 2 * DAY else f"{hours / DAY:.0f} days"
