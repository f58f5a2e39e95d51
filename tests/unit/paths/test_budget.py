"""What a run may spend: checked before each wave and stage, by run and by month; a rerun with more adopts."""

import json
from contextlib import nullcontext
from typing import Any

import pytest

from application.serving.approval import answer, pending_approval
from distillation.bedrock.submission import RUN as RUN_ROW
from distillation.errors import BudgetExceeded
from handlers import (
    assemble_dataset,
    await_approval,
    plan_predictions,
    plan_requests,
    plan_retry_wave,
    prepare_run,
    write_failure_report,
    write_report,
)
from tests.fakes import EPOCH, Clock
from tests.worlds.path_world import INPUT, LAYOUT, UNBOUND, World

MONTH = f"month:{EPOCH:%Y-%m}"


def spent(world: World) -> float:
    row = world.rows.row("run-1", RUN_ROW)
    assert row is not None
    return row.spent_usd


def bound(world: World, **bounds: float) -> None:
    world.settings = world.settings._replace(bounds=UNBOUND._replace(**bounds))


def asked(world: World) -> int:
    return len(world.models.asked)  # type: ignore[attr-defined]


def prepared_with_a_wave(world: World, **changes: Any) -> dict[str, Any]:
    world.prepare(**changes)
    wave = world.call(plan_requests)
    world.answer(wave)
    world.reduce(wave["promptShards"])
    return wave


def test_the_ledger_has_what_the_report_says_and_nothing_is_set_aside_any_more(world: World) -> None:
    report = world.to_report()
    month = world.rows.row(MONTH, "run-1")
    assert month is not None
    assert spent(world) == report["costs"]["totalUsd"] > 0
    assert (round(month.spent_usd, 5), month.reserved_usd) == (round(spent(world), 5), 0)


def test_a_budget_that_the_next_stage_would_break_ends_the_run_and_a_rerun_with_more_pays_nothing_twice(
    world: World,
) -> None:
    prepared_with_a_wave(world)
    world.call(assemble_dataset)
    enough = spent(world)
    # As much as is spent, so that the training is one step too far.
    record = world.files.json(LAYOUT.run)
    record["config"]["maxUsd"] = enough
    world.files.put(LAYOUT.run, json.dumps(record).encode())
    with pytest.raises(BudgetExceeded) as ended:
        world.call(assemble_dataset)
    said = str(ended.value)
    assert f"has spent {enough:.4f} USD" in said
    assert "the next step (the training)" in said and "the same runId and a higher maxUsd" in said
    before = asked(world)
    told = world.prepare(maxUsd=5)
    assert world.files.json(LAYOUT.run)["config"]["maxUsd"] == 5
    wave = world.call(plan_requests)
    assert (told["counts"]["prompts"], wave["counts"]["requests"]) == (90, 450)
    world.answer(wave)
    world.call(assemble_dataset)
    assert (asked(world), spent(world)) == (before, enough)


def test_a_wave_is_planned_but_not_asked_where_the_money_is_gone(world: World) -> None:
    world.prepare(maxUsd=5)
    world.call(plan_requests)
    bound(world, max_usd_per_run=1e-9)
    with pytest.raises(BudgetExceeded, match=r"maxUsdPerRun is 1e-09, and no input can raise it"):
        world.call(plan_requests)
    assert asked(world) == 0
    world.answer({"stage": "answers", "wave": 0, "shards": [{"shard": 0, "route": "now", "records": 450}]})
    # Whatever was answered is paid: nothing more is to come of this wave.
    world.call(plan_requests)
    assert world.call(plan_retry_wave, wave=0)["shards"] == []


def test_the_estimate_is_refused_by_the_bound_of_a_run_whatever_the_input_allows(world: World) -> None:
    bound(world, max_usd_per_run=1e-6)
    with pytest.raises(BudgetExceeded, match=r"maxUsdPerRun"):
        world.prepare(maxUsd=1000)
    assert LAYOUT.run not in world.files.objects and not world.rows.kept


