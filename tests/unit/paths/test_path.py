"""The handlers in the order of the state machine, on fakes: what each hop writes, and what a rerun or a failure leaves
alone.
"""

import json
import time
from typing import Any

import pytest

from application.entry import own_files
from distillation.errors import InvalidInput
from distillation.inference.converse import ATTEMPTS_WHEN_THROTTLED, Pace
from distillation.layout import RunLayout
from distillation.records import Request
from distillation.run import fan_out
from distillation.run.bounds import DeploymentBounds
from handlers import (
    answer_now,
    plan_pilot,
    plan_predictions,
    plan_requests,
    plan_retry_wave,
    predict_arm,
    prepare_run,
    read_predictions,
    retire_after_failure,
    retire_student,
    start_deployment,
    start_tuning,
    write_failure_report,
)
from tests.fakes import (
    Invocation,
    model_output,
    record_error,
)
from tests.worlds.path_world import INPUT, LAYOUT, MICRO, PRO, RUN, World, teacher_and_students


def test_predictions_whose_ids_were_swapped_are_none_and_asked_again(world: World) -> None:
    world.to_report()
    planned = world.call(plan_predictions, students=world.students)["shards"]
    shard = next(shard for shard in planned if shard["arm"] == "base")
    lines = world.files.objects[LAYOUT.prediction_requests("base", 0)].splitlines()
    one, other = (json.loads(line) for line in lines[:2])
    replies = LAYOUT.prediction_replies_prefix("base", 0, shard["modelId"])
    for key in [stored.key for stored in world.files.list(replies)]:
        world.files.delete(key)
    swapped = [one | {"modelInput": other["modelInput"]}, other | {"modelInput": one["modelInput"]}]
    said = [json.dumps(line | model_output("good")) for line in (*swapped, one | {"recordId": "nobody-x-g0"})]
    world.files.put(f"{replies}job/part.jsonl.out", "\n".join(said).encode())
    found = world.call(read_predictions, **shard)["counts"]
    assert (found["predictions"], found["missing"], found["strangers"]) == (0, len(lines), 3)
    world.call(predict_arm, **shard)
    written = world.files.objects[LAYOUT.prediction_shard("base", 0)].splitlines()
    assert len(written) == len(lines) and {json.loads(line)["text"] for line in written} == {"bad"}


def test_from_seeds_to_a_promoted_student(world: World) -> None:
    report = world.to_report()
    counts = report["counts"]
    assert (counts["seedsIn"], counts["requests"], counts["replies"], counts["answers"]) == (90, 450, 450, 450)
    assert counts["holdout"] + counts["train"] + counts["validation"] == 90
    assert (
        report["arms"]["teacher"]["metrics"]["accuracy"]["value"]
        == report["arms"]["student"]["metrics"]["accuracy"]["value"]
        == 1
    )
    assert report["arms"]["base"]["metrics"]["accuracy"]["value"] < 0.8
    assert world.decision["decision"] == "promote"
    world.promote()
    served = json.loads(world.parameters.values["/nova-distill/reviews/student"])  # type: ignore[attr-defined]
    assert (served["deploymentArn"], served["modelArn"]) == (
        "arn:nova-distill-reviews-stable",
        world.students[0]["modelArn"],
    )
    assert [line.split(" arn")[0] for line in world.call(retire_student)["deleted"]] == ["deleted deployment"]
    assert served["deploymentArn"] not in world.deployments.gone  # type: ignore[attr-defined]


def test_a_run_writes_its_own_files_only(world: World) -> None:
    before = set(world.files.objects)
    world.to_report()
    world.promote()
    world.call(retire_student)
    written = set(world.files.objects) - before
    assert len(written) > 30
    assert not [key for key in written if not key.startswith(own_files({"run": RUN}))]


def test_the_student_is_trained_and_asked_with_the_same_system_text(world: World) -> None:
    world.to_report()
    trained = {json.loads(line)["system"][0]["text"] for line in world.files.lines(LAYOUT.dataset("train.jsonl"))}
    asked = {
        r.model_input["system"][0]["text"]
        for r in world.files.records(LAYOUT.prediction_requests("student", 0), Request)
    }
    assert trained == asked and len(trained) == 1


def test_no_reference_reaches_a_request_or_a_training_line(world: World) -> None:
    world.to_report()
    sent = b"".join(
        body
        for key, body in world.files.objects.items()
        if "/2-requests/" in key or key.endswith(("train.jsonl", "validation.jsonl"))
    )
    assert b"reference" not in sent


