"""How far a run's money and time may lie from what is expected: low and high, by stage."""

import math

from distillation.bedrock.prices import TOKEN_MARGIN, Prices
from distillation.costs.estimate import Workload, passes_of, stage_costs, tokens_of
from distillation.inference.requests import BATCH_MIN_RECORDS
from distillation.records import Record
from distillation.run.config import MACHINE_HOURS, TRAININGS_AT_ONCE
from distillation.run.fan_out import shard_records

LOW_INPUT, LOW_OUTPUT = 0.7, 0.4
"""Shares of the tokens without margin: a tokenizer may need fewer, and a label may be one token."""
LONGER = 2
"""An answer whose length is not known from labels may be so much longer than expected, up to maxTokens."""
TRAINED_AN_HOUR = 10_000
"""Lines times epochs: AWS names about 60 minutes for 5,000 samples and 2 epochs (Nova user guide)."""
QUEUE_HOURS = 0.2
"""Least that a batch job takes from its submission on. An assumption: Bedrock promises nothing."""
SCORES_AN_HOUR = 3_600
"""Of an evaluation job: 5 to 15 minutes for 30 to 50 answers and ten metrics (a published measurement)."""


class Span(Record, frozen=True):
    """`low` to `high`, in USD or in hours."""

    stage: str
    low: float
    high: float


def money(work: Workload, prices: Prices) -> list[Span]:
    """USD of every stage that costs anything, then `total`. Retries and answers from the cache are in neither end."""
    likely = tokens_of(work, work.output_tokens_an_answer, work.expansion.output_tokens)
    few = {
        name: int(count / (1 + TOKEN_MARGIN) * (LOW_OUTPUT if name.endswith("Output") else LOW_INPUT))
        for name, count in likely.items()
    }
    longest = work.output_tokens_an_answer * (1 if work.output_basis == "the longest label" else LONGER)
    many = tokens_of(work, min(work.config.sampling.max_tokens, longest), work.expansion.most_output_tokens)
    low, high = stage_costs(work, prices, few), stage_costs(work, prices, many)
    spans = [Span(name.removesuffix("_usd"), low[name], high[name]) for name in high if high[name] > 0]
    return [*spans, Span("total", sum(span.low for span in spans), sum(span.high for span in spans))]


def hours(work: Workload) -> list[Span]:
    """Hours of every stage that waits for Bedrock, queue and run, then `total`. Bedrock promises no time for a batch;
    `batches.timeoutHours` and the deadline end it.
    """
    config, training = work.config, work.config.training
    asked, queued = work.everyone * config.sampling.answers, config.batches
    jobs = math.ceil(asked / shard_records(config, work.everyone))
    in_turn = max(1, math.ceil(jobs / queued.max_concurrent))  # each of these waits in Bedrock's queue again
    longest = min(queued.timeout_hours * in_turn, config.deadline_hours or MACHINE_HOURS)
    batch = Span("teacher", min(QUEUE_HOURS * in_turn, longest), longest)
    few = asked < BATCH_MIN_RECORDS
    passes = max(training.epoch_count, passes_of(config) / TRAININGS_AT_ONCE)
    rounds = math.ceil(training.trainings / TRAININGS_AT_ONCE)
    trained = min(work.everyone * work.lines, config.most_lines) * passes / TRAINED_AN_HOUR
    spans = [
        Span("teacher", 0.02, 0.5) if few else batch,
        Span("training", max(0.3 * rounds, trained / 2), max(2.0 * rounds, trained * 3)),
        Span("deployment", 0.05, 0.5),
        Span("predictions", 0.05, 1.0 if few else batch.high),
    ]
    if training.trainings > 1:
        spans.insert(3, Span("choosing", 0.02, 0.3 * training.trainings))
    if work.expansion.calls:
        spans.insert(0, Span("expansion", 0.2, config.expansion.max_rounds * batch.high))
    if scores := work.judged * work.scores.calls:
        spans.append(Span("judging", max(0.1, scores / SCORES_AN_HOUR / 4), max(1.0, scores / SCORES_AN_HOUR * 2)))
    return [*spans, Span("total", sum(span.low for span in spans), sum(span.high for span in spans))]
