"""The judging of a run against the local Bedrock: evaluation jobs of every arm, their output in the bucket, the
scores.
"""

import pytest

from distillation.evaluation.scores import JudgedArm
from gateways.bedrock.evaluation_jobs import EvaluationJobs
from gateways.bedrock.model_client import ModelClient
from gateways.store import Store
from handlers import answer_now, plan_comparisons, read_replies
from tests.local.bedrock.aws import JUDGE, ROLE, Jobs
from tests.worlds.judged_world import JudgedWorld, good

MOOD = {
    "name": "mood",
    "instructions": "You judge reviews. What is the sentiment of the review?\n\n{{prompt}} {{prediction}}",
    "scale": {"negative": 0.0, "positive": 1.0},
}
METRICS = ["Builtin.Correctness", "Builtin.Refusal", "Builtin.FollowingInstructions"]


@pytest.fixture
def world(jobs: Jobs) -> JudgedWorld:
    """A run in the emulator's bucket whose base model answers good to everything."""
    made = JudgedWorld(
        {"metrics": METRICS, "custom": [MOOD], "maxPrompts": 30}, model=JUDGE, files=Store(jobs.s3, "data"), role=ROLE
    )
    made.__dict__.update(
        evaluation_jobs=EvaluationJobs(jobs.bedrock, ROLE), models=ModelClient(jobs.aws.client("bedrock-runtime"))
    )
    return made


def test_every_arm_is_judged_and_the_judge_knows_right_from_wrong(world: JudgedWorld, jobs: Jobs) -> None:
    names = world.submit()
    assert world.submit() == names
    for row in world.rows.rows("run-1"):
        assert jobs.wait_evaluation(row.job_arn or "")["status"] == "Completed"
    scores = world.scored()
    assert scores.judge is not None
    assert scores.judge.warnings == ()
    assert {arm: metrics["Builtin.Correctness"] for arm, metrics in scores.judge.arms.items()} == dict.fromkeys(
        ("teacher", "base", "student"), JudgedArm(scored=30, unscored=0, missing=0, unanswered=0)
    )
    # A prompt without an instruction on form has no score in FollowingInstructions.
    assert scores.judge.arms["student"]["Builtin.FollowingInstructions"].unscored == 30
    figures = {arm: one.metrics for arm, one in scores.arms.items()}
    assert figures["student"]["Builtin.Correctness"].value == 1.0 > figures["base"]["Builtin.Correctness"].value
    assert {metrics["1-Builtin.Refusal"].value for metrics in figures.values()} == {1.0}
    assert {metrics["Custom.mood"].n for metrics in figures.values()} == {30}
    [knows] = [one for one in scores.judge.calibration if one.metric == "Builtin.Correctness"]
    assert knows.auc is not None and knows.auc.value > 0.9


def test_the_judge_says_which_answer_is_better_in_words_that_are_read(world: JudgedWorld) -> None:
    world.predict("student", good)
    planned = world.call(plan_comparisons, wave=0)
    for shard in planned["shards"]:
        asked = {"stage": "comparisons", "wave": 0, **shard}
        while not world.call(answer_now, **asked)["done"]:
            pass
        assert world.call(read_replies, **asked)["missing"] == 0
    found = world.judged().comparisons
    assert found is not None
    assert (found.n, found.unjudged, found.unanswered) == (30, 0, 0)
    assert found.equal + planned["counts"]["requests"] / 2 == 30 + sum(control.n for control in found.controls)
    assert found.first_place is not None
