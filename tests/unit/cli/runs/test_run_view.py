"""From what AWS says about a run to what a person sees of it."""

import json
from pathlib import Path

import msgspec
import pytest

from cli.runs.run_counts import Progress
from cli.runs.run_stages import CLEAN_UP, STAGES, StageState
from cli.runs.run_view import RunView, run_view
from distillation.bedrock.job_names import batch, evaluation, prediction_batch, tuning
from distillation.bedrock.waiting import JobLook
from distillation.records import Arm, Asking
from tests.unit.cli.run_stories import (
    ANSWERED,
    BATCH_JOBS,
    BATCH_ROWS,
    MODEL_JOBS,
    MODEL_ROWS,
    PREDICTED,
    RUN_ID,
    Story,
    at,
    execution,
    expanding,
    expansion_output,
    failed_run,
    observed,
    row,
    up_to_answers,
    whole_run,
)

BOTH_WAYS = pytest.mark.parametrize("inside_maps", [True, False], ids=["events inside maps", "no events inside maps"])


def facts(view: RunView, stage: str) -> dict[str, str]:
    return {fact.label: fact.value for line in view.stages if line.times.name == stage for fact in line.facts}


def states(view: RunView) -> dict[str, StageState]:
    return {line.times.name: line.times.state for line in view.stages}


def _one_shard(stage: str, records: int) -> dict[str, object]:
    """The output of a state that plans one shard."""
    shard = {"shard": 0, "route": "batch", "records": records}
    return {"stage": stage, "wave": 0, "shards": [shard], "counts": {"requests": records}}


def test_every_state_that_works_belongs_to_exactly_one_stage() -> None:
    machine = json.loads((Path(__file__).parents[4] / "statemachine" / "distillation.asl.json").read_text())
    inner = [state["ItemProcessor"]["States"] for state in machine["States"].values() if state["Type"] == "Map"]
    working = [
        name
        for states in (machine["States"], *inner)
        for name, state in states.items()
        if state["Type"] in ("Task", "Map", "Fail")
    ]
    placed = [state for stage in (*STAGES, CLEAN_UP) for state in stage.states]
    assert sorted(placed) == sorted(working)


def test_a_run_that_waits_for_the_answers_of_another_says_for_which() -> None:
    story = Story(inside_maps=True)
    story.state("PrepareRun", 1, 3, {"run": {"runId": RUN_ID}})
    story.state("PlanRequests", 3, None)
    story.fails(4, "OtherRunAsks", json.dumps({"errorMessage": "run over-1 of dataset reviews is asking the same"}))
    view = run_view(observed(story))
    assert facts(view, "PlanRequests")["waits:"] == "run over-1 of dataset reviews is asking the same"
    assert view.errors == ()


@BOTH_WAYS
def test_a_run_in_its_batches(inside_maps: bool) -> None:
    view = run_view(observed(up_to_answers(inside_maps=inside_maps), keys=ANSWERED, jobs=BATCH_JOBS, ledger=BATCH_ROWS))
    assert states(view) == {
        "PrepareRun": StageState.DONE,
        "PlanRequests": StageState.DONE,
        "AnswerShards": StageState.RUNNING,
        **dict.fromkeys(
            (
                "Reducing",
                "AssembleDataset",
                "Tuning",
                "Deployment",
                "PredictArms",
                "ScoreRun",
                "WriteReport",
                "Promote or Retire",
                "Notify",
            ),
            StageState.WAITING,
        ),
    }
    assert facts(view, "PrepareRun") == {"seeds": "400", "rejected": "3", "prompts": "400"}
    assert facts(view, "PlanRequests") == {"requests": "2,000", "shards": "3"}
    assert facts(view, "AnswerShards") == {
        "shards": "2/3",
        "records": "1,450/2,000",
        "replies": "1,048",
        "answers": "1,040",
        "rejected": "8",
        "jobs": "1 Completed, 1 InProgress",
    }
    answering = view.stages[2]
    assert answering.progress == Progress(1450, 2000)
    assert (answering.times.started, answering.times.ended) == (at(7), None)
    assert view.failure is None


