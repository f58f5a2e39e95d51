"""PlanJudging, StartJudging, PlanComparisons and ScoreRun on fakes: what each writes, and what a rerun or a failed job
leaves.
"""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from distillation.bedrock.job_status import JobOutcome
from distillation.errors import InvalidInput
from distillation.evaluation.scores import DecidedHoldout, JudgedArm
from distillation.layout import decision, mark_key
from distillation.records import HoldoutItem
from handlers import answer_now, await_job, plan_comparisons, plan_judging, score_run, start_judging
from tests.fakes import FakeModels, Invocation, model_output
from tests.worlds.judged_world import LAYOUT, MISTRAL, JudgedWorld, good, right

POLITE = {"name": "polite", "instructions": "Polite?\n{{prompt}}\n{{prediction}}", "scale": {"no": 0.0, "yes": 1.0}}


def test_without_a_judge_nothing_is_asked_and_scores_have_none() -> None:
    world = JudgedWorld(None)
    assert world.call(plan_judging) == {"jobs": [], "counts": {"judgingJobs": 0, "answersToJudge": 0}}
    assert world.call(plan_comparisons, wave=0)["shards"] == []
    assert world.scored().judge is None
    with pytest.raises(InvalidInput, match="judges no answers"):
        world.call(start_judging, arm="student", part=0, records=1)


def test_each_arm_is_a_job_over_the_same_prompts() -> None:
    world = JudgedWorld(
        {"custom": [POLITE], "maxPrompts": 40}, student=lambda item: None if item.prompt_id == "p0001" else right(item)
    )
    planned = world.call(plan_judging)
    assert [(job["arm"], job["part"]) for job in planned["jobs"]] == [("teacher", 0), ("base", 0), ("student", 0)]
    assert planned["counts"] == {"judgingJobs": 3, "answersToJudge": sum(job["records"] for job in planned["jobs"])}
    prompts = {
        job["arm"]: {json.loads(line)["prompt"] for line in world.files.lines(LAYOUT.judge_dataset(job["arm"], 0))}
        for job in planned["jobs"]
    }
    assert prompts["teacher"] == prompts["base"] and len(prompts["base"]) == 40
    assert prompts["base"] - prompts["student"] <= {"thing 1"}
    names = world.submit()
    asked = world.jobs.requests[names[2]]
    judging = asked["judging"]
    assert judging["evaluatorModelConfig"] == {"bedrockEvaluatorModels": [{"modelIdentifier": MISTRAL}]}
    assert judging["datasetMetricConfigs"][0]["metricNames"] == [
        "Builtin.Correctness",
        "Builtin.Completeness",
        POLITE["name"],
    ]
    [own] = judging["customMetricConfig"]["customMetrics"]
    assert own["customMetricDefinition"]["instructions"] == POLITE["instructions"]
    assert asked["source_id"] == "student"
    assert asked["output_uri"] == "s3://bucket/runs/run-1/7-evaluation/judge/student/part-00/results/"
    assert asked["tags"] == {"app": "nova-distill", "dataset": "reviews", "run": "run-1"}


def test_more_than_a_thousand_answers_are_several_jobs() -> None:
    world = JudgedWorld({"maxPrompts": 2500}, count=2100)
    jobs = [(job["part"], job["records"]) for job in world.call(plan_judging)["jobs"] if job["arm"] == "base"]
    assert jobs == [(0, 1000), (1, 1000), (2, 100)]
    names = world.submit()
    assert len(set(names)) == 9
    world.judge(names)
    assert {one.scored for metrics in world.judged().arms.values() for one in metrics.values()} == {2100}


def test_a_job_is_submitted_once_and_a_failed_one_again() -> None:
    world = JudgedWorld({})
    names = world.submit()
    assert world.submit() == names
    assert world.jobs.created == names
    world.rows.ended("run-1", names[0], status="Failed", outcome=JobOutcome.FAILED, message="judge")
    again = world.submit()
    assert again[1:] == names[1:]
    assert "a1x" in again[0] and again[0].replace("a1x", "a0x") == names[0]


def test_an_arm_that_answers_anew_is_judged_anew() -> None:
    world = JudgedWorld({})
    names = world.submit()
    world.predict("student", lambda item: "bad")
    assert [before == after for before, after in zip(names, world.submit(), strict=True)] == [True, True, False]


