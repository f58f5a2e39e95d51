"""The clean-up goes through everything, says what it could not do, and lets nothing be made behind its back."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from application.serving.promotion import publish, undo_unverified
from application.serving.retirement import retire, retire_failed
from distillation.bedrock.job_status import GONE_STATUS, JobKind, JobOutcome
from distillation.bedrock.submission import NEW, OPEN, RETIRED, set_run_state, submit_once
from distillation.bedrock.submission import RUN as RUN_ROW
from distillation.bedrock.waiting import JobLook
from distillation.errors import RunIsRetiring, StillCosts, ThrottledByBedrock
from distillation.layout import RunLayout
from distillation.records import CleanUp, LedgerRow, Leftover
from handlers import promote_student, retire_after_failure, retire_student, run_ended, write_failure_report
from tests.fakes import EPOCH, FakeJobs, Invocation
from tests.worlds.promotion_world import DATASET, STABLE, PromotionWorld

RUN = "run-1"
EVENT = {"input": {"dataset": DATASET, "runId": RUN}, "executionName": RUN}
FAILURE = {"state": "PredictArms", "error": "Broken", "cause": "why"}


@pytest.fixture
def world() -> PromotionWorld:
    return PromotionWorld()


KINDS = [JobKind.BATCH, JobKind.TUNING, JobKind.EVALUATION, JobKind.DEPLOYMENT]


def jobs_of(world: PromotionWorld, kind: JobKind) -> Any:
    return {
        JobKind.BATCH: world.batch_jobs,
        JobKind.TUNING: world.tuning,
        JobKind.EVALUATION: world.evaluation_jobs,
        JobKind.DEPLOYMENT: world.stable,
    }[kind]


def submitted(world: PromotionWorld, kind: JobKind, name: str, create: Callable[[], str] | None = None) -> str:
    jobs = jobs_of(world, kind)
    request = {"modelDeploymentName": name, "modelArn": "m"} if kind is JobKind.DEPLOYMENT else name
    return submit_once(
        world.rows,
        LedgerRow(run_id=RUN, job_name=name, kind=kind, state=NEW),
        find=jobs.find,
        create=create or (lambda: str(jobs.create(request))),
        now=EPOCH,
        time_limit=timedelta(hours=1),
    )


def looks(world: PromotionWorld, arn: str, status: str, jobs: FakeJobs | None = None) -> None:
    (jobs or world.tuning).looks[arn] = JobLook(status=status)


def refusing(error: Exception) -> Callable[[str], None]:
    def refuse(arn: str) -> None:
        raise error

    return refuse


def rail(world: PromotionWorld, **failure: Any) -> dict[str, Any]:
    return dict(retire_after_failure.run({**EVENT, "failure": FAILURE | failure}, world, Invocation()))


def reported(world: PromotionWorld, passed: dict[str, Any]) -> tuple[str, str]:
    """The cause that the execution ends with, and the report."""
    told = write_failure_report.run({**EVENT, "failure": FAILURE | passed}, world, Invocation())
    return str(told["cause"]), world.files.objects[RunLayout(RUN).report("report.md")].decode()


def test_one_row_that_cannot_be_deleted_keeps_no_other_from_being_retired(world: PromotionWorld) -> None:
    deployment = submitted(world, JobKind.DEPLOYMENT, "deployment")
    batch = submitted(world, JobKind.BATCH, "batch")
    tuning = submitted(world, JobKind.TUNING, "tuning")
    looks(world, batch, "InProgress", world.batch_jobs)  # type: ignore[arg-type]
    looks(world, tuning, "InProgress")
    world.stable.delete = refusing(PermissionError("may not"))  # type: ignore[method-assign]
    done = retire(world, RUN)
    assert done.retired == (f"stopped batch job {batch}", f"stopped customization job {tuning}")
    command = f"aws bedrock delete-custom-model-deployment --custom-model-deployment-identifier {deployment}"
    assert done.left == (Leftover(what=deployment, why="PermissionError: may not", command=command),)
    assert (done.busy, done.known) == (False, True)


def test_a_job_that_ended_unseen_loses_the_model_that_it_made(world: PromotionWorld) -> None:
    tuning = submitted(world, JobKind.TUNING, "tuning")
    assert world.rows.kept[RUN, "tuning"].outcome is None
    assert retire(world, RUN).retired == (f"deleted custom model {tuning}:model",)
    assert f"{tuning}:model" in world.tuning.gone and world.tuning.stopped == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_may_not_be_looked_at_is_said_to_cost_money_with_the_command_that_ends_it(
    world: PromotionWorld, kind: JobKind
) -> None:
    jobs = jobs_of(world, kind)
    arn = submitted(world, kind, "job")
    jobs.look = refusing(PermissionError("may not look"))
    (left,) = retire(world, RUN).left
    command = {
        JobKind.BATCH: f"aws bedrock stop-model-invocation-job --job-identifier {arn}",
        JobKind.TUNING: f"aws bedrock stop-model-customization-job --job-identifier {arn}; if it has ended: "
        "aws bedrock delete-custom-model --model-identifier job",
        JobKind.EVALUATION: f"aws bedrock stop-evaluation-job --job-identifier {arn}",
        JobKind.DEPLOYMENT: f"aws bedrock delete-custom-model-deployment --custom-model-deployment-identifier {arn}",
    }[kind]
    assert str(left) == f"STILL COSTS MONEY: {arn} (PermissionError: may not look); {command}"


def test_the_command_names_the_region_of_what_it_ends(world: PromotionWorld) -> None:
    arn = "arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/a1b2"
    submitted(world, JobKind.DEPLOYMENT, "own", lambda: arn)
    world.stable.delete = refusing(PermissionError("no"))  # type: ignore[method-assign]
    [left] = retire(world, RUN).left
    assert left.command.endswith(f" --custom-model-deployment-identifier {arn} --region us-east-1")


@pytest.mark.parametrize("kind", KINDS)
def test_a_job_whose_arn_never_reached_the_ledger_is_found_by_its_name(world: PromotionWorld, kind: JobKind) -> None:
    jobs = jobs_of(world, kind)

    def lost() -> str:
        jobs.create({"modelDeploymentName": "job", "modelArn": "m"} if kind is JobKind.DEPLOYMENT else "job")
        raise TimeoutError

    with pytest.raises(TimeoutError):
        submitted(world, kind, "job", lost)
    if kind is not JobKind.DEPLOYMENT:
        looks(world, "arn:job", "InProgress", jobs)
    assert len(retire(world, RUN).retired) == 1
    assert jobs.stopped == ["arn:job"] or "arn:job" in jobs.gone
    assert world.rows.kept[RUN, "job"].job_arn == "arn:job"


def test_an_input_that_is_whole_only_with_the_datasets_own_names_its_run_all_the_same(world: PromotionWorld) -> None:
    deployment = submitted(world, JobKind.DEPLOYMENT, "own")
    by_half = {"dataset": DATASET, "runId": RUN, "task": {"kind": "answer"}}
    event = EVENT | {"input": by_half, "executionName": f"{RUN}_20260102-030405", "failure": FAILURE}
    passed = retire_after_failure.run(event, world, Invocation())
    assert passed["retired"] == [f"deleted deployment {deployment}"]
    write_failure_report.run(event | {"failure": FAILURE | passed}, world, Invocation())
    assert world.files.json(RunLayout(RUN).report("report.json"))["deleted"] == passed["retired"]


def test_a_job_that_bedrock_did_not_know_for_a_moment_is_looked_at_once_more(world: PromotionWorld) -> None:
    batch = submitted(world, JobKind.BATCH, "job")
    world.rows.ended(RUN, "job", status=GONE_STATUS, outcome=JobOutcome.FAILED, message="")
    looks(world, batch, "InProgress", jobs_of(world, JobKind.BATCH))
    assert retire(world, RUN).retired == (f"stopped batch job {batch}",)


@pytest.mark.parametrize("kind", [JobKind.BATCH, JobKind.EVALUATION])
def test_a_job_that_is_known_to_have_ended_is_neither_asked_about_nor_said_to_cost(
    world: PromotionWorld, kind: JobKind
) -> None:
    submitted(world, kind, "job")
    world.rows.ended(RUN, "job", status="Completed", outcome=JobOutcome.SUCCEEDED, message="")
    jobs_of(world, kind).look = refusing(PermissionError("may not look"))
    assert retire(world, RUN) == CleanUp(known=True)


def test_what_is_gone_already_is_neither_left_nor_told_again(world: PromotionWorld) -> None:
    submitted(world, JobKind.DEPLOYMENT, "deployment")
    submitted(world, JobKind.TUNING, "tuning")
    first, second = retire(world, RUN), retire(world, RUN)
    assert (len(first.retired), second) == (2, CleanUp(known=True))


def test_a_function_that_was_still_under_way_submits_nothing_more_until_the_run_begins_anew(
    world: PromotionWorld,
) -> None:
    retire_failed(world, RUN, DATASET, execution=RUN)
    with pytest.raises(RunIsRetiring, match="late is not submitted"):
        submitted(world, JobKind.TUNING, "late")
    assert world.tuning.created == []
    set_run_state(world.rows, RUN, OPEN, execution=RUN, now=EPOCH)
    assert submitted(world, JobKind.TUNING, "late") == "arn:late"


def test_a_job_that_was_made_while_the_first_pass_looked_is_taken_by_the_second(world: PromotionWorld) -> None:
    submitted(world, JobKind.BATCH, "batch")
    names: list[str] = []

    def slow() -> str:
        names.extend(rail(world)["retired"])
        return str(world.tuning.create("tuning"))

    submitted(world, JobKind.TUNING, "tuning", slow)
    looks(world, "arn:tuning", "InProgress")
    assert not [line for line in names if "tuning" in line]
    second = rail(world, passes=1, retired=names)
    assert "stopped customization job arn:tuning" in second["retired"]
    assert second["again"] is False


def test_what_is_busy_is_tried_in_further_passes_and_what_is_denied_is_not(world: PromotionWorld) -> None:
    submitted(world, JobKind.DEPLOYMENT, "deployment")
    world.stable.delete = refusing(ThrottledByBedrock("conflict"))  # type: ignore[method-assign]
    assert [rail(world, passes=passes)["again"] for passes in (0, 1, 5, 9)] == [True, True, True, False]
    world.stable.delete = refusing(PermissionError("may not"))  # type: ignore[method-assign]
    assert [rail(world, passes=passes)["again"] for passes in (0, 1)] == [True, False]


@pytest.mark.parametrize(
    "hiccup",
    [
        ReadTimeoutError(endpoint_url="https://bedrock"),
        EndpointConnectionError(endpoint_url="https://bedrock"),
        ClientError({"Error": {"Code": "Odd"}, "ResponseMetadata": {"HTTPStatusCode": 502}}, "DeleteX"),  # type: ignore[typeddict-item]
    ],
    ids=lambda hiccup: type(hiccup).__name__,
)
def test_a_connection_that_broke_is_as_good_as_busy(world: PromotionWorld, hiccup: Exception) -> None:
    world.add_run(RUN)
    submitted(world, JobKind.DEPLOYMENT, "deployment")
    world.stable.delete = refusing(hiccup)  # type: ignore[method-assign]
    assert rail(world, passes=3)["again"] is True
    with pytest.raises(ThrottledByBedrock):
        retire_student.run({"run": {"runId": RUN, "dataset": DATASET}}, world, Invocation())


def test_a_run_that_made_nothing_needs_no_second_pass_and_its_report_says_so(world: PromotionWorld) -> None:
    passed = rail(world)
    assert passed["again"] is False
    cause, report = reported(world, passed)
    assert (
        cause.startswith("why\nWhat to do next: ")
        and "the ledger names no job, deployment or model of this run" in report
    )


def test_cause_and_report_say_what_still_costs_money_with_reason_and_command(world: PromotionWorld) -> None:
    deployment = submitted(world, JobKind.DEPLOYMENT, "deployment")
    world.stable.delete = refusing(PermissionError("may not"))  # type: ignore[method-assign]
    cause, report = reported(world, rail(world))
    said = f"STILL COSTS MONEY: {deployment} (PermissionError: may not); aws bedrock delete-custom-model-deployment"
    assert cause.startswith(f"why\n{said}")
    assert "**STILL COSTS MONEY**" in report and "names no job" not in report


def test_cause_names_the_model_that_was_kept(world: PromotionWorld) -> None:
    model = world.add_run(RUN)
    submitted(world, JobKind.TUNING, f"{RUN}-student")
    cause, report = reported(world, rail(world))
    kept = f"custom model {model}, paid for by the month: aws bedrock delete-custom-model --model-identifier {model}"
    assert f"\nKept: {kept}\n" in cause and "## What was kept" in report


def test_a_clean_up_that_failed_itself_never_says_that_nothing_is_left(world: PromotionWorld) -> None:
    cause, report = reported(world, {"retireError": '{"errorMessage": "no table", "errorType": "ClientError"}'})
    assert "STILL COSTS MONEY" in cause and "the clean-up failed: no table" in cause
    assert f"python -m cli stop {RUN}" in cause
    assert "**STILL COSTS MONEY**" in report and "names no job" not in report


@pytest.mark.parametrize(
    ("settings", "came_to", "stays"),
    [
        ({}, "training", False),
        ({}, "predictions", True),
        ({"keepModelOnFailure": False}, "predictions", False),
        ({"keepModelOnFailure": True}, "training", True),
        ({}, "verdict", True),
        ({"serving": {"keepRejectedModel": False}}, "verdict", False),
    ],
)
def test_a_model_stays_once_the_run_asked_it_unless_the_input_says_otherwise(
    world: PromotionWorld, settings: dict[str, Any], came_to: str, stays: bool
) -> None:
    world.add_run(RUN, **settings)
    layout = RunLayout(RUN)
    absent = {"training": [layout.students, layout.verdict], "predictions": [layout.verdict], "verdict": []}
    for key in absent[came_to]:
        del world.files.objects[key]
    submitted(world, JobKind.TUNING, f"{RUN}-student")
    done = retire_failed(world, RUN, DATASET, execution=RUN)
    model = f"arn:{RUN}-student:model"
    assert (model in world.tuning.gone) is not stays
    assert any(model in line for line in done.kept) is stays


def test_a_promotion_that_cannot_be_taken_back_is_said_and_the_rest_is_retired(world: PromotionWorld) -> None:
    model = world.add_run(RUN)
    submitted(world, JobKind.DEPLOYMENT, "own")
    submit_once(
        world.rows,
        LedgerRow(run_id=RUN, job_name=f"app-{RUN}-promote-p0", kind=JobKind.PROMOTION, model_arn=model, state=NEW),
        find=lambda _: None,
        create=lambda: "arn:stable",
        now=EPOCH,
        time_limit=timedelta(hours=1),
    )
    done = retire_failed(world, RUN, DATASET, execution=RUN)
    assert done.retired == ("deleted deployment arn:own",)
    [left] = done.left
    assert left.what.startswith("deployment app-reviews-stable") and left.command == f"python -m cli stop {RUN}"


@pytest.mark.parametrize("unreadable", ["parameter", "run.json", "students"])
def test_what_cannot_be_told_of_models_keeps_no_job_from_being_stopped(world: PromotionWorld, unreadable: str) -> None:
    world.add_run(RUN)
    layout = RunLayout(RUN)
    if unreadable == "parameter":
        world.ssm.get = refusing(PermissionError("may not read"))  # type: ignore[assignment, method-assign]
    else:
        world.files.put(layout.run if unreadable == "run.json" else layout.students, b"{")
    batch, deployment = (submitted(world, kind, kind) for kind in (JobKind.BATCH, JobKind.DEPLOYMENT))
    tuning = submitted(world, JobKind.TUNING, f"{RUN}-student")
    looks(world, batch, "InProgress", jobs_of(world, JobKind.BATCH))
    passed = rail(world)
    assert passed["retired"] == [f"deleted deployment {deployment}", f"stopped batch job {batch}"]
    assert f"{tuning}:model" not in world.tuning.gone and len(passed["kept"]) == len(passed["left"]) == 1


def test_a_student_that_cannot_be_retired_fails_its_state_loudly_and_never_silently(world: PromotionWorld) -> None:
    world.add_run(RUN)
    submitted(world, JobKind.DEPLOYMENT, "own")
    run = {"run": {"runId": RUN, "dataset": DATASET}}
    for error, raised in ((ThrottledByBedrock("conflict"), ThrottledByBedrock), (PermissionError("no"), StillCosts)):
        world.stable.delete = refusing(error)  # type: ignore[method-assign]
        with pytest.raises(raised, match="STILL COSTS MONEY: arn:own"):
            retire_student.run(run, world, Invocation())


def test_the_report_of_a_verdict_is_never_overwritten(world: PromotionWorld) -> None:
    world.add_run(RUN)
    layout = RunLayout(RUN)
    world.files.put(layout.report("report.json"), b"the verdict's report")
    write_failure_report.run({**EVENT, "failure": FAILURE}, world, Invocation())
    assert world.files.objects[layout.report("report.json")] == b"the verdict's report"
    assert world.files.json(layout.report("failure.json"))["error"] == "Broken"
    assert layout.report("failure.html") in world.files.objects


def test_an_outcome_in_the_ledger_does_not_keep_a_model_from_being_found(world: PromotionWorld) -> None:
    tuning = submitted(world, JobKind.TUNING, "tuning")
    world.rows.ended(RUN, "tuning", status="Completed", outcome=JobOutcome.SUCCEEDED, message="", model_arn="arn:model")
    world.tuning.gone.add(tuning)
    assert retire(world, RUN).retired == ("deleted custom model arn:model",)


def test_a_rail_whose_run_a_later_execution_has_begun_anew_takes_nothing_from_it(world: PromotionWorld) -> None:
    deployment = submitted(world, JobKind.DEPLOYMENT, "own")
    set_run_state(world.rows, RUN, OPEN, execution="later", now=EPOCH)
    passed = rail(world)
    assert (passed["retired"], passed["again"], deployment in world.stable.gone) == ([], False, False)
    told = write_failure_report.run({**EVENT, "failure": FAILURE | passed}, world, Invocation())
    assert "The run goes on in execution later" in str(told["cause"])
    assert RunLayout(RUN).report("report.json") not in world.files.objects
    row = world.rows.kept[RUN, RUN_ROW]
    assert (row.state, row.execution) == (OPEN, "later")


class Inbox:
    """What was sent to the topic."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    def send(self, subject: str, message: str) -> None:
        self.sent.append((subject, message))


