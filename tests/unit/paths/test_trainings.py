"""A student that is trained several times: which training serves, what the others are for, and what a rerun adopts."""

import hashlib
import json
import zlib
from typing import Any

import pytest

from distillation.layout import RunLayout
from distillation.records import Request
from handlers import (
    assemble_dataset,
    choose_student,
    plan_predictions,
    plan_requests,
    predict_arm,
    retire_student,
    score_run,
    start_deployment,
    start_tuning,
    write_report,
)
from tests.fakes import model_output
from tests.worlds.path_world import LAYOUT, MICRO, World

WRONG_OF_100 = {"student1": 20, "student2": 0, "student3": 10, "candidate1": 30, "candidate2": 0, "candidate3": 10}


def unequal(model_id: str, request: Request) -> dict[str, object]:
    """The trainings of the student err in some of 100 prompts, each in its own."""
    text = request.model_input["messages"][0]["content"][0]["text"]  # type: ignore[index]
    right = "bad" if "awful" in text else "good"
    share = next((wrong for name, wrong in WRONG_OF_100.items() if f"-{name}-d" in model_id), 0)
    errs = zlib.crc32(text.encode()) % 100 < share
    return model_output("bad" if model_id == MICRO or (errs and right == "good") else "good" if errs else right)


@pytest.fixture
def world(through_converse: None) -> World:
    made = World(unequal)
    rows = [
        {"prompt": f"The {n} is {'awful' if n % 2 else 'great'}", "reference": "bad" if n % 2 else "good"}
        for n in range(400)
    ]
    made.files.put("seeds/reviews/a.jsonl", b"\n".join(json.dumps(row).encode() for row in rows))
    return made


def train(world: World, arms: list[str]) -> list[dict[str, Any]]:
    made = []
    for arm in arms:
        tuned = world._await("tuning", world.call(start_tuning, arm=arm)["jobName"])
        job = world.call(start_deployment, arm=arm, modelArn=tuned["modelArn"])["jobName"]
        ready = world._await("deployment", job)
        made.append({"arm": arm, "modelArn": tuned["modelArn"], "deploymentArn": ready["deploymentArn"]})
    return made


def walk(world: World, **training: Any) -> dict[str, Any]:
    """From the input to the report, as the machine goes; gives the report."""
    world.prepare(split={"holdoutShare": 0.4, "validationShare": 0.3}, training=training)
    wave = world.call(plan_requests)
    world.answer(wave)
    world.reduce(wave["promptShards"])
    told = world.call(assemble_dataset)
    assert told["choose"]
    students: list[dict[str, Any]] = []
    while told["arms"]:
        students += train(world, told["arms"])
        told = world.call(choose_student, students=students)
        students = told["students"]
    world.students = students
    for shard in world.call(plan_predictions, students=students)["shards"]:
        world.call(predict_arm, **shard)
    world.decision = world.call(score_run)
    world.call(write_report, promotion="auto")
    report: dict[str, Any] = world.files.json(LAYOUT.report("report.json"))
    return report


def test_the_repeat_that_answers_validation_best_serves_and_all_of_them_make_the_interval(world: World) -> None:
    report = walk(world, repeats=3)
    choice = world.files.json(LAYOUT.student_choice)
    assert (choice["chosen"], [one["name"] for one in choice["tried"]]) == (
        "student-2",
        ["student-1", "student-2", "student-3"],
    )
    assert "student2" in world.students[0]["modelArn"] and world.students[0]["arm"] == "student"
    spread = report["trainings"]
    assert list(spread["values"]) == ["student", "student-1", "student-3"]
    assert spread["values"]["student"] == 1 > spread["values"]["student-3"] > spread["values"]["student-1"]
    [against] = [
        one
        for one in report["differences"]
        if (one["arm"], one["minus"], one["metric"]) == ("student", "teacher", "accuracy")
    ]
    assert against["method"] == "items-and-trainings"
    assert against["value"] == pytest.approx(sum(spread["values"].values()) / 3 - 1)
    assert "student-1" not in report["arms"]
    assert world.files.json("runs/_datasets/reviews/training-luck.json") == spread
    stages = {line["stage"] for line in report["costs"]["lines"]}
    assert {"training student-1", "training student-2", "training student-3", "validation student-2"} <= stages