@BOTH_WAYS
def test_a_whole_run(inside_maps: bool) -> None:
    story = whole_run(inside_maps=inside_maps)
    keys = (*ANSWERED, "4-answers/shard-0001.jsonl", "4-answers/shard-0003.jsonl", *PREDICTED)
    report = {
        "verdict": {"decision": "promote", "reasons": ["non-inferior"]},
        "counts": {"requests": 2000, "replies": 2000, "answers": 1992, "answersRejected": 8},
    }
    ended = execution("SUCCEEDED", stopped=at(190))
    view = run_view(
        observed(
            story,
            execution=ended,
            keys=keys,
            jobs=BATCH_JOBS | MODEL_JOBS,
            ledger=(*BATCH_ROWS, *MODEL_ROWS),
            report=report,
        ),
    )
    assert set(states(view).values()) == {StageState.DONE}
    assert [line.times.name for line in view.stages][-2:] == ["PromoteStudent", "Notify"]
    assert facts(view, "AnswerShards")["retry wave"] == "1"
    assert facts(view, "AnswerShards")["records"] == "2,002/2,002"
    assert facts(view, "AnswerShards")["replies"] == "2,000"
    assert facts(view, "AssembleDataset") == {
        "examples": "300",
        "rejected": "4",
        "train": "270",
        "validation": "30",
        "holdout": "100",
    }
    assert facts(view, "Tuning") == {"student": "Completed, training loss 0.421"}
    assert facts(view, "Deployment") == {"student": "Active"}
    assert facts(view, "PredictArms") == {"teacher": "100/100", "base": "100/100", "student": "100/100"}
    assert facts(view, "ScoreRun") == {"verdict": "promote"}
    assert (view.decision, view.reasons) == ("promote", ("non-inferior",))
    deployment = next(line for line in view.stages if line.times.name == "Deployment")
    assert at(140) <= (deployment.times.started or at(0)) <= at(141)
    assert deployment.times.ended == at(160)


@BOTH_WAYS
def test_rounds_of_expansion_show_what_each_method_gave(inside_maps: bool) -> None:
    job = JobLook(status="InProgress", processed=30, total=120)
    view = run_view(observed(expanding(inside_maps=inside_maps), jobs={"nova-distill-reviews-1-x01-s0000": job}))
    assert states(view)["Expansion"] is StageState.RUNNING and states(view)["AnswerShards"] is StageState.WAITING
    assert facts(view, "Expansion") == {
        "round": "2",
        "requests": "30/120",
        "new prompts": "300/400",
        "topics": "asked 100, parsed 98, kept 90",
        "selfInstruct": "asked 300, parsed 299, kept 210",
    }
    assert next(line.progress for line in view.stages if line.times.name == "Expansion") == Progress(300, 400)


@BOTH_WAYS
def test_what_expansion_asked_is_not_counted_as_the_teachers_answers(inside_maps: bool) -> None:
    story, why = (
        expanding(inside_maps=inside_maps, rounds=0),
        "round 1 brought 3 usable new prompts of 120 asked (2.5%), less than minYield 5.0%",
    )
    story.state("ReadExpansion", 30, 31, expansion_output(1, more=False, why=why))
    story.state("PlanRequests", 31, 32, _one_shard("answers", 700))
    story.state("AnswerShards", 32, None, kind="Map")
    view = run_view(observed(story, keys=("4-answers/expansion-00-shard-0000.jsonl",)))
    assert states(view)["Expansion"] is StageState.DONE and states(view)["AnswerShards"] is StageState.RUNNING
    assert facts(view, "Expansion")["end"] == why
    assert facts(view, "PlanRequests") == {"requests": "700", "shards": "1"}
    assert facts(view, "AnswerShards") == {"shards": "0/1", "records": "0/700"}


@BOTH_WAYS
def test_ratings_are_a_stage_of_their_own(inside_maps: bool) -> None:
    story = up_to_answers(inside_maps=inside_maps)
    story.state("ReduceShards", 100, 110, kind="Map")
    story.state("PlanRatings", 110, 111, _one_shard("ratings", 290))
    story.state("AnswerShards", 111, None, kind="Map")
    view = run_view(observed(story, keys=ANSWERED))
    assert (states(view)["AnswerShards"], states(view)["Reducing"], states(view)["Rating"]) == (
        StageState.DONE,
        StageState.DONE,
        StageState.RUNNING,
    )
    assert facts(view, "Rating") == {"answers rated": "290"}
    assert facts(view, "PlanRequests") == {"requests": "2,000", "shards": "3"}


def test_a_run_without_expansion_and_ratings_shows_no_stage_for_them() -> None:
    assert not {"Expansion", "Rating", "Approval"} & set(states(run_view(observed(whole_run(inside_maps=True)))))


def test_a_retired_student_gives_the_stage_its_name() -> None:
    story = Story(inside_maps=True)
    story.state("RetireStudent", 10, None)
    assert "RetireStudent" in states(run_view(observed(story)))


