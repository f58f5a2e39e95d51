"""What serves the dataset today answers the same holdout as an arm of its own, under its own system text."""

from typing import Any

import msgspec
import pytest

from distillation.instructions import label_system
from distillation.layout import RunLayout, student_parameter
from distillation.records import Arm, Request
from distillation.task import Task, TaskKind
from distillation.training.promotion import Served, parameter_text, promoted
from handlers import plan_predictions, predict_arm, score_run
from tests.fakes import model_output
from tests.worlds.path_world import LAYOUT, World, teacher_and_students
from tests.worlds.run_records import run_record

OLDER = Task(kind=TaskKind.LABEL, labels=("great", "good", "bad"))


def serves(world: World, run_id: str, model_arn: str, task: Task = OLDER) -> str:
    """Has another run's student serve the dataset; gives the stable deployment's ARN."""
    deployments: Any = world.deployments
    name = "nova-distill-reviews-stable"
    found = deployments.find(name)
    arn = str(
        deployments.update(found, model_arn)
        if found
        else deployments.create({"modelDeploymentName": name, "modelArn": model_arn, "clientRequestToken": "t"})
    )
    new = Served(model_arn=model_arn, run_id=run_id, report_key="r", dataset_sha256="s", promoted_at="2026")
    world.parameters.put(student_parameter("nova-distill", "reviews"), parameter_text(promoted(None, arn, new)))
    world.files.put_json(RunLayout(run_id).run, run_record(task, run_id=run_id))
    return arn


def predicted(world: World) -> dict[str, list[dict[str, Any]]]:
    """The arms' answers, planned and asked again."""
    for shard in world.call(plan_predictions, students=world.students)["shards"]:
        world.call(predict_arm, **shard)
    world.call(score_run)
    return {
        arm: [msgspec.json.decode(line) for line in world.files.lines(LAYOUT.predictions(arm))]
        for arm in map(str, Arm)
        if world.files.get_or_none(LAYOUT.predictions(arm))
    }


def test_without_anything_that_serves_there_is_no_champion(world: World) -> None:
    report = world.to_report()
    assert Arm.CHAMPION not in report["arms"]
    assert world.files.get_or_none(LAYOUT.champion) is None


def test_what_serves_answers_the_holdout_as_it_was_trained_to(world: World) -> None:
    stable = serves(world, "older", "arn:older-model")
    world.models.answer = lambda model, request: (  # type: ignore[attr-defined]
        model_output("bad") if model == stable else teacher_and_students(model, request)
    )
    report = world.to_report()
    assert report["arms"]["champion"]["metrics"]["accuracy"]["value"] < 0.8
    assert report["arms"]["champion"]["n"] == report["arms"]["student"]["n"]
    assert ("student", "champion") in {(d["arm"], d["minus"]) for d in report["differences"]}
    asked = list(world.files.records(LAYOUT.prediction_requests("champion", 0), Request))
    texts = {request.model_input["system"][0]["text"] for request in asked}  # type: ignore[index]
    assert texts == {label_system(OLDER.labels)}
    assert {shown["stage"] for shown in report["costs"]["lines"]} >= {"predictions champion", "predictions student"}


def test_the_answers_under_its_own_text_are_told_apart_from_the_others(world: World) -> None:
    serves(world, "older", "arn:older-model")
    world.to_report()
    files = world.files.objects
    assert any("/replies/champion/" in key for key in files)
    assert world.files.json(LAYOUT.champion)["modelArn"] == "arn:older-model"


def test_the_runs_own_student_is_never_its_champion(world: World) -> None:
    world.to_report()
    world.promote()
    assert "champion" not in predicted(world)


def test_a_rerun_after_the_promotion_keeps_the_champion_that_the_student_beat(world: World) -> None:
    serves(world, "older", "arn:older-model")
    world.to_report()
    before = list(world.files.lines(LAYOUT.predictions("champion")))
    world.promote()
    asked = len(world.models.asked)  # type: ignore[attr-defined]
    assert predicted(world)["champion"] == [msgspec.json.decode(line) for line in before]
    assert len(world.models.asked) == asked  # type: ignore[attr-defined]


def test_another_champion_is_asked_anew(world: World) -> None:
    serves(world, "older", "arn:older-model")
    world.to_report()
    serves(world, "newer", "arn:newer-model", world_task(world))
    asked = len(world.models.asked)  # type: ignore[attr-defined]
    again = predicted(world)["champion"]
    assert len(world.models.asked) - asked == len(again) > 0  # type: ignore[attr-defined]
    assert world.files.json(LAYOUT.champion)["runId"] == "newer"


def test_what_the_parameter_names_and_nothing_serves_is_no_champion(world: World) -> None:
    arn = serves(world, "older", "arn:older-model")
    world.to_report()
    world.deployments.delete(arn)
    assert "champion" not in predicted(world)


def test_a_champion_whose_run_is_forgotten_is_asked_as_everybody_else(world: World) -> None:
    serves(world, "older", "arn:older-model")
    del world.files.objects[RunLayout("older").run]
    world.to_report()
    champion, student = (
        [request.model_input for request in world.files.records(LAYOUT.prediction_requests(arm, 0), Request)]
        for arm in ("champion", "student")
    )
    assert champion == student


def test_the_estimate_counts_the_champion_in(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.prepare()
    without = world.files.json(LAYOUT.estimate)["evaluationUsd"]
    other = World()
    serves(other, "older", "arn:older-model")
    other.prepare()
    assert other.files.json(LAYOUT.estimate)["evaluationUsd"] == pytest.approx(2 * without, abs=2e-6)


def world_task(world: World) -> Task:
    """The run's own task."""
    return msgspec.convert(world.files.json(LAYOUT.run)["task"], Task)
