"""Promotion: asked for once, believed after the canary, undone where it fails; the stable deployment's ARN never
changes.
"""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from application.run_files import read_run
from application.serving.promotion import publish, submit_promotion, take_back, undo_unverified, was_promoted
from cli.serving.rollback import set_pin
from distillation.bedrock.job_status import JobKind
from distillation.bedrock.submission import NEW, submit_once
from distillation.bedrock.waiting import JobLook
from distillation.errors import PromotionFailed, ThrottledByBedrock
from distillation.layout import RunLayout
from distillation.records import LedgerRow
from handlers import await_job, promote_student, retire_after_failure, retire_student, verify_promotion
from tests.fakes import Invocation, record_error
from tests.worlds.promotion_world import DATASET, PARAMETER, STABLE, PromotionWorld


def call(world: PromotionWorld, handler: Any, run_id: str, **event: Any) -> dict[str, Any]:
    usual = {"run": {"runId": run_id, "dataset": DATASET}, "approved": False}
    return dict(handler.run(usual | event, world, Invocation()))


def wait(world: PromotionWorld, run_id: str, job: str) -> dict[str, Any]:
    return dict(await_job.run({"runId": run_id, "jobName": job, "token": f"token {job}"}, world, Invocation()))


def promote(world: PromotionWorld, run_id: str) -> dict[str, Any]:
    job = call(world, promote_student, run_id)["jobName"]
    assert wait(world, run_id, job)["outcome"] == "succeeded"
    return call(world, verify_promotion, run_id, jobName=job)


def fail(world: PromotionWorld, run_id: str) -> list[str]:
    failure = {"state": "VerifyPromotion", "error": "AccessDenied", "cause": ""}
    event = {"failure": failure, "input": {"dataset": DATASET, "runId": run_id}, "executionName": run_id}
    return [line.split(" arn")[0] for line in call(world, retire_after_failure, run_id, **event)["retired"]]


@pytest.fixture
def world() -> PromotionWorld:
    return PromotionWorld()


def test_the_first_promotion_makes_the_deployment_and_the_next_one_moves_it(world: PromotionWorld) -> None:
    first, second = world.add_run("run-1"), world.add_run("run-2")
    assert promote(world, "run-1")["verified"]
    assert (world.parameter.deployment_arn, world.parameter.model_arn, world.parameter.history) == (STABLE, first, ())
    assert promote(world, "run-2")["verified"]
    now = world.parameter
    assert (now.deployment_arn, now.model_arn, now.run_id, now.previous) == (STABLE, second, "run-2", "run-1")
    assert (now.report_key, now.dataset_sha256) == ("runs/run-2/8-report/index.html", "sha of run-2")
    assert (len(world.stable.created), world.stable.updates) == (1, [(STABLE, second)])


def began(world: PromotionWorld, run_id: str, at: str) -> str:
    """Adds a run whose first execution began at a time; gives its model."""
    model, key = world.add_run(run_id), RunLayout(run_id).run
    world.files.put_json(key, msgspec.structs.replace(read_run(world.files, run_id), created_at=at))  # type: ignore[arg-type]
    return model


def test_a_pinned_dataset_keeps_what_serves_until_a_person_says_otherwise(world: PromotionWorld) -> None:
    first = world.add_run("run-1")
    world.add_run("run-2")
    promote(world, "run-1")
    set_pin(world, DATASET, "pat at 2026-01-01 10:00 UTC: sale week")
    said = call(world, promote_student, "run-2")
    assert said["jobName"] == "" and "pinned to run-1 by pat at 2026-01-01 10:00 UTC: sale week" in said["held"]
    assert f"python -m cli promote {DATASET} --run run-2" in said["held"]
    assert (world.stable.models[STABLE], world.stable.updates) == (first, [])
    # A person's yes counts, and leaves the pin.
    job = call(world, promote_student, "run-2", approved=True)["jobName"]
    wait(world, "run-2", job)
    call(world, verify_promotion, "run-2", jobName=job)
    assert (world.parameter.run_id, world.parameter.pinned[:3]) == ("run-2", "pat")
    set_pin(world, DATASET, "")
    assert call(world, promote_student, "run-1")["held"] == ""