@pytest.fixture
def inbox(world: PromotionWorld) -> Inbox:
    """The topic of a run that an execution has opened."""
    box = Inbox()
    world.__dict__.update(notices=box, pause=lambda seconds: None)
    set_run_state(world.rows, RUN, OPEN, execution=RUN, now=EPOCH)
    return box


def ended(world: PromotionWorld, status: str = "ABORTED", **detail: Any) -> dict[str, Any]:
    event = {"name": RUN, "status": status, "input": json.dumps(EVENT["input"]), **detail}
    return dict(run_ended.run({"detail": event}, world, Invocation()))


@pytest.mark.parametrize(
    ("status", "error"), [("ABORTED", "Aborted"), ("TIMED_OUT", "States.Timeout"), ("FAILED", "States.Runtime")]
)
def test_an_end_without_the_rail_is_cleaned_up_reported_and_told_once(
    world: PromotionWorld, inbox: Inbox, status: str, error: str
) -> None:
    deployment = submitted(world, JobKind.DEPLOYMENT, "own")
    assert ended(world, status)["outcome"] == "retired"
    assert deployment in world.stable.gone
    report = world.files.json(RunLayout(RUN).report("report.json"))
    assert (report["error"], report["deleted"]) == (error, [f"deleted deployment {deployment}"])
    [(subject, message)] = inbox.sent
    assert RUN in subject and f"deleted deployment {deployment}" in message
    assert ended(world, status)["outcome"] == "its own rail has run" and len(inbox.sent) == 1


