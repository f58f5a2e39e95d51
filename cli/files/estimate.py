"""What a run on these seeds would cost and take, by the code that PrepareRun runs; no AWS is asked."""

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from distillation.bedrock.limits import Rate
from distillation.bedrock.prices import load_prices
from distillation.costs.deadline import HEADROOM, STOPPING_HOURS, hours_now
from distillation.costs.estimate import Estimate, estimate, workload
from distillation.costs.spans import Span, hours, money
from distillation.records import Prompt, Record
from distillation.run.config import RunConfig
from distillation.run.fan_out import check_memory, doublings_within, expected_events, fan_out, shard_records
from distillation.run.record import Models
from distillation.task import Task
from settings import Settings

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
    deadline: str = ""


def expect(config: RunConfig, task: Task, prompts: Iterable[Prompt], deployed: Settings) -> Expected:
    """What a run of `config` on the seeds' `prompts` would come to. Raises InvalidInput as PrepareRun would."""
    work, prices = workload(prompts, task, config, _models_of(deployed)), load_prices()
    records = shard_records(config, work.everyone)
    doublings = doublings_within(config, work.everyone, records)
    check_memory(config, work.everyone, work.own_tokens)
    return Expected(
        money=money(work, prices),
        hours=hours(work),
        estimate=estimate(work, prices),
        deadline=_deadline(config, hours_now(work, deployed.rate), deployed.rate),
        most_events=expected_events(fan_out(config, work.everyone, records), config.batches.timeout_hours, doublings),
    )


def _models_of(deployed: Settings) -> Models:
    teacher, student = deployed.teacher_model_id, deployed.student_model_id
    if not teacher or not student:
        return DEFAULT_MODELS
    # A model has one price under all its names, so those that inference calls are not asked for.
    return Models(
        teacher=teacher,
        teacher_invoke=teacher,
        student=student,
        base_invoke=student,
        judge=deployed.judge_invoke_id,
    )


def _deadline(config: RunConfig, needed: float, rate: Rate) -> str:
    """What `deadlineHours` comes to at `rate`."""
    if config.deadline_hours is None:
        return ""
    left = config.deadline_hours - STOPPING_HOURS - needed
    rest = f"what they leave open takes up to {needed:.2f} h through Converse ({rate.requests:g} requests a minute)"
    if left < 0:
        least = needed + STOPPING_HOURS
        return (
            f"deadlineHours {config.deadline_hours:g} is too short unless the account's rate is higher than this: "
            f"{rest}, so expected at least {least:.2f}."
        )
    return f"Deadline: batch jobs have {left:.2f} h; {rest}, at {HEADROOM:.0%} of the rate."


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
            f"counted. If every answer were as long as maxTokens: {expected.estimate.ceiling_usd:.3f} USD.",
            "dim",
        ),
        *([Text(expected.deadline, "dim")] if expected.deadline else []),
    )


def _money(span: Span | None) -> str:
    return f"{span.low:.3f} to {span.high:.3f}" if span else ""


def _time(span: Span | None) -> str:
    return f"{_long(span.low)} to {_long(span.high)}" if span else ""


def _long(hours: float) -> str:
    if hours < 1:
        return f"{hours * 60:.0f} min"
    return f"{hours:.0f} h" if hours < 2 * DAY else f"{hours / DAY:.0f} days"
