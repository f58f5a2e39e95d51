"""Two runs of a dataset at once: what both need is asked once."""

import json
from typing import Any

import msgspec
import pytest

from application.run_files import read_run
from distillation.bedrock.submission import RETIRING, set_run_state
from distillation.errors import OtherRunAsks
from distillation.records import LedgerRow
from handlers import assemble_dataset, plan_expansion, plan_requests, prepare_run
from tests.fakes import Invocation
from tests.worlds.path_world import INPUT, RUN, World

SECOND = {"runId": "run-2", "dataset": "reviews"}


@pytest.fixture
def world() -> World:
    world = World()
    world.prepare()
    return world


def second(world: World) -> None:
    world.call(prepare_run, input=INPUT, executionName="run-2", startedAt="2026-01-02T00:00:00Z")


def plan(world: World, run: dict[str, str]) -> dict[str, Any]:
    return dict(plan_requests.run({"run": run}, world, Invocation()))


def test_the_second_run_waits_for_the_answers_of_the_first_and_takes_them_from_the_cache(world: World) -> None:
    wave = plan(world, RUN)
    second(world)
    for _ in range(2):
        with pytest.raises(OtherRunAsks, match="run run-1 of dataset reviews is asking the same"):
            plan(world, SECOND)
    world.answer(wave)
    with pytest.raises(OtherRunAsks):
        plan(world, SECOND)
    world.reduce(wave["promptShards"])
    assert plan(world, SECOND)["counts"] == {"requests": 0, "cached": 450}
    warnings = read_run(world.files, "run-2").warnings  # type: ignore[arg-type]
    assert [warning for warning in warnings if "Run run-1 of this dataset was asking" in warning] == [warnings[-1]]


def test_a_run_that_rates_waits_for_the_first_ones_ratings_until_its_dataset_is_written(world: World) -> None:
    world.answer(wave := plan(world, RUN))
    world.reduce(wave["promptShards"])
    judged = INPUT | {"filters": {"judge": {"threshold": 3}}}
    world.call(prepare_run, input=judged, executionName="run-2", startedAt="2026-01-02T00:00:00Z")
    with pytest.raises(OtherRunAsks, match="run-1"):
        plan(world, SECOND)
    world.call(assemble_dataset)
    assert plan(world, SECOND)["counts"] == {"requests": 0, "cached": 450}


def test_new_prompts_are_not_asked_by_two_runs_at_once(world: World) -> None:
    plan(world, RUN)
    second(world)
    with pytest.raises(OtherRunAsks, match="run-1"):
        plan_expansion.run({"run": SECOND, "wave": 0}, world, Invocation())


def test_a_first_run_that_is_taken_back_holds_up_nobody(world: World) -> None:
    plan(world, RUN)
    second(world)
    set_run_state(world.rows, "run-1", RETIRING, execution="run-1", now=world.now())
    assert plan(world, SECOND)["counts"]["requests"] == 450


def test_a_first_run_that_has_not_planned_yet_is_waited_for(world: World) -> None:
    second(world)
    plan_of_second = plan(world, SECOND)
    with pytest.raises(OtherRunAsks, match="run-2"):
        plan(world, RUN)
    # Who asks may be entered again, by a retry or by its own rerun.
    assert plan(world, SECOND) == plan_of_second


def test_a_run_that_shares_no_request_does_not_wait(world: World) -> None:
    plan(world, RUN)
    rows = [{"prompt": f"Other {n} is {'awful' if n % 2 else 'great'}"} for n in range(90)]
    world.files.put("seeds/reviews/a.jsonl", b"\n".join(json.dumps(row).encode() for row in rows))
    second(world)
    assert plan(world, SECOND)["counts"]["requests"] == 450


def test_of_several_that_come_at_once_one_asks(world: World) -> None:
    plan(world, RUN)
    second(world)
    set_run_state(world.rows, "run-1", RETIRING, execution="run-1", now=world.now())
    take = world.rows.take

    def late(row: LedgerRow, *, instead_of: str | None) -> str:
        take(msgspec.structs.replace(row, execution="run-3"), instead_of=instead_of)
        return take(row, instead_of=instead_of)

    world.rows.take = late  # type: ignore[method-assign]
    with pytest.raises(OtherRunAsks, match="run-3"):
        plan(world, SECOND)