def test_a_month_counts_what_runs_spent_and_what_those_under_way_set_aside(world: World) -> None:
    world.prepare()
    first = world.files.json(LAYOUT.estimate)["totalUsd"]
    bound(world, max_usd_per_month=1.5 * first)
    second = {"input": INPUT, "executionName": "run-2", "startedAt": "2026-01-02T00:00:00Z"}
    with pytest.raises(BudgetExceeded, match=r"all other runs of 2026-01 have spent or set aside .*maxUsdPerMonth"):
        world.call(prepare_run, **second)
    failure = {"state": "PlanRequests", "error": "Aborted", "cause": "stopped"}
    world.call(write_failure_report, failure=failure, input=INPUT, executionName="run-1", startedAt="")
    assert world.call(prepare_run, **second)["counts"]["prompts"] == 90


def test_a_rerun_in_a_later_month_counts_there_only_with_what_it_adds(world: World) -> None:
    prepared_with_a_wave(world)
    world.call(assemble_dataset)
    clock = world.now
    assert isinstance(clock, Clock)
    clock.move(days=31)
    world.to_report()
    january, february = (world.rows.row(f"month:2026-{month}", "run-1") for month in ("01", "02"))
    assert january is not None and february is not None
    assert 0 < february.spent_usd == pytest.approx(spent(world) - january.spent_usd, abs=1e-5)


@pytest.mark.parametrize("keep", [True, False])
def test_a_training_whose_model_was_kept_is_no_next_step_and_one_that_was_deleted_is(
    world: World, *, keep: bool
) -> None:
    prepared_with_a_wave(world, keepModelOnFailure=keep)
    world.call(assemble_dataset)
    world.train()
    failure = {"state": "TrainStudents", "error": "DeploymentFailed", "cause": "no capacity"}
    world.call(write_failure_report, failure=failure, input=INPUT, executionName="run-1", startedAt="")
    world.prepare(keepModelOnFailure=keep)
    enough = spent(world)
    bound(world, max_usd_per_run=enough)
    with nullcontext() if keep else pytest.raises(BudgetExceeded, match="the training"):
        world.call(assemble_dataset)
    assert spent(world) == enough


def test_predictions_that_were_paid_for_are_no_next_step(world: World) -> None:
    report = world.to_report()
    paid = sum(line["usd"] for line in report["costs"]["lines"] if line["stage"].startswith("predictions"))
    expected = world.files.json(LAYOUT.estimate)
    assert 0 < paid < expected["baseUsd"] + expected["evaluationUsd"]
    bound(world, max_usd_per_run=spent(world) - paid + expected["baseUsd"] + expected["evaluationUsd"] + 1e-6)
    world.call(plan_predictions, students=world.students)
    world.call(write_report, promotion="approve")


def test_a_person_is_asked_before_money_is_spent_and_not_again_where_the_answer_was_yes(world: World) -> None:
    told = world.prepare(approveAboveUsd=0)
    assert (told["askToSpend"], world.prepare(approveAboveUsd=50)["askToSpend"]) == (True, False)
    assert told["expectedUsd"] == f"{world.files.json(LAYOUT.estimate)['totalUsd']:.2f}"
    waits = world.call(await_approval, kind="spending", token="token")["jobName"]
    assert waits == "nova-distill-run-1-spending-a0"
    row = pending_approval(world, "run-1")
    assert row is not None and answer(world, row, approved=False, by="me")
    assert world.prepare(approveAboveUsd=0)["askToSpend"]
    world.now.move(hours=1)  # type: ignore[attr-defined]
    world.call(await_approval, kind="spending", token="second")
    row = pending_approval(world, "run-1")
    assert row is not None and answer(world, row, approved=True, by="me")
    assert not world.prepare(approveAboveUsd=0)["askToSpend"]


@pytest.mark.parametrize("said", [True, False, None])
def test_the_report_says_who_answered_what_when_and_why(world: World, said: bool | None) -> None:
    assert world.to_report()["approval"] == ""
    world.call(await_approval, token="token")
    row = pending_approval(world, "run-1")
    assert row is not None
    if said is None:
        world.now.move(hours=72)  # type: ignore[attr-defined]
    else:
        answer(world, row, approved=said, by="ann at 2026-01-01 10:00 UTC: seen <the> items")
    world.call(write_report, promotion="approve")
    heard = f"{'approved' if said else 'declined'} by ann at 2026-01-01 10:00 UTC: seen <the> items"
    expected = "nobody answered until 2026-01-04T00:00 UTC" if said is None else heard
    assert world.files.json(LAYOUT.report("report.json"))["approval"] == expected
    page = world.files.objects[LAYOUT.report("index.html")].decode()
    assert expected.replace("<", "&lt;").replace(">", "&gt;") in page