def test_a_run_that_is_started_again_promotes_over_nothing_newer(world: PromotionWorld) -> None:
    began(world, "old", "2026-01-01T00:00:00.123Z")
    began(world, "new", "2026-01-02T00:00:00.123Z")
    promote(world, "old")
    promote(world, "new")
    said = call(world, promote_student, "old")
    assert said["jobName"] == "" and "new, which serves, is the newer run" in said["held"]
    assert call(world, promote_student, "new")["held"] == ""


def test_a_run_does_not_promote_over_what_was_put_in_place_by_hand_after_it_began(world: PromotionWorld) -> None:
    began(world, "old", "2025-01-01T00:00:00Z")
    began(world, "new", "2025-01-02T00:00:00Z")
    began(world, "newest", "2999-01-01T00:00:00Z")
    promote(world, "old")
    promote(world, "new")
    publish(world, "old", DATASET, STABLE, by="pat")
    said = call(world, promote_student, "new")["held"]
    assert "old was put in place by hand after this run began (by pat" in said
    assert call(world, promote_student, "newest")["held"] == ""


def test_the_model_of_a_run_that_was_held_back_stays_for_a_person(world: PromotionWorld) -> None:
    world.add_run("run-1", serving={"keepRejectedModel": False})
    _tuned(world, "run-1", "student")
    assert call(world, retire_student, "run-1", held="pinned")["deleted"] == []
    assert len(call(world, retire_student, "run-1", held="")["deleted"]) == 1


def test_a_retry_of_any_step_changes_nothing(world: PromotionWorld) -> None:
    world.add_run("run-1")
    world.add_run("run-2")
    promote(world, "run-1")
    jobs = [call(world, promote_student, "run-2")["jobName"] for _ in range(2)]
    assert jobs[0] == jobs[1] and len(world.stable.updates) == 1
    verdicts = [call(world, verify_promotion, "run-2", jobName=jobs[0]) for _ in range(2)]
    assert verdicts[0] == verdicts[1] and len(world.parameter.history) == 1


def test_a_move_whose_reply_was_lost_is_not_asked_for_again(world: PromotionWorld) -> None:
    world.add_run("run-1")
    model = world.add_run("run-2")
    promote(world, "run-1")
    world.stable.slow = True

    def lost(arn: str, model_arn: str) -> str:
        type(world.stable).update(world.stable, arn, model_arn)
        raise TimeoutError

    world.stable.update = lost  # type: ignore[method-assign]
    with pytest.raises(TimeoutError):
        call(world, promote_student, "run-2")
    job = call(world, promote_student, "run-2")["jobName"]
    assert world.stable.updates == [(STABLE, model)]
    assert world.rows.kept["run-2", job].job_arn == STABLE


def moving(world: PromotionWorld) -> str:
    """The job of a promotion that is under way over an earlier one."""
    world.add_run("run-1")
    world.add_run("run-2")
    promote(world, "run-1")
    world.stable.slow = True
    return str(call(world, promote_student, "run-2")["jobName"])


def test_nothing_is_believed_before_the_move_has_ended(world: PromotionWorld) -> None:
    job = moving(world)
    assert wait(world, "run-2", job)["outcome"] == "running"
    world.stable.settle()
    assert wait(world, "run-2", job)["outcome"] == "succeeded"


def test_two_runs_do_not_move_the_deployment_at_once(world: PromotionWorld) -> None:
    for run in ("run-1", "run-2", "run-3"):
        world.add_run(run)
    promote(world, "run-1")
    world.stable.slow = True
    call(world, promote_student, "run-2")
    with pytest.raises(ThrottledByBedrock):
        call(world, promote_student, "run-3")


def test_a_failed_canary_brings_the_model_before_back(world: PromotionWorld) -> None:
    first = world.add_run("run-1")
    promote(world, "run-1")
    before = world.ssm.values[PARAMETER]
    world.wrong.add(world.add_run("run-2"))
    told = promote(world, "run-2")
    assert not told["verified"] and told["counts"] == {"asked": 20, "equal": 0}
    assert "0 of 20 canary prompts" in told["cause"] and "the previous model serves again" in told["cause"]
    assert wait(world, "run-2", told["jobName"])["outcome"] == "succeeded"
    assert world.stable.models[STABLE] == first
    assert world.ssm.values[PARAMETER] == before
    again = call(world, verify_promotion, "run-2", jobName=told["jobName"].replace("return", "promote"))
    assert (again["verified"], again["jobName"], again["cause"]) == (False, told["jobName"], told["cause"])
    assert world.ssm.values[PARAMETER] == before