@pytest.mark.parametrize("arm", list(Arm))
@pytest.mark.parametrize("attempt", [0, 1])
def test_a_batch_job_of_an_arm_counts_for_its_predictions_and_not_for_the_teacher(arm: Arm, attempt: int) -> None:
    story = Story(inside_maps=False)
    story.state("PlanPredictions", 1, 2, {"shards": [{"arm": arm, "shard": 0, "route": "batch", "records": 120}]})
    story.state("PredictArms", 2, None, kind="Map")
    tried = [prediction_batch("nova-distill", "reviews-1", arm, 0, number) for number in range(attempt + 1)]
    jobs = dict.fromkeys(tried, JobLook(status="Failed", processed=120, total=120))
    jobs[tried[-1]] = JobLook(status="InProgress", processed=30, total=120)
    view = run_view(observed(story, jobs=jobs, ledger=[row(name, "batch") for name in tried]))
    assert facts(view, "PredictArms") == {arm: "30/120"}
    assert next(line.progress for line in view.stages if line.times.name == "PredictArms") == Progress(30, 120)
    assert view.stages[2].times.state is StageState.SKIPPED


def test_of_several_attempts_the_last_is_shown() -> None:
    story = up_to_answers(inside_maps=False)
    jobs = BATCH_JOBS | {batch("nova-distill", RUN_ID, 0, 1): JobLook(status="Failed", processed=900, total=950)}
    jobs[batch("nova-distill", RUN_ID, 0, 1, attempt=1)] = JobLook(status="InProgress", processed=100, total=950)
    view = run_view(observed(story, keys=ANSWERED, jobs=jobs))
    assert facts(view, "AnswerShards")["records"] == "1,150/2,000"
    assert facts(view, "AnswerShards")["jobs"] == "1 Completed, 1 InProgress"
    tried = [tuning("nova-distill", RUN_ID, Arm.STUDENT, number) for number in (0, 1)]
    story.state("TrainStudents", 100, None, kind="Map")
    looks = {tried[0]: JobLook(status="Failed"), tried[1]: JobLook(status="InProgress")}
    view = run_view(observed(story, jobs=looks, ledger=[row(name, "tuning") for name in tried]))
    assert facts(view, "Tuning") == {"student": "InProgress"}


@BOTH_WAYS
def test_a_second_attempt_counts_for_its_round_of_expansion(inside_maps: bool) -> None:
    name = batch("nova-distill", RUN_ID, 1, 0, attempt=1, stage=Asking.EXPANSION)
    job = JobLook(status="InProgress", processed=30, total=120)
    view = run_view(observed(expanding(inside_maps=inside_maps), jobs={name: job}))
    assert facts(view, "Expansion")["requests"] == "30/120"


def test_judging_shows_its_jobs() -> None:
    story = Story(inside_maps=True)
    story.state("PlanJudging", 1, 2)
    story.state("JudgeArms", 2, None, kind="Map")
    names = [evaluation("nova-distill", RUN_ID, arm, 0, "0a1b2c") for arm in (Arm.TEACHER, Arm.STUDENT)]
    jobs = {names[0]: JobLook(status="Completed"), names[1]: JobLook(status="InProgress")}
    view = run_view(observed(story, jobs=jobs, ledger=[row(name, "evaluation") for name in names]))
    assert facts(view, "Judging") == {"jobs": "1 Completed, 1 InProgress"}


def test_a_deployment_of_an_earlier_execution_does_not_put_this_one_ahead() -> None:
    earlier = {"nova-distill-reviews-1-student-d0": JobLook(status="Failed", created=at(-500))}
    view = run_view(observed(up_to_answers(inside_maps=False), jobs=earlier, ledger=[MODEL_ROWS[1]]))
    assert states(view)["AnswerShards"] is StageState.RUNNING
    assert states(view)["Deployment"] is StageState.WAITING


def test_a_retry_wave_adds_no_requests_and_no_shards_to_the_first_plan() -> None:
    view = run_view(observed(whole_run(inside_maps=True)))
    assert facts(view, "PlanRequests") == {"requests": "2,000", "shards": "3"}


def test_requests_that_earlier_runs_asked_are_none_of_this_run_in_its_report_as_in_its_plan() -> None:
    reported = observed(whole_run(inside_maps=True), report={"counts": {"requests": 2000, "cached": 1990}})
    assert facts(run_view(reported), "PlanRequests") == {
        "requests": "10",
        "from the cache": "1,990",
        "shards": "3",
    }