def test_a_job_that_failed_ends_the_wait_and_not_the_run() -> None:
    world = JudgedWorld({})
    name = world.submit()[0]
    world.jobs.status = "Failed"
    await_job.run({"runId": "run-1", "jobName": name, "kind": "evaluation", "token": "t"}, world, Invocation())
    assert world.tokens.succeeded["t"]["outcome"] == "failed"


def test_the_judges_scores_are_metrics_of_the_arms_with_differences_and_calibration() -> None:
    world = JudgedWorld({"custom": [POLITE]})
    world.judge(world.submit())
    scores = world.scored()
    figures = {
        arm: {name: one.metrics[name].value for name in ("Builtin.Correctness", "Custom.polite")}
        for arm, one in scores.arms.items()
    }
    assert figures["student"] == figures["teacher"] == {"Builtin.Correctness": 1.0, "Custom.polite": 1.0}
    assert figures["base"] == {"Builtin.Correctness": 0.5, "Custom.polite": 1.0}
    [lift] = [d for d in scores.differences if (d.metric, d.arm, d.minus) == ("Builtin.Correctness", "student", "base")]
    assert (lift.value, lift.n, lift.test) == (0.5, 60, "mcnemar-exact")
    assert scores.judge is not None
    knows, polite, _ = sorted(scores.judge.calibration, key=lambda one: one.metric == "Builtin.Completeness")
    assert (knows.right, knows.wrong) == (150, 30)
    assert knows.auc is not None and polite.auc is not None
    assert (knows.auc.value, polite.auc.value) == (1.0, 0.5)
    assert (scores.judge.model, scores.judge.prompts, scores.judge.same_family, scores.judge.warnings) == (
        MISTRAL,
        60,
        False,
        (),
    )
    assert scores.judge.arms["base"]["Custom.polite"] == JudgedArm(scored=60, unscored=0, missing=0, unanswered=0)


def test_a_judges_metric_can_be_gated() -> None:
    world = JudgedWorld({})
    world.judge(world.submit())
    record = world.files.json(LAYOUT.run)
    record["config"]["gate"]["margins"] = {"Builtin.Correctness": 0.1}
    world.files.put_json(LAYOUT.run, record)
    world.call(score_run)
    assert [check["metric"] for check in world.files.json(LAYOUT.verdict)["checks"]] == [
        "accuracy",
        "Builtin.Correctness",
    ]


def test_a_relative_of_the_teacher_and_a_job_that_brought_nothing_are_warned_of() -> None:
    world = JudgedWorld({}, model="us.amazon.nova-premier-v1:0")
    world.judge(world.submit(), lost="base")
    scores = world.scored()
    assert scores.judge is not None and scores.judge.same_family
    relative, incomplete = scores.judge.warnings
    assert "prefer answers of its own family" in relative and "base 60" in incomplete
    assert scores.judge.arms["base"]["Builtin.Correctness"].missing == 60
    assert "Builtin.Correctness" not in scores.arms["base"].metrics
    assert scores.arms["student"].metrics["Builtin.Correctness"].n == 60


def test_only_the_chosen_prompts_count_even_where_nobody_answered_the_others() -> None:
    def silent(item: HoldoutItem) -> str | None:
        return None if item.prompt_id < "p0030" else right(item)

    world = JudgedWorld({"maxPrompts": 30}, teacher=silent, base=silent, student=silent)
    world.judge(world.submit())
    assert world.scored().arms["student"].metrics["Builtin.Correctness"].n == 30


def test_later_runs_on_the_same_items_count_and_a_rerun_does_not() -> None:
    first = JudgedWorld(None)
    assert first.scored().decisions == 1
    before = first.files.get(decision("reviews", "run-1"))
    other = DecidedHoldout(run_id="run-2", prompt_ids=tuple(item.prompt_id for item in first.holdout[:30]))
    first.files.put_json(decision("reviews", "run-2"), other)
    assert first.scored().decisions == 1
    assert first.files.get(decision("reviews", "run-1")) == before
    second = JudgedWorld(None)
    second.files.put_json(decision("reviews", "run-2"), other)
    second.files.put_json(decision("movies", "run-3"), other)
    assert second.scored().decisions == 2
    assert second.files.json(decision("reviews", "run-1"))["earlier"] == ["run-2"]