def test_a_deployment_that_somebody_moved_meanwhile_is_not_believed(world: PromotionWorld) -> None:
    for run in ("run-1", "run-2"):
        world.add_run(run)
    job = call(world, promote_student, "run-1")["jobName"]
    promote(world, "run-2")
    with pytest.raises(PromotionFailed, match="somebody else"):
        call(world, verify_promotion, "run-1", jobName=job)


def test_a_failed_first_canary_leaves_no_deployment_and_no_parameter(world: PromotionWorld) -> None:
    world.wrong.add(world.add_run("run-1"))
    told = promote(world, "run-1")
    assert (told["verified"], told["jobName"], told["parameter"]) == (False, "", "")
    assert STABLE in world.stable.gone and world.ssm.values == {}


def test_a_run_that_goes_on_after_a_failed_canary_tries_anew(world: PromotionWorld) -> None:
    world.add_run("run-1")
    model = world.add_run("run-2")
    promote(world, "run-1")
    world.wrong.add(model)
    promote(world, "run-2")
    world.wrong.clear()
    assert promote(world, "run-2")["verified"]
    assert world.parameter.model_arn == world.stable.models[STABLE] == model


def test_a_share_of_different_answers_may_be_allowed(world: PromotionWorld) -> None:
    world.wrong.add(world.add_run("run-1", serving={"canaryItems": 3, "canaryAgreement": 0.0}))
    told = promote(world, "run-1")
    assert told["verified"] and told["counts"] == {"asked": 3, "equal": 0}


def test_a_busy_deployment_is_asked_again_later(world: PromotionWorld) -> None:
    world.add_run("run-1")
    job = call(world, promote_student, "run-1")["jobName"]
    world.asked.answer = lambda *_: record_error(429)
    with pytest.raises(ThrottledByBedrock):
        call(world, verify_promotion, "run-1", jobName=job)
    assert world.ssm.values == {} and STABLE not in world.stable.gone


def test_a_move_that_bedrock_failed_fails_the_task_and_nothing_is_stopped_or_deleted(world: PromotionWorld) -> None:
    world.add_run("run-1")
    world.add_run("run-2")
    promote(world, "run-1")
    job = call(world, promote_student, "run-2")["jobName"]
    world.stable.looks[STABLE] = JobLook(
        status="UpdateFailed", message="no capacity", model_arn="x", deployment_arn=STABLE
    )
    assert wait(world, "run-2", job)["outcome"] == "failed"
    assert world.completed.failed[f"token {job}"][0] == "PromotionFailed"


def test_a_promotion_that_never_ends_ends_the_wait_but_not_the_deployment(world: PromotionWorld) -> None:
    job = moving(world)
    world.now.move(hours=6.5)  # type: ignore[attr-defined]
    assert wait(world, "run-2", job)["outcome"] == "running"
    world.now.move(hours=1)  # type: ignore[attr-defined]
    assert wait(world, "run-2", job)["outcome"] == "failed"
    assert not world.stable.gone


def test_a_deployment_that_never_came_to_life_is_made_again(world: PromotionWorld) -> None:
    world.add_run("run-1")
    call(world, promote_student, "run-1")
    world.stable.looks[STABLE] = JobLook(status="Failed", model_arn="x", deployment_arn=STABLE)
    world.add_run("run-2")
    call(world, promote_student, "run-2")
    assert len(world.stable.created) == 2


def test_a_run_that_fails_before_the_canary_is_taken_back(world: PromotionWorld) -> None:
    first = world.add_run("run-1")
    promote(world, "run-1")
    second = world.add_run("run-2")
    _tuned(world, "run-2", "student")
    call(world, promote_student, "run-2")
    retired = fail(world, "run-2")
    assert retired == ["took back app-run-2-promote-p0: the stable deployment moves back to the previous model"]
    assert world.stable.models[STABLE] == first and second not in world.tuning.gone


@pytest.mark.parametrize(("keep", "gone"), [(True, []), (False, ["arn:run-1-student:model"])])
def test_a_student_that_failed_only_its_canary_is_kept_as_a_held_one_is(
    world: PromotionWorld, keep: bool, gone: list[str]
) -> None:
    world.wrong.add(world.add_run("run-1", serving={"keepRejectedModel": keep}))
    _tuned(world, "run-1", "student")
    promote(world, "run-1")
    fail(world, "run-1")
    assert sorted(world.tuning.gone) == gone


