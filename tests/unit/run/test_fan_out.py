"""One budget of history events over all waits: shards grow before their number, looks get fewer, then it is refused."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.bedrock.limits import estimate_tokens
from distillation.errors import InvalidInput
from distillation.run.config import RunConfig
from distillation.run.fan_out import (
    ASSEMBLE_BYTES,
    ASSEMBLE_HELD_BYTES,
    ASSEMBLE_MB,
    MOST_DOUBLINGS,
    MOST_EVENTS,
    check_memory,
    doublings_within,
    expected_events,
    fan_out,
    looks,
    shard_records,
)
from infra.pipeline_functions import SIZES

SCALE = Path(__file__).resolve().parents[3] / "docs" / "scale.md"
JUDGED: dict[str, Any] = {"evaluation": {"judge": {"maxPrompts": 20_000}}, "arms": {"fewShot": 4, "direct": True}}


def config(**more: Any) -> RunConfig:
    return RunConfig.from_json({"dataset": "reviews", "runId": "run-1", **more})


def worst_events(prompts: int, **more: Any) -> int:
    settings = config(**more)
    records = shard_records(settings, prompts)
    doublings = doublings_within(settings, prompts, records)
    return expected_events(fan_out(settings, prompts, records), settings.batches.timeout_hours, doublings)


@pytest.mark.parametrize(
    ("prompts", "records"),
    [(100, 1_000), (10_000, 5_000), (50_000, 25_000), (80_000, 40_000), (160_000, 40_000), (2_000_000, 50_000)],
)
def test_jobs_of_one_size_fill_whole_rounds(prompts: int, records: int) -> None:
    assert shard_records(config(), prompts) == records


@given(prompts=st.integers(1, 3_000_000), at_once=st.integers(1, 20), named=st.integers(100, 50_000))
def test_a_job_holds_whole_prompts_and_at_most_what_bedrock_takes(prompts: int, at_once: int, named: int) -> None:
    settings = config(batches={"maxShardRecords": named, "maxConcurrent": at_once})
    records = shard_records(settings, prompts)
    assert min(named, 1_000) <= records <= 50_000
    jobs = -(-prompts // (records // 5))
    fewest = -(-prompts * 5 // 50_000)
    # No round more than Bedrock's limit asks for, but for the second of a middling run.
    assert -(-jobs // at_once) <= max(2, -(-fewest // at_once))


@pytest.mark.parametrize("prompts", [100, 20_000])
def test_an_ordinary_run_looks_every_quarter_of_an_hour(prompts: int) -> None:
    settings = config()
    assert doublings_within(settings, prompts, shard_records(settings, prompts)) == 0


@pytest.mark.parametrize("prompts", [20_000, 80_000, 400_000, 2_000_000])
def test_ten_million_requests_stay_under_fifteen_thousand_events(prompts: int) -> None:
    """Five requests a prompt, every job as slow as it may be, every event of Bedrock lost."""
    assert worst_events(prompts) < 15_000


@pytest.mark.parametrize("prompts", [5_000, 100_000])
def test_a_hundred_evaluation_jobs_that_hang_stay_within_the_budget(prompts: int) -> None:
    """At a look a minute five of them ended a run after 14 hours, past every Catch."""
    assert worst_events(prompts, **JUDGED) <= MOST_EVENTS


def test_what_is_too_wide_even_so_is_refused_with_what_to_change() -> None:
    settings = config()
    with pytest.raises(InvalidInput, match=r"found 300 batch jobs .* expected at most 15,000: .* several datasets"):
        doublings_within(settings, 3_000_000, shard_records(settings, 3_000_000))


@pytest.mark.parametrize("tokens", [20, 100])
def test_all_that_the_history_allows_fits_into_the_memory(tokens: int) -> None:
    check_memory(config(), 2_000_000, tokens)


@pytest.mark.parametrize(
    ("prompts", "tokens", "more"),
    [(3_500_000, 20, {}), (900_000, 400, {}), (1_900_000, 100, {"duplicates": {"semanticThreshold": 0.95}})],
    ids=["many", "long", "with embeddings"],
)
def test_more_prompts_than_fit_are_refused_with_what_to_change(prompts: int, tokens: int, more: dict[str, Any]) -> None:
    with pytest.raises(
        InvalidInput, match=r"AssembleDataset would need .* MB.* several datasets, or lower split"
    ) as bad:
        check_memory(config(**more), prompts, tokens)
    assert f"{prompts:,} prompts" in str(bad.value)


def test_the_bound_is_what_was_measured_with_a_reserve_and_of_the_memory_that_is_given() -> None:
    """docs/scale.md: bytes of a prompt in AssembleDataset, at 405 characters and two tenths held out."""
    [measured] = re.findall(
        r"^\| assemble_dataset \| ([\d,]+) \|.* M \|", SCALE.read_text(encoding="utf-8"), re.MULTILINE
    )
    planned = ASSEMBLE_BYTES + 0.2 * estimate_tokens("x" * 405) * ASSEMBLE_HELD_BYTES
    assert 1.1 * int(measured.replace(",", "")) <= planned
    assert SIZES["assemble_dataset"].memory == ASSEMBLE_MB


@pytest.mark.parametrize(
    ("seconds", "first", "doublings", "expected"),
    [
        (900, 900, 0, 0),
        (901, 900, 0, 1),
        (86_400, 900, 0, 95),
        (3_600, 60, 4, 6),  # after 60, 180, 420, 900, 1,860 and 2,820 seconds
        (86_400, 900, MOST_DOUBLINGS, 6),  # 900 ... 57,600 are 113,400 seconds
    ],
)
def test_looks_of_a_silent_wait(seconds: int, first: int, doublings: int, expected: int) -> None:
    assert looks(seconds, first, doublings) == expected


def test_a_slower_look_never_costs_more_events() -> None:
    wide = fan_out(config(), 400_000, 50_000)
    events = [expected_events(wide, 24, doublings) for doublings in range(MOST_DOUBLINGS + 1)]
    assert events == sorted(events, reverse=True)