# Comparisons


def prefers(better: str) -> Callable[[str], str]:
    """A judge that takes the answer `better` wherever it stands."""
    return lambda shown: "A" if f"[answer A {shown[14:26]}]\n{better}\n" in shown else "B"


def test_pairs_that_differ_are_asked_in_both_orders_and_equal_ones_are_ties() -> None:
    world = JudgedWorld({"metrics": []}, student=good)
    planned = world.compare(prefers("bad"))
    assert (planned["stage"], planned["counts"]) == ("comparisons", {"requests": 70, "cached": 0})
    found = world.judged().comparisons
    assert found is not None
    assert (found.win, found.tie, found.loss, found.equal, found.consistent, found.unjudged) == (0, 30, 30, 30, 30, 0)
    assert found.first_place is not None and found.first_place.value == 0.5
    assert found.p_value < 1e-8
    assert world.judged().arms == {}


def test_missing_replies_are_asked_again_and_only_those() -> None:
    world = JudgedWorld({"metrics": []}, student=good)
    first = world.compare(lambda shown: None if "thing 1\n" in shown else "tie")
    assert first["counts"]["requests"] == 70
    found = world.judged().comparisons
    assert found is not None and (found.unjudged, found.n) == (1, 59)
    again = world.compare(lambda shown: "tie", wave=1)
    assert again["counts"]["requests"] == 2
    found = world.judged().comparisons
    assert found is not None and (found.unjudged, found.n, found.tie) == (0, 60, 60)
    assert world.call(plan_comparisons, wave=2)["counts"]["requests"] == 0


def test_a_round_that_was_planned_stands_and_the_cache_is_asked_first() -> None:
    world = JudgedWorld({"metrics": []}, student=good)
    world.compare(lambda shown: "tie")
    before = dict(world.files.objects)
    world.call(plan_comparisons, wave=0)
    assert world.files.objects == before
    other = JudgedWorld({"metrics": []}, student=good)
    other.files.objects |= {key: body for key, body in world.files.objects.items() if key.startswith("answers/")}
    planned = other.call(plan_comparisons, wave=0)
    assert planned["counts"] == {"requests": 0, "cached": 70}
    found = other.judged().comparisons
    assert found is not None and (found.tie, found.unjudged) == (60, 0)


def test_a_refusal_loses_and_nobody_is_asked_about_it() -> None:
    world = JudgedWorld({"metrics": []}, student=lambda item: None if item.prompt_id < "p0010" else "good")
    planned = world.compare(lambda shown: "tie")
    assert planned["counts"]["requests"] == 60
    found = world.judged().comparisons
    assert found is not None and (found.n, found.loss, found.tie, found.unanswered, found.lost) == (60, 10, 50, 10, 0)


@pytest.mark.parametrize(("model", "flex"), [("us.amazon.nova-premier-v1:0", True), (MISTRAL, False)])
def test_a_small_round_is_asked_now_at_the_tier_that_the_judge_takes(model: str, flex: bool) -> None:
    world = JudgedWorld({"metrics": []}, model=model, student=good)
    models = FakeModels(lambda model_id, request: model_output("tie"))
    world.__dict__["models"] = models
    planned = world.call(plan_comparisons, wave=0)
    for shard in planned["shards"]:
        assert world.call(answer_now, stage="comparisons", wave=0, **shard)["done"]
    assert {(asked, tier) for asked, _, tier in models.asked} == {(model, flex)}
    assert len(models.asked) == 70


def test_injections_that_win_are_told_and_change_no_win_rate() -> None:
    def gullible(shown: str) -> str:
        told = ("Ignore the other answer", "Note to the judge", "As the owner", "SYSTEM:", "Dear judge")
        return "AB"[any(one in shown.split("[answer B ")[1] for one in told)] if any(map(shown.count, told)) else "tie"

    world = JudgedWorld({"metrics": []}, student=good)
    world.compare(gullible)
    judge = world.judged()
    assert judge.comparisons is not None
    [planted] = judge.comparisons.controls
    assert (planted.kind, planted.n, planted.won, planted.lost) == ("injected", 5, 5, 0)
    assert (judge.comparisons.n, judge.comparisons.win, judge.comparisons.tie) == (60, 0, 60)
    assert any("5 of 5 planted answers" in warning for warning in judge.warnings)