def test_the_run_of_the_files_overrides_what_the_events_say() -> None:
    story = up_to_answers(inside_maps=True)
    view = run_view(observed(story, run={"counts": {"seeds": 401, "seedsRejected": 0}}))
    assert facts(view, "PrepareRun") == {"seeds": "401", "prompts": "400"}


def test_errors_on_the_way_are_counted_and_silent_heartbeats_are_none() -> None:
    story = up_to_answers(inside_maps=True)
    for seconds, error in (
        (10, "ThrottledByBedrock"),
        (11, "ThrottledByBedrock"),
        (12, "States.HeartbeatTimeout"),
        (13, "Lambda.ServiceException"),
    ):
        story.fails(seconds, error)
    assert run_view(observed(story)).errors == ("ThrottledByBedrock × 2", "Lambda.ServiceException")


def test_invalid_input_is_told_line_by_line_with_the_place_of_all_problems() -> None:
    cause = "3 of 6 seeds cannot be used.\nseeds/reviews/a.jsonl line 4: line: found 'x', expected JSON (not_json)"
    ended = execution("FAILED", stopped=at(9), error="InvalidInput", cause=cause)
    view = run_view(observed(failed_run(), execution=ended))
    assert view.failure is not None
    assert view.failure.error == "InvalidInput"
    assert view.failure.lines == tuple(cause.split("\n"))
    assert f"runs/{RUN_ID}/0-run/rejected-seeds.jsonl" in view.failure.next_step
    assert states(view)["PrepareRun"] is StageState.FAILED
    assert states(view)["PlanRequests"] is StageState.SKIPPED
    assert states(view)["Clean up"] is StageState.DONE


def test_clean_up_runs_while_the_execution_still_does() -> None:
    view = run_view(observed(failed_run()))
    assert states(view)["Clean up"] is StageState.RUNNING
    assert view.stages[0].times.ended == at(3)


@pytest.mark.parametrize(
    ("status", "error", "cause", "shown_error", "line", "advice"),
    [
        ("FAILED", "TuningFailed", "Bedrock says: no", "TuningFailed", "Bedrock says: no", "same runId"),
        (
            "FAILED",
            "Runtime.X",
            json.dumps({"errorType": "RecordsLost", "errorMessage": "ids", "stackTrace": ["t"]}),
            "RecordsLost",
            "ids",
            "fault of the pipeline",
        ),
        ("ABORTED", "", "", "ABORTED", "", "stopped from outside"),
        ("TIMED_OUT", "", "", "States.Timeout", "", "longer than it is allowed"),
        ("FAILED", "BudgetExceeded", "12 USD", "BudgetExceeded", "12 USD", f"runs/{RUN_ID}/0-run/estimate.json"),
    ],
)
def test_every_end_has_an_error_and_a_next_step(
    *, status: str, error: str, cause: str, shown_error: str, line: str, advice: str
) -> None:
    view = run_view(
        observed(up_to_answers(inside_maps=True), execution=execution(status, stopped=at(70), error=error, cause=cause))
    )
    assert view.failure is not None
    assert view.failure.error == shown_error
    assert view.failure.lines == ((line,) if line else ())
    assert advice in view.failure.next_step
    assert view.failure.command == "python -m cli start reviews --run-id reviews-1"
    assert states(view)["AnswerShards"] is StageState.FAILED


def test_strange_payloads_and_documents_do_no_harm() -> None:
    story = Story(inside_maps=True)
    story.state("PrepareRun", 0, 1, {"counts": ["no", "counts"], "shards": ["x"], "wave": None})
    story.raw.append(
        {"id": 99, "timestamp": at(2), "type": "TaskSucceeded", "taskSucceededEventDetails": {"output": "not json"}}
    )
    view = run_view(observed(story, run={"counts": {"seeds": "many"}}, ledger=[row("somebody-else", "tuning")]))
    assert facts(view, "PrepareRun") == {}


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("WAITING", {"until": "2026-01-04T00:00", "answer with": "python -m cli approve reviews-1"}),
        ("ENDED", {"declined": "by me at noon: not now"}),
    ],
)
def test_an_approval_shows_the_command_and_then_the_answer(state: str, expected: dict[str, str]) -> None:
    story = Story(inside_maps=True)
    story.state("AwaitApproval", 10, None)
    said = {"status": "declined", "message": "by me at noon: not now"[3:]} if state == "ENDED" else {}
    asked = row("nova-distill-reviews-1-approval-a0", "approval", state=state, job_arn=None, **said)
    view = run_view(observed(story, ledger=[msgspec.structs.replace(asked, deadline_at="2026-01-04T00:00:00+00:00")]))
    assert facts(view, "Approval") == expected