def test_after_the_machines_own_rail_nothing_is_left_to_do(world: PromotionWorld, inbox: Inbox) -> None:
    submitted(world, JobKind.DEPLOYMENT, "own")
    reported(world, rail(world))
    assert world.rows.kept[RUN, RUN_ROW].state == RETIRED
    assert ended(world, "FAILED")["outcome"] == "its own rail has run" and inbox.sent == []


def test_a_rail_that_failed_itself_is_gone_through_once_more(world: PromotionWorld, inbox: Inbox) -> None:
    deployment = submitted(world, JobKind.DEPLOYMENT, "own")
    reported(world, {"retireError": "no table"})
    assert ended(world, "FAILED")["outcome"] == "retired" and deployment in world.stable.gone


def test_a_run_that_a_later_execution_has_taken_over_is_left_alone(world: PromotionWorld, inbox: Inbox) -> None:
    deployment = submitted(world, JobKind.DEPLOYMENT, "own")
    set_run_state(world.rows, RUN, OPEN, execution="later", now=EPOCH)
    assert ended(world)["outcome"] == "the run belongs to execution later"
    assert deployment not in world.stable.gone and inbox.sent == []


def test_a_later_execution_that_comes_between_two_passes_ends_the_clean_up(world: PromotionWorld, inbox: Inbox) -> None:
    submitted(world, JobKind.BATCH, "batch")
    world.__dict__["pause"] = lambda _: set_run_state(world.rows, RUN, OPEN, execution="later", now=EPOCH)
    assert ended(world)["outcome"] == "the run belongs to execution later" and inbox.sent == []


