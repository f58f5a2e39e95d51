"""`deadlineHours`: how long batch jobs may work, so that what they leave open can still be asked call by call."""

import math
from datetime import datetime, timedelta

from distillation.bedrock.limits import Rate
from distillation.costs.estimate import Workload, tokens_of
from distillation.errors import InvalidInput

HEADROOM = 0.8
"""Share of the account's rate that a run counts on; other callers and tiers use it too. An assumption."""
STOPPING_HOURS = 0.25
"""From the cut-off until the jobs are stopped, their files read and the rest planned. An assumption."""
TURN_SECONDS, TURN_EVENTS = 810, 7
"""A turn of AnswerNow, and what it writes into the machine's history."""
MOST_TURN_EVENTS = 5_000
"""Half of what the run's budget of events leaves free."""


def hours_now(work: Workload, rate: Rate) -> float:
    """Hours that it takes to ask the teacher for everything through Converse at `rate`."""
    tokens = tokens_of(work, work.output_tokens_an_answer, work.expansion.output_tokens)
    asked = sum(tokens[name] for name in ("teacherInput", "teacherOutput", "expansionInput", "expansionOutput"))
    return max(calls_of(work) / rate.requests, asked / rate.tokens) / 60 / HEADROOM


def calls_of(work: Workload) -> int:
    """Requests to the teacher, for answers and for new prompts."""
    prompts = work.holdout if work.config.training.managed else work.everyone
    return math.ceil(prompts) * work.config.sampling.answers + work.expansion.calls


def cut_off(started_at: str, work: Workload, rate: Rate) -> str:
    """When batch jobs end so that the deadline is met whatever they have left, ISO 8601; empty without a deadline.
    Raises InvalidInput where even without batch jobs the account cannot ask that much in that time.
    """
    config = work.config
    if config.deadline_hours is None:
        return ""
    requests, needed = calls_of(work), hours_now(work, rate)
    share = f"{HEADROOM:.0%} of {rate.requests:,.0f} requests and {rate.tokens:,.0f} tokens a minute"
    said = f"{requests:,} requests at {share}"
    if config.deadline_hours < needed + STOPPING_HOURS:
        raise InvalidInput(
            f"run {config.run_id} cannot meet its deadline",
            [
                f"deadlineHours: found {config.deadline_hours:g}, expected at least {needed + STOPPING_HOURS:.2f}: "
                f"what batch jobs leave open is asked through Converse, and {said} take {needed:.2f} hours. Give more "
                "hours, lower sampling.sampled, or deploy with the account's own teacherRequestsPerMinute and "
                "teacherTokensPerMinute (Service Quotas) where they are higher"
            ],
        )
    at_once = min(config.batches.max_concurrent, math.ceil(requests / config.batches.max_shard_records))
    if (events := math.ceil(needed * 3600 / TURN_SECONDS) * at_once * TURN_EVENTS) > MOST_TURN_EVENTS:
        raise InvalidInput(
            f"run {config.run_id} is too large for a deadline",
            [
                f"deadlineHours: {said} take {needed:.1f} hours and up to {events:,} history events, expected at most "
                f"{MOST_TURN_EVENTS:,}: set batches.maxShardRecords to 50000 or batches.maxConcurrent lower"
            ],
        )
    batches = timedelta(hours=config.deadline_hours - needed - STOPPING_HOURS)
    return (datetime.fromisoformat(started_at) + batches).isoformat(timespec="seconds").replace("+00:00", "Z")
