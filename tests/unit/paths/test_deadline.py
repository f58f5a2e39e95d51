"""A deadline: batch first; at the cut-off what the jobs wrote counts, and the rest goes through Converse, once."""

import json
from datetime import datetime
from typing import Any

import pytest

from distillation.bedrock.waiting import JobLook
from distillation.errors import InvalidInput
from distillation.layout import RunLayout
from distillation.records import Answer, encode_line
from handlers import (
    await_job,
    plan_requests,
    plan_retry_wave,
    prepare_run,
    read_replies,
    reduce_shard,
    start_batch,
)
from tests.fakes import EPOCH, Invocation, model_output
from tests.worlds.path_world import INPUT, World

LAYOUT = RunLayout("run-1")
REQUESTS = 450
NEEDED = REQUESTS / 100 / 60 / 0.8
"""Hours for all of them at 80 % of AWS's default of 100 requests a minute."""


def started(world: World, hours: float) -> dict[str, Any]:
    given = INPUT | {"deadlineHours": hours, "batches": {"retryWaves": 0}}
    return world.call(prepare_run, input=given, executionName="run-1", startedAt=EPOCH.isoformat())


def wait(world: World, job_name: str) -> None:
    event = {"runId": "run-1", "jobName": job_name, "kind": "batch", "token": job_name}
    await_job.run(event, world, Invocation())


def test_at_the_cut_off_the_job_is_stopped_its_answers_count_and_only_the_rest_is_asked_now() -> None:
    world = World()
    state = started(world, NEEDED + 0.25 + 1)
    assert datetime.fromisoformat(state["run"]["cutOff"]) == EPOCH.replace(hour=EPOCH.hour + 1)
    assert state["retryWaves"] == 1
    wave = world.call(plan_requests)
    [shard] = wave["shards"]
    assert shard["route"] == "batch"
    job = world.call(start_batch, stage="answers", wave=0, **shard)["jobName"]
    arn = world.rows.row("run-1", job).job_arn  # type: ignore[union-attr]
    world.batch_jobs.looks[arn] = JobLook(status="InProgress")  # type: ignore[attr-defined]
    world.now.move(minutes=59)
    wait(world, job)
    assert world.batch_jobs.stopped == []  # type: ignore[attr-defined]
    world.now.move(minutes=2)
    wait(world, job)
    assert world.batch_jobs.stopped == [arn]  # type: ignore[attr-defined]

    asked = list(world.files.lines(LAYOUT.requests(0, 0)))
    written = [answered(line) for line in asked[:300]]
    world.files.put_lines(LAYOUT.replies_prefix(0, 0) + "job/shard-0000.jsonl.out", written)
    world.batch_jobs.looks[arn] = JobLook(status="Stopped")  # type: ignore[attr-defined]
    wait(world, job)
    assert world.callbacks.succeeded[job]["outcome"] == "partial"  # type: ignore[attr-defined]
    assert world.call(read_replies, stage="answers", wave=0, **shard)["missing"] == REQUESTS - 300

    rest = world.call(plan_retry_wave, wave=0)
    assert [(s["route"], s["records"]) for s in rest["shards"]] == [("now", REQUESTS - 300)]
    assert world.answer(rest) == 0
    assert len(world.models.asked) == REQUESTS - 300  # type: ignore[attr-defined]
    for number in range(wave["promptShards"]):
        world.call(reduce_shard, shard=number)
    answers = list(world.files.records_below(LAYOUT.answers_prefix, Answer, named="shard-"))
    assert len({answer.record_id for answer in answers}) == len(answers) == REQUESTS


def answered(line: bytes) -> bytes:
    return encode_line({"recordId": json.loads(line)["recordId"], **model_output("good")})


def test_past_the_cut_off_no_job_is_made_but_one_that_was_made_is_adopted() -> None:
    world = World()
    started(world, NEEDED + 0.25 + 1)
    [shard] = world.call(plan_requests)["shards"]
    first = world.call(start_batch, stage="answers", wave=0, **shard)["jobName"]
    world.now.move(hours=2)
    assert world.call(start_batch, stage="answers", wave=0, **shard)["jobName"] == first
    assert world.call(start_batch, stage="answers", wave=0, **shard | {"shard": 7})["jobName"] == ""
    assert len(world.batch_jobs.created) == 1  # type: ignore[attr-defined]


def test_a_wave_that_is_planned_past_the_cut_off_waits_for_no_batch_job() -> None:
    world = World()
    started(world, NEEDED + 0.25 + 1)
    world.now.move(hours=2)
    wave = world.call(plan_requests)
    assert {shard["route"] for shard in wave["shards"]} == {"now"}
    assert sum(shard["records"] for shard in wave["shards"]) == REQUESTS


def test_a_deadline_that_the_account_cannot_keep_is_refused_with_numbers_before_anything_is_asked() -> None:
    world = World()
    with pytest.raises(InvalidInput) as refused:
        started(world, 0.3)
    said = str(refused.value)
    assert "found 0.3, expected at least 0.34" in said
    assert "450 requests at 80% of 100 requests and 400,000 tokens a minute take 0.09 hours" in said


def test_without_a_deadline_nothing_is_cut_off() -> None:
    world = World()
    state = world.prepare()
    assert (state["run"]["cutOff"], state["retryWaves"]) == ("", 2)