def test_an_execution_that_ended_in_prepare_run_has_made_nothing(world: PromotionWorld) -> None:
    assert ended(world)["outcome"] == "the execution ended in PrepareRun and has made nothing"


def test_an_unverified_promotion_is_taken_back_when_its_execution_was_stopped(
    world: PromotionWorld, inbox: Inbox
) -> None:
    first = world.add_run("run-0")
    promote_student.run({"run": {"runId": "run-0", "dataset": DATASET}, "approved": False}, world, Invocation())
    publish(world, "run-0", DATASET, STABLE)
    world.add_run(RUN)
    promote_student.run({"run": {"runId": RUN, "dataset": DATASET}, "approved": False}, world, Invocation())
    assert world.stable.models[STABLE] != first
    ended(world)
    assert world.stable.models[STABLE] == first


def test_a_promotion_that_was_still_under_way_when_the_run_was_taken_back_is_undone_by_the_next_pass(
    world: PromotionWorld,
) -> None:
    first = world.add_run("run-0")
    promote_student.run({"run": {"runId": "run-0", "dataset": DATASET}, "approved": False}, world, Invocation())
    publish(world, "run-0", DATASET, STABLE)
    second = world.add_run(RUN)
    submitted(world, JobKind.TUNING, "tuning")
    assert rail(world)["again"]
    promote_student.run({"run": {"runId": RUN, "dataset": DATASET}, "approved": False}, world, Invocation())
    assert world.stable.models[STABLE] == second
    assert any("took back" in line for line in rail(world, passes=1)["retired"])
    assert world.stable.models[STABLE] == first