def test_throttled_records_go_into_the_next_wave_and_nothing_is_asked_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("application.converse.PACE", Pace(time.monotonic, lambda seconds: None))
    monkeypatch.setattr("distillation.inference.adaptive_limit.FIRST_PAUSE", 0.0)
    busy: set[str] | None = set()

    def answer(model_id: str, request: Request) -> dict[str, object]:
        if busy is not None and (request.record_id in busy or len(busy) < 3):
            busy.add(request.record_id)
            return record_error(429)
        return teacher_and_students(model_id, request)

    world = World(answer)
    world.prepare(sampling={"greedy": 1, "sampled": 0})
    assert world.answer(world.call(plan_requests)) == 3
    busy = None
    wave = world.call(plan_retry_wave, wave=0)
    assert [(s["shard"], s["records"]) for s in wave["shards"]] == [(1, 3)]
    assert world.answer(wave) == 0
    well = [record for _, record, _ in world.models.asked]  # type: ignore[attr-defined]
    assert len(well) == 87 + 3 * ATTEMPTS_WHEN_THROTTLED + 3


def test_a_second_run_of_the_same_seeds_pays_for_no_answer(world: World) -> None:
    world.to_report()
    asked = len(world.models.asked)  # type: ignore[attr-defined]
    again = world.call(prepare_run, input=INPUT, executionName="run-2", startedAt="2026-01-02T00:00:00Z")
    for planned, taken in ((plan_pilot, 10), (plan_requests, 450)):
        plan = dict(planned.run({"run": again["run"]}, world, Invocation()))
        assert (plan["shards"], plan["counts"]) == ([], {"requests": 0, "cached": taken})
    assert len(world.models.asked) == asked  # type: ignore[attr-defined]


def test_a_rerun_that_asks_something_else_is_refused_and_touches_nothing_of_the_earlier_run(world: World) -> None:
    world.to_report()
    world.promote()
    before = dict(world.files.objects)
    with pytest.raises(InvalidInput, match="differs in settings"):
        world.prepare(gate={"margin": 0.01})
    key = LAYOUT.run
    world.files.put(key, before[key].replace(b'"maxUsd"', b'"mostUsd"'))
    with pytest.raises(InvalidInput, match="another release"):
        world.prepare()
    world.files.put(key, before[key])
    failure = {"state": "PrepareRun", "error": "InvalidInput", "cause": "differs"}
    rail = {"input": INPUT, "executionName": "run-1", "startedAt": "2026-01-02T00:00:00Z"}
    pass_ = world.call(retire_after_failure, failure=failure, **rail)
    assert (pass_["retired"], pass_["left"], pass_["again"]) == ([], [], False)
    world.call(write_failure_report, failure=failure, **rail)
    assert world.files.objects == before
    assert not world.deployments.gone  # type: ignore[attr-defined]


NO_MODEL_STAYS = b'{"keepModelOnFailure": false, "serving": {"keepRejectedModel": false}}'


@pytest.mark.parametrize("promoted", [True, False])
def test_a_failure_retires_what_the_run_made_but_never_a_promoted_student(world: World, promoted: bool) -> None:
    world.files.put("seeds/reviews/input.json", NO_MODEL_STAYS)
    world.to_report()
    if promoted:
        world.promote()
    failure = {
        "state": "ScoreRun",
        "error": "Broken",
        "cause": '{"errorMessage": "out of disk", "errorType": "Broken"}',
    }
    retired = world.call(retire_after_failure, failure=failure, input=INPUT, executionName="run-1")["retired"]
    assert [line.split(" arn")[0] for line in retired] == (
        ["deleted deployment"] if promoted else ["deleted deployment", "deleted custom model"]
    )
    told = world.call(
        write_failure_report, failure=failure | {"retired": retired}, input=INPUT, executionName="run-1", startedAt=""
    )
    assert told["error"] == "Broken"
    assert told["cause"].startswith("out of disk\nWhat to do next: Read the cause")


def test_a_student_that_did_not_earn_it_loses_its_deployment_but_not_its_model(world: World) -> None:
    world.to_report()
    deleted = world.call(retire_student)["deleted"]
    assert [line.split(" arn")[0] for line in deleted] == ["deleted deployment"]


def test_after_a_failure_a_rerun_trains_under_a_new_name_since_the_model_is_gone(world: World) -> None:
    world.files.put("seeds/reviews/input.json", NO_MODEL_STAYS)
    world.to_report()
    world.call(
        retire_after_failure,
        failure={"state": "ScoreRun", "error": "", "cause": ""},
        input=INPUT,
        executionName="run-1",
    )
    world.prepare()
    assert world.call(start_tuning, arm="student")["jobName"].endswith("-student-t1")
    assert world.call(start_deployment, arm="student", modelArn="m")["jobName"].endswith("-student-d1")


