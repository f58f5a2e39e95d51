"""How wide a run fans out: the size of its shards, and how often it looks at the jobs that it waits for.

Step Functions ends an execution at 25,000 history events, past every Catch. So a run first makes its shards larger,
then looks less often, and is refused where even that is too much. Events of the machine's states: a Map's iteration 2,
a Lambda 5, a wait for a token 6, a Choice or Pass 2; a wait that stays silent 6 more.
"""

import math
from collections.abc import Mapping

from distillation.errors import InvalidInput
from distillation.records import FEW_SHOT_DRAWS, Arm
from distillation.run.config import RunConfig

MOST_EVENTS = 15_000
"""What a run may be expected to write. The other 10,000 are for retry waves and for the patience with a full quota."""
GROWTH = 5
"""How much larger than the input names jobs may be, so that one round of jobs at the same time is enough."""
FEWEST_RECORDS = 1_000
"""Smaller jobs gain nothing: a job waits in Bedrock's queue for longer than it works."""
MOST_RECORDS = 50_000
"""Most records of a batch job (Amazon Bedrock quotas)."""
ASSEMBLE_MB = 3_008
"""Memory of AssembleDataset, which decides over all prompts of a run at once."""
ASSEMBLE_START_MB, ASSEMBLE_BYTES, ASSEMBLE_HELD_BYTES = 200, 850, 16
"""What it takes before the first prompt, for each prompt, and for each token of the holdout's texts (docs/scale.md)."""
ASSEMBLE_SORTED_BYTES = 36
"""For each token of the holdout's texts while their word sequences are sorted, before a candidate is read: of long
prompts that is the most. Measured at 405 tokens: 31.
"""
EMBEDDING_BYTES = 512
MEMORY_SHARE = 0.9
"""Share of its memory that is planned: prompts of another kind than the measured ones may take more."""
FIRST_LOOK, SHORT_FIRST_LOOK, LONGEST_LOOK = 900, 60, 86_400
"""Seconds until a silent wait looks for the first time: at jobs with an event, at jobs without, and at most."""
SHORT_DOUBLINGS = 4
"""How often the time between looks at a job without events always doubles: 60 to 960 seconds."""
MOST_DOUBLINGS = 7
JUDGED_AT_ONCE = 1_000
"""Answers of an evaluation job."""

BATCH_SHARD, REDUCTION, JUDGING_JOB, STUDENT, PREDICTION_SHARD, DIRECT_SHARD = 22, 7, 13, 24, 31, 27
LOOK, FIXED = 6, 300
"""Events of a look that found nothing, and of all states outside the Maps."""


