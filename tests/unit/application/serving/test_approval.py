"""Approval: a token in the ledger that is answered once, and a new wait of a later execution that does not meet the old
one's end.
"""

from application.serving.approval import answer, ask_for_approval, pending_approval
from handlers import await_approval, start_deployment
from tests.fakes import Invocation
from tests.worlds.promotion_world import DATASET, PromotionWorld


def test_the_state_notes_its_token_and_its_end() -> None:
    world = PromotionWorld()
    world.add_run("run-1", serving={"approvalHours": 2})
    told = await_approval.run({"run": {"runId": "run-1", "dataset": DATASET}, "token": "token"}, world, Invocation())
    assert told == {"jobName": "app-run-1-approval-a0", "until": "2026-01-01T02:00:00+00:00"}
    row = pending_approval(world, "run-1")
    assert row is not None and (row.token, row.kind, row.job_arn) == ("token", "approval", None)


def test_a_retry_of_the_state_waits_in_the_same_row_with_its_new_token() -> None:
    world = PromotionWorld()
    for token in ("one", "two"):
        row = ask_for_approval(world, "run-1", token, 72)
    assert (row.job_name, row.token) == ("app-run-1-approval-a0", "two")


def test_a_later_execution_waits_anew() -> None:
    world = PromotionWorld()
    assert answer(world, ask_for_approval(world, "run-1", "one", 72), approved=True, by="me")
    assert ask_for_approval(world, "run-1", "two", 72).job_name == "app-run-1-approval-a1"
    world.now.move(hours=80)  # type: ignore[attr-defined]
    assert ask_for_approval(world, "run-1", "three", 72).job_name == "app-run-1-approval-a2"


def test_an_answer_is_given_once() -> None:
    world = PromotionWorld()
    ask_for_approval(world, "run-1", "token", 72)
    for said in (True, False):
        row = pending_approval(world, "run-1")
        assert row is not None and answer(world, row, approved=said, by="me") is said
    assert world.completed.succeeded["token"] == {"approved": True, "by": "me"}


def test_the_runs_own_deployment_does_not_stand_idle_while_a_person_thinks() -> None:
    world = PromotionWorld()
    world.add_run("run-1")
    start_deployment.run(
        {"run": {"runId": "run-1", "dataset": DATASET}, "arm": "student", "modelArn": "arn:model"}, world, Invocation()
    )
    [own] = [row.job_arn for row in world.ledger.rows("run-1") if row.kind == "deployment"]
    await_approval.run({"run": {"runId": "run-1", "dataset": DATASET}, "token": "token"}, world, Invocation())
    assert world.stable.gone == {own}