def test_a_rerun_after_the_deployment_was_retired_asks_the_new_one_and_reaches_its_report(world: World) -> None:
    world.to_report()
    first = world.students[0]["deploymentArn"]
    world.call(retire_student)
    report = world.to_report()
    assert world.students[0]["deploymentArn"] != first
    assert report["arms"]["student"]["metrics"]["accuracy"]["value"] == 1
    assert report["counts"]["requests"] == 450


def test_a_turn_without_time_asks_nothing_more_and_says_so(world: World) -> None:
    world.prepare(sampling={"greedy": 1, "sampled": 0})
    (shard,) = world.call(plan_requests)["shards"]
    turn = dict(
        answer_now.run({"run": RUN, "stage": "answers", "wave": 0, **shard}, world, Invocation(milliseconds=1000))
    )
    assert turn == {"done": False}
    assert world.call(answer_now, stage="answers", wave=0, **shard) == {"done": True}
    assert len(world.models.asked) == len({record for _, record, _ in world.models.asked}) == 90  # type: ignore[attr-defined]
    assert all(flex for _, _, flex in world.models.asked)  # type: ignore[attr-defined]


def test_the_run_says_by_which_release_it_was_made(world: World) -> None:
    world.settings = world.settings._replace(release="1.2.3")
    world.prepare()
    assert world.files.json(LAYOUT.run)["versions"]["nova-distill"] == "1.2.3"


@pytest.mark.parametrize(
    ("judge", "arms", "pairs", "asked"),
    [
        (None, False, False, ""),
        ({}, True, True, PRO),
        ({"metrics": []}, False, True, PRO),
        ({"pairwise": False}, True, False, PRO),
    ],
)
def test_the_machine_is_told_what_the_judge_is_asked_and_the_record_who_it_is(
    world: World, judge: dict[str, Any] | None, arms: bool, pairs: bool, asked: str
) -> None:
    world.settings = world.settings._replace(judge_invoke_id=PRO)
    told = world.prepare(evaluation={"judge": judge})
    assert (told["judgeArms"], told["compareArms"]) == (arms, pairs)
    assert world.files.json(LAYOUT.run)["models"]["judge"] == asked
    assert (world.files.json(LAYOUT.estimate)["judgingUsd"] > 0) is (judge is not None)


def test_a_judge_that_is_not_there_stops_the_run_before_it_costs_anything(world: World) -> None:
    world.settings = world.settings._replace(judge_invoke_id="mistral.large")
    world.catalogue.problems["mistral.large"] = "mistral.large: no such model"  # type: ignore[attr-defined]
    with pytest.raises(InvalidInput, match=r"mistral\.large"):
        world.prepare(evaluation={"judge": {}})


def test_a_model_that_bedrock_will_end_is_said_in_the_record(world: World) -> None:
    world.catalogue.legacy.add(PRO)  # type: ignore[attr-defined]
    world.prepare()
    assert f"the model {PRO} is LEGACY" in world.files.json(LAYOUT.run)["warnings"][0]


def test_a_model_that_is_refused_to_this_account_stops_the_run_before_it_costs_anything(world: World) -> None:
    world.models.refusals[MICRO] = "you have not been actively using the model in the last 15 days"  # type: ignore[attr-defined]
    assert world.prepare()["counts"]["prompts"] == 90, "only a model that is about to end is tried"
    world.catalogue.legacy.add(f"{MICRO}:128k")  # type: ignore[attr-defined]
    with pytest.raises(InvalidInput, match="in the last 15 days"):
        world.prepare(runId="run-2")


def test_an_uploaded_input_cannot_decide_what_is_promoted_and_the_record_says_so(world: World) -> None:
    hostile = {key: value for key, value in INPUT.items() if key not in ("dataset", "runId")}
    hostile |= {"gate": {"margin": 1.0}, "serving": {"canaryAgreement": 0}, "promotion": "auto"}
    world.settings = world.settings._replace(bounds=DeploymentBounds())
    world.files.put("seeds/reviews/input.json", json.dumps(hostile).encode())
    told = world.call(
        prepare_run, input={"dataset": "reviews"}, executionName="run-1", startedAt="2026-01-01T00:00:00Z"
    )
    record = world.files.json(LAYOUT.run)
    assert told["promotion"] == record["config"]["promotion"] == "approve"
    assert record["config"]["gate"]["margin"] == 0.1
    assert "gate.margin: 1.0 became 0.1, the deployment's largestGateMargin" in record["warnings"]


def test_a_run_that_assemble_dataset_cannot_hold_is_refused_before_a_model_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    monkeypatch.setattr(fan_out, "ASSEMBLE_MB", fan_out.ASSEMBLE_START_MB)
    with pytest.raises(InvalidInput, match="too large for one execution"):
        world.prepare()
    assert not world.files.list(RunLayout("run-1").run)
