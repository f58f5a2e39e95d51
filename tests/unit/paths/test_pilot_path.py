"""The pilot on its way through the handlers: asked once, read, and never paid for again."""

import json
from typing import Any

import pytest

from application.run_files import ids_in
from distillation.errors import BudgetExceeded, PilotFailed
from distillation.records import Asking, Request
from handlers import assemble_dataset, plan_pilot, plan_requests, read_pilot
from tests.fakes import model_output
from tests.worlds.path_world import INPUT, LAYOUT, World, teacher_and_students

pytestmark = pytest.mark.usefixtures("through_converse")


def asked(world: World) -> list[str]:
    return [record for _, record, _ in world.models.asked]  # type: ignore[attr-defined]


def pilot(world: World) -> dict[str, Any]:
    world.answer(world.call(plan_pilot))
    return world.call(read_pilot)


def test_what_the_pilot_answered_is_not_asked_again_and_counts_as_the_runs_own() -> None:
    world = World()
    world.prepare()
    assert pilot(world)["counts"] == {"pilot": 10, "pilotUsable": 10, "pilotCompared": 10, "pilotRight": 10}
    assert len(asked(world)) == 10
    report = world.to_report()
    teacher = [record for model, record, _ in world.models.asked if "pro" in model]  # type: ignore[attr-defined]
    assert len(teacher) == len(set(teacher)) == 450
    counts = report["counts"]
    assert (counts["requests"], counts["answers"], counts["cached"], report["accountProblems"]) == (450, 450, 0, [])
    stages = {line["stage"]: line["inputTokens"] for line in report["costs"]["lines"]}
    assert stages["pilot"] * 44 == stages["teacher"]


def test_a_reply_of_the_pilot_that_cannot_be_used_is_final_as_any_other() -> None:
    cut: set[str] = set()

    def answer(model_id: str, request: Request) -> dict[str, object]:
        if request.record_id in cut:
            return model_output("good", stop="max_tokens")
        return teacher_and_students(model_id, request)

    world = World(answer)
    world.prepare()
    world.call(plan_pilot)
    cut.add(next(iter(ids_in(world.files, LAYOUT.requests(0, 0, Asking.PILOT)))))  # type: ignore[arg-type]
    assert pilot(world)["counts"] == {"pilot": 10, "pilotUsable": 9, "pilotCompared": 9, "pilotRight": 9}
    wave = world.call(plan_requests)
    world.answer(wave)
    assert [asked(world).count(record) for record in cut] == [1]
    world.reduce(wave["promptShards"])
    world.call(assemble_dataset)
    account = world.files.json(LAYOUT.candidates("counts", 0))["account"]
    assert (account["requests"], account["answers"], account["rejectedByReason"]) == (450, 449, {"truncated": 1})


def test_a_pattern_that_matches_nothing_ends_after_ten_requests_and_the_next_run_pays_none_of_them_again() -> None:
    world = World()
    wrong = {"task": {"kind": "answer", "answerPattern": r"answer is (\d+)"}}
    world.prepare(**wrong)
    with pytest.raises(PilotFailed, match=r"10 of 10 .*task\.answerPattern finds nothing"):
        pilot(world)
    assert len(asked(world)) == 10
    with pytest.raises(PilotFailed):
        pilot(world)
    told = world.prepare(task={"kind": "answer", "answerPattern": r"(good|bad)"}, runId="run-2")
    assert told["run"]["runId"] == "run-2"
    again = dict(plan_pilot.run({"run": told["run"]}, world, None))  # type: ignore[arg-type]
    assert (again["shards"], again["counts"]) == ([], {"requests": 0, "cached": 10})
    assert read_pilot.run({"run": told["run"]}, world, None)["counts"]["pilotRight"] == 10  # type: ignore[arg-type]
    assert len(asked(world)) == 10


def test_a_pilot_of_nothing_asks_nothing() -> None:
    world = World()
    world.prepare(pilot=0)
    assert pilot(world)["counts"] == {"pilot": 0, "pilotUsable": 0}
    assert asked(world) == []
    assert json.loads(world.files.objects[LAYOUT.run])["config"]["pilot"] == {"prompts": 0, "minScore": None}
    assert INPUT.get("pilot") is None


def test_a_teacher_below_the_untouched_base_ends_the_run_and_the_base_is_asked_once() -> None:
    def answer(model_id: str, request: Request) -> dict[str, object]:
        right = "bad" if "awful" in str(request.model_input["messages"]) else "good"
        return model_output({"good": "bad", "bad": "good"}[right] if "pro" in model_id else right)

    world = World(answer)
    world.prepare()
    for _ in range(2):
        with pytest.raises(PilotFailed, match="the base is right and the teacher wrong in"):
            pilot(world)
    base = [record for model, record, _ in world.models.asked if "micro" in model]  # type: ignore[attr-defined]
    assert len(base) == len(set(base)) == 10
    assert {one["arm"] for one in map(json.loads, world.files.objects[LAYOUT.pilot_base].splitlines())} == {"base"}


def test_a_teacher_that_is_as_wrong_as_the_base_ends_the_run_too() -> None:
    def answer(_: str, request: Request) -> dict[str, object]:
        return model_output("good" if "awful" in str(request.model_input["messages"]) else "bad")

    world = World(answer)
    world.prepare()
    with pytest.raises(PilotFailed, match=r"0 of 10 .* of the base's 0 of 10: .* pilot.minScore 0.5"):
        pilot(world)


def test_answers_that_are_longer_than_estimated_count_by_the_pilot_before_the_bulk_is_paid() -> None:
    def answer(_: str, request: Request) -> dict[str, object]:
        right = "bad" if "awful" in str(request.model_input["messages"]) else "good"
        return model_output(right, tokens=(20, 400))

    world = World(answer)
    world.prepare(maxUsd=0.05)
    pilot(world)
    # 450 requests, through the flex tier (0.40 and 1.60 USD a million tokens): 450 x (20 x 0.4 + 400 x 1.6) / 1e6.
    with pytest.raises(BudgetExceeded, match=r"the teacher's answers, 4\d0 requests\) would cost about 0\.2\d+ USD"):
        world.call(plan_requests)
    assert len(asked(world)) == 10