def shard_records(config: RunConfig, prompts: int) -> int:
    """Most records of a batch job, so that jobs of one size fill whole rounds of `batches.maxConcurrent`.

    One round while jobs need no more than `GROWTH` times what the input names, then two, then as few as Bedrock's limit
    allows: each round waits in the queue once more, and a half-filled round leaves slots empty.
    """
    samples, at_once = config.sampling.answers, config.batches.max_concurrent
    named, requests = config.batches.max_shard_records, prompts * samples
    rounds = min(2, math.ceil(requests / (at_once * min(MOST_RECORDS, GROWTH * named))))
    # Samples of a prompt stay together, so a job holds whole prompts.
    rounds = max(1, rounds, math.ceil(prompts / (at_once * (MOST_RECORDS // samples))))
    return max(min(named, FEWEST_RECORDS), math.ceil(prompts / (at_once * rounds)) * samples)


def records_again(config: RunConfig, left: int, records: int) -> int:
    """Most records of a batch job where `left` requests are asked again: one round of jobs, none above `records`."""
    samples = config.sampling.answers
    return min(records, max(FEWEST_RECORDS, math.ceil(left / config.batches.max_concurrent) + samples))


MOST_PREFERENCES = 500
"""Most lines of a file of people's preferences (`judging.preferences`)."""
CONTROL_PAIRS = 25
"""Most pairs whose better answer is known that the judge is asked beside the others (`judging.controls`)."""


def fan_out(config: RunConfig, prompts: int, records: int) -> dict[str, int]:
    """How many items each Map of the machine gets for `prompts` prompts in jobs of `records`, without retry waves."""
    samples, judge = config.sampling.answers, config.evaluation.judge
    held = math.ceil(prompts * config.split.holdout_share)
    rated = (prompts - held) * samples if config.filters.judge else 0
    known = MOST_PREFERENCES if judge and judge.preferences else 0
    compared = 2 * (min(held, judge.max_prompts) + CONTROL_PAIRS + known) if judge and judge.pairwise else 0
    arms = len(Arm) - (not config.arms.few_shot) - (not config.arms.direct)
    repeats = config.training.repeats - 1
    predictions = math.ceil(held * (1 + config.evaluation.samples) / records)
    asked = 1 + (config.arms.few_shot > 0)
    draws = (asked - 1) * (len(FEW_SHOT_DRAWS) - 1)
    reductions = math.ceil(prompts / max(1, records // samples))
    judged = min(held, judge.max_prompts) if judge and judge.scores else 0
    return {
        "batch shards": reductions + math.ceil(rated / records) + math.ceil(compared / records),
        "reductions": reductions,
        "prediction shards": asked * predictions + draws * math.ceil(held / records),
        "direct shards": (arms - asked + repeats) * predictions,
        "judging jobs": arms * math.ceil(judged / JUDGED_AT_ONCE),
        "students": config.training.trainings + config.arms.direct,
    }


def check_memory(config: RunConfig, prompts: int, tokens: float) -> None:
    """Raises InvalidInput where AssembleDataset cannot hold what it needs of `prompts` prompts. `tokens`: of a prompt
    on average, without system text.
    """
    columns = ASSEMBLE_BYTES + (EMBEDDING_BYTES if config.duplicates.semantic_threshold is not None else 0)
    share = config.split.holdout_share
    sorting = share * (columns + tokens * ASSEMBLE_SORTED_BYTES)
    deciding = columns + share * tokens * ASSEMBLE_HELD_BYTES
    needed = ASSEMBLE_START_MB + prompts * max(sorting, deciding) / 2**20
    if needed > ASSEMBLE_MB * MEMORY_SHARE:
        raise InvalidInput(
            f"run {config.run_id} is too large for one execution",
            [
                f"found {prompts:,} prompts of {tokens:,.0f} tokens on average, for which AssembleDataset "
                f"would need {needed:,.0f} MB, expected at most {MEMORY_SHARE:.0%} of its {ASSEMBLE_MB:,} MB: give the "
                "seeds to several datasets, or lower split.holdoutShare or expansion.targetPrompts"
            ],
        )


def looks(seconds: float, first: int, doublings: int) -> int:
    """How often a wait of `seconds` looks in vain: the time between looks starts at `first` and doubles so often."""
    count, passed = 0, 0
    while (passed := passed + min(LONGEST_LOOK, first * 2 ** min(count, doublings))) < seconds:
        count += 1
    return count


def expected_events(wide: Mapping[str, int], timeout_hours: int, doublings: int) -> int:
    """History events of a run whose every job takes as long as it may, and whose events from Bedrock are all lost."""
    seconds = timeout_hours * 3600
    batch = LOOK * looks(seconds, FIRST_LOOK, doublings)
    judging = LOOK * looks(seconds, SHORT_FIRST_LOOK, SHORT_DOUBLINGS + doublings)
    made = LOOK * (looks(seconds, FIRST_LOOK, doublings) + looks(3600, SHORT_FIRST_LOOK, SHORT_DOUBLINGS))
    each = {
        "batch shards": BATCH_SHARD + batch,
        "reductions": REDUCTION,
        "prediction shards": PREDICTION_SHARD + batch,
        "direct shards": DIRECT_SHARD,
        "judging jobs": JUDGING_JOB + judging,
        "students": STUDENT + made,
    }
    return FIXED + sum(count * each[name] for name, count in wide.items())


def doublings_within(config: RunConfig, prompts: int, records: int) -> int:
    """How often the time between two looks at a job may double, so that the run stays within its budget of events; 0
    for a run of ordinary size. Raises InvalidInput where even the fewest looks are too many.
    """
    wide, hours = fan_out(config, prompts, records), config.batches.timeout_hours
    events = 0
    for doublings in range(MOST_DOUBLINGS + 1):
        events = expected_events(wide, hours, doublings)
        if events <= MOST_EVENTS:
            return doublings
    raise InvalidInput(
        f"run {config.run_id} is too wide for one execution",
        [
            f"found {wide['batch shards']:,} batch jobs and {wide['judging jobs']:,} evaluation jobs, which write "
            f"{events:,} history events, expected at most {MOST_EVENTS:,}: give the seeds to several datasets, or "
            "lower sampling.sampled, batches.timeoutHours or evaluation.judge.maxPrompts"
        ],
    )