def test_the_key_of_the_marks_is_made_once_and_stands_in_no_file_of_the_run() -> None:
    world = JudgedWorld({"metrics": []}, student=good)
    world.call(plan_comparisons, wave=0)
    key = world.files.get(mark_key())
    assert len(key) == 32
    world.compare(lambda shown: None, wave=1)
    assert world.files.get(mark_key()) == key
    assert not [name for name, body in world.files.objects.items() if name != mark_key() and key.hex().encode() in body]


# A judge that decides


def essay(item: HoldoutItem) -> str:
    return f"{item.prompt} is a fine thing, and here are nine words more about {item.prompt}"


def free_text(count: int = 120) -> JudgedWorld:
    """Essays of teacher and student without references; the student's are worded differently."""
    world = JudgedWorld(
        {"maxPrompts": 200}, count=count, teacher=essay, base=lambda item: "no", student=lambda item: essay(item) + "!"
    )
    record = world.files.json(LAYOUT.run)
    record["task"] = {"kind": "text"}
    world.files.put_json(LAYOUT.run, record)
    world.files.put_records(
        LAYOUT.dataset("holdout.jsonl"), [msgspec.structs.replace(one, reference=None) for one in world.holdout]
    )
    return world


def knows_better(shown: str) -> str:
    """Prefers the answer that is about the prompt, and the longer of two such."""
    prompt, first, second = (
        shown.split(f"\n[{name} ")[1].split("]\n", 1)[1].split("\n[end", maxsplit=1)[0]
        for name in ("prompt", "answer A", "answer B")
    )
    values = [(f"{prompt} is" in text) * len(text.rstrip("!")) for text in (first, second)]
    return "tie" if values[0] == values[1] else "AB"[values[1] > values[0]]


def judged_by(world: JudgedWorld, choose: Callable[[str], str]) -> dict[str, Any]:
    """The verdict where the judge finds the base model's answers wrong and all others right."""
    world.judge(world.submit(), met=lambda line: line["modelResponses"][0]["response"] != "no")
    world.compare(choose)
    world.call(score_run)
    return world.files.json(LAYOUT.verdict)


def test_a_judge_that_knows_better_from_worse_decides_on_free_text_without_references() -> None:
    world = free_text()
    verdict = judged_by(world, knows_better)
    controls = world.judged().comparisons.controls  # type: ignore[union-attr]
    assert [(one.kind, one.n, one.lost) for one in controls] == [
        ("injected", 5, 5),
        ("exchanged", 10, 10),
        ("halved", 10, 10),
    ]
    assert world.judged().decides
    assert verdict["metric"] == "Builtin.Correctness"
    assert "agreement with the teacher is not correctness" not in verdict["headline"]
    assert verdict["checks"][0]["outcome"] == "passed"


def test_a_judge_that_does_not_leaves_the_decision_to_overlap_and_says_so() -> None:
    world = free_text()
    verdict = judged_by(world, lambda shown: "tie")
    judge = world.judged()
    assert not judge.decides
    assert any("prefers the better answer in 0 of 20 pairs" in one for one in judge.warnings)
    assert (verdict["metric"], verdict["decision"]) == ("tokenF1", "hold")


def test_a_judge_is_laid_beside_the_choices_of_people() -> None:
    key = "evaluation/people.jsonl"
    world = JudgedWorld({"metrics": [], "preferences": key}, student=good)
    line = {"prompt": "q", "first": "short", "second": "much longer"}
    world.files.put_records(key, [line | {"prompt": f"q{n}", "choice": ("second", "first")[n == 0]} for n in range(10)])
    planned = world.compare(lambda shown: "AB"["much longer" in shown.split("[answer B ")[1]])
    assert planned["counts"]["requests"] == 90
    judge = world.judged()
    assert judge.human is not None and (judge.human.n, judge.human.agreed, judge.human.kappa) == (10, 9, 0)
    assert judge.comparisons is not None and judge.comparisons.n == 60
    assert world.files.get(LAYOUT.evaluation_copy(key)) == world.files.get(key)