@pytest.mark.parametrize("made", [True, False])
def test_a_promotion_whose_reply_was_lost_is_found_by_the_stable_deployments_name(
    world: PromotionWorld, *, made: bool
) -> None:
    world.add_run(RUN)
    create = world.stable.create

    def lost(request: dict[str, Any]) -> str:
        if made:
            create(request)
        raise TimeoutError

    world.stable.create = lost  # type: ignore[assignment, method-assign]
    with pytest.raises(TimeoutError):
        promote_student.run({"run": {"runId": RUN, "dataset": DATASET}, "approved": False}, world, Invocation())
    done = retire_failed(world, RUN, DATASET, execution=RUN)
    assert any("took back" in line for line in done.retired) and not done.left
    assert (STABLE in world.stable.gone) is made


def test_a_way_back_that_is_under_way_is_said_until_it_has_ended(world: PromotionWorld, inbox: Inbox) -> None:
    first = world.add_run("run-0")
    promote_student.run({"run": {"runId": "run-0", "dataset": DATASET}, "approved": False}, world, Invocation())
    publish(world, "run-0", DATASET, STABLE)
    world.add_run(RUN)
    promote_student.run({"run": {"runId": RUN, "dataset": DATASET}, "approved": False}, world, Invocation())
    assert undo_unverified(world, RUN)
    world.stable.looks[STABLE] = JobLook(status="Updating", model_arn=first, deployment_arn=STABLE)
    [left] = [
        one for one in retire_failed(world, RUN, DATASET, execution=RUN).left if one.what.startswith("deployment")
    ]
    assert "unverified model" in left.what and "on its way back" in left.why
    del world.stable.looks[STABLE]
    done = retire_failed(world, RUN, DATASET, execution=RUN)
    assert not [one for one in done.left if one.what.startswith("deployment")]
    assert world.ledger.row(RUN, f"app-{RUN}-return-p0").outcome == "succeeded"