def test_the_parameter_names_the_lines_that_the_chosen_training_learnt(world: World) -> None:
    walk(world, repeats=3)
    assert world.decision["decision"] == "promote"
    world.promote()
    served = json.loads(world.parameters.values["/nova-distill/reviews/student"])  # type: ignore[attr-defined]
    learnt = world.files.objects[LAYOUT.training_file("student-2", "train.jsonl")]
    assert served["datasetSha256"] == hashlib.sha256(learnt).hexdigest()
    assert served["modelArn"] == world.students[0]["modelArn"]


def test_repeats_learn_another_order_and_another_part_of_the_lines(world: World) -> None:
    walk(world, repeats=3)
    whole = world.files.objects[LAYOUT.dataset("train.jsonl")].splitlines()
    keys = [LAYOUT.training_file(name, "train.jsonl") for name in ("student-2", "student-3")]
    second, third = (world.files.objects[key].splitlines() for key in keys)
    assert len(second) == len(third) == -(-9 * len(whole) // 10)
    assert set(second) < set(whole) and set(third) < set(whole) and set(second) != set(third)
    assert second != [line for line in whole if line in set(second)]


def test_the_best_candidate_alone_meets_the_holdout_and_is_what_repeats_repeat(world: World) -> None:
    candidates = [{"epochCount": 1}, {"epochCount": 4, "maxExamples": 60}, {"policy": "proportional"}]
    report = walk(world, candidates=candidates, repeats=2)
    choice = world.files.json(LAYOUT.student_choice)
    assert choice["best"] == "candidate-2"
    assert [one["name"] for one in choice["tried"]] == ["candidate-1", "candidate-2", "candidate-3", "student-2"]
    assert choice["tried"][1]["setting"] == {"epochCount": 4, "maxExamples": 60}
    asked = {key.split("/")[4] for key in world.files.objects if key.startswith(f"{LAYOUT.root}7-evaluation/shards/")}
    assert "candidate-1" not in asked and "candidate-3" not in asked
    assert set(report["trainings"]["values"]) <= {"student", "student-2", "candidate-2"}
    requests = {name.split("-")[-2]: body for name, body in world.tuning_jobs.requests.items()}  # type: ignore[attr-defined]
    assert [requests[name]["hyperParameters"]["epochCount"] for name in ("candidate1", "candidate2", "student2")] == [
        "1",
        "4",
        "4",
    ]
    lines = {
        name: world.files.objects[RunLayout("run-1").training_file(name, "train.jsonl")].splitlines()
        for name in ("student", "candidate-1", "candidate-2", "candidate-3", "student-2")
    }
    assert lines["candidate-1"] == lines["student"]
    assert (len(lines["candidate-2"]), len(lines["student-2"])) == (60, 54)
    assert len(lines["candidate-3"]) == 4 * len(lines["student"])


def test_a_rerun_adopts_every_training_and_the_choice_and_the_end_leaves_one_model(world: World) -> None:
    walk(world, candidates=[{}, {"epochCount": 3}], repeats=2)
    jobs, asked = len(world.tuning_jobs.requests), len(world.models.asked)  # type: ignore[attr-defined]
    before = world.files.json(LAYOUT.student_choice)
    walk(world, candidates=[{}, {"epochCount": 3}], repeats=2)
    assert (len(world.tuning_jobs.requests), len(world.models.asked)) == (jobs, asked)  # type: ignore[attr-defined]
    assert world.files.json(LAYOUT.student_choice) == before
    deleted = [line.split(" arn")[0] for line in world.call(retire_student)["deleted"]]
    assert sorted(deleted) == 2 * ["deleted custom model"] + 3 * ["deleted deployment"]