def test_a_deployment_that_never_came_to_life_goes_with_its_run(world: PromotionWorld) -> None:
    world.add_run("run-1")
    _tuned(world, "run-1", "student")
    job = call(world, promote_student, "run-1")["jobName"]
    world.stable.looks[STABLE] = JobLook(status="Failed", model_arn="x", deployment_arn=STABLE)
    assert wait(world, "run-1", job)["outcome"] == "failed"
    fail(world, "run-1")
    assert STABLE in world.stable.gone


def test_a_failure_never_takes_a_promoted_student_back(world: PromotionWorld) -> None:
    model = world.add_run("run-1")
    _tuned(world, "run-1", "student")
    promote(world, "run-1")
    assert fail(world, "run-1") == []
    assert world.stable.models[STABLE] == model and not world.stable.gone and not world.tuning.gone


def test_a_student_that_a_rollback_may_bring_back_is_kept_too(world: PromotionWorld) -> None:
    world.add_run("run-1")
    world.add_run("run-2")
    promote(world, "run-1")
    promote(world, "run-2")
    del world.files.objects[RunLayout("run-1").promotion]
    assert was_promoted(world, "run-1", DATASET)


def test_what_somebody_else_moved_since_is_left_alone(world: PromotionWorld) -> None:
    for run in ("run-1", "run-2", "run-3"):
        world.add_run(run)
    promote(world, "run-1")
    job = call(world, promote_student, "run-2")["jobName"]
    promote(world, "run-3")
    third = world.stable.models[STABLE]
    assert take_back(world, "run-2", job, "why") == ""
    assert world.stable.models[STABLE] == third
    assert undo_unverified(world, "run-2") == []


@pytest.mark.parametrize(("keep", "gone"), [(True, {"direct"}), (False, {"student", "direct"})])
def test_a_held_run_keeps_its_students_model_if_wanted_and_never_a_deployment(
    world: PromotionWorld, keep: bool, gone: set[str]
) -> None:
    world.add_run("run-1", ("student", "direct"), serving={"keepRejectedModel": keep})
    for arm in ("student", "direct"):
        _tuned(world, "run-1", arm)
        _deployed(world, "run-1", arm)
    call(world, retire_student, "run-1")
    assert world.tuning.gone == {f"arn:run-1-{arm}:model" for arm in gone}
    assert world.stable.gone == {"arn:run-1-student-d0", "arn:run-1-direct-d0"}


def test_after_a_promotion_the_runs_own_deployment_goes_and_the_stable_one_stays(world: PromotionWorld) -> None:
    world.add_run("run-1", serving={"keepRejectedModel": False})
    _tuned(world, "run-1", "student")
    _deployed(world, "run-1", "student")
    promote(world, "run-1")
    assert call(world, retire_student, "run-1")["deleted"] == ["deleted deployment arn:run-1-student-d0"]
    assert STABLE not in world.stable.gone and not world.tuning.gone


def test_a_promotion_by_hand_uses_the_same_row_names(world: PromotionWorld) -> None:
    model = world.add_run("run-1")
    assert submit_promotion(world, "run-1", DATASET, model) == "app-run-1-promote-p0"
    assert world.rows.kept["run-1", "app-run-1-promote-p0"].model_arn == model


def _tuned(world: PromotionWorld, run_id: str, arm: str) -> None:
    name = f"{run_id}-{arm}"
    _row(world, run_id, name, JobKind.TUNING)


def _deployed(world: PromotionWorld, run_id: str, arm: str) -> None:
    _row(world, run_id, f"{run_id}-{arm}-d0", JobKind.DEPLOYMENT)


def _row(world: PromotionWorld, run_id: str, name: str, kind: JobKind) -> None:
    submit_once(
        world.rows,
        LedgerRow(run_id=run_id, job_name=name, kind=kind, state=NEW),
        find=lambda n: None,
        create=lambda: f"arn:{name}",
        now=world.now(),
        time_limit=timedelta(1),
    )
    world.rows.ended(run_id, name, status="Completed", outcome="succeeded", message="")
