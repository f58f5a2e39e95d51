"""Two runs through every state of the good path, and the way back: new prompts, ratings, five arms, a judge, a promotion, the next one in place, a rollback."""

import subprocess
from typing import Any, NamedTuple

import pytest

from tests.flow import EVERYTHING, App, check_counts, jsonl, reviews

SEEDS = 90
FIRST, SECOND = "whole-first", "whole-second"
ARMS = {"teacher", "base", "few-shot", "student", "direct"}


class Story(NamedTuple):
    """The two runs of one dataset, what served after each, and after the rollback that followed."""

    runs: dict[str, dict[str, Any]]
    parameters: list[dict[str, Any]]
    serves: list[tuple[str, str]]
    rollback: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def story(app: App) -> Story:
    """One run after the other: the second finds what the first has paid for, and moves what the first has made."""
    with app.untriggered():
        app.upload("seeds/whole/seeds.jsonl", jsonl(reviews(SEEDS, " in full")))
    runs: dict[str, dict[str, Any]] = {}
    parameters, serves = [], []
    for run_id in (FIRST, SECOND):
        runs[run_id] = app.wait(app.start(run_id, EVERYTHING | {"dataset": "whole", "runId": run_id}))
        assert runs[run_id]["status"] == "SUCCEEDED", runs[run_id].get("cause")
        parameters.append(app.parameter("whole"))
        serves.append(app.serves("whole"))
    rollback = app.cli("rollback", "whole", "--yes")
    return Story(runs, [*parameters, app.parameter("whole")], [*serves, app.serves("whole")], rollback)


def report(app: App, run_id: str) -> dict[str, Any]:
    return dict(app.json(f"runs/{run_id}/8-report/report.json"))


def waves(app: App, run_id: str, stage: str) -> list[dict[str, Any]]:
    """The plans of a stage's rounds, in order."""
    return [app.json(key) for key in sorted(app.keys(f"runs/{run_id}/2-requests/{stage}-")) if key.endswith("plan.json")]


def asked(app: App, run_id: str, stage: str) -> int:
    return sum(shard["records"] for wave in waves(app, run_id, stage) for shard in wave["shards"])


@pytest.mark.parametrize("run_id", [FIRST, SECOND])
def test_every_count_adds_up(app: App, story: Story, run_id: str) -> None:
    found = report(app, run_id)
    check_counts(found["counts"])
    assert found["accountProblems"] == []
    assert found["counts"]["prompts"] == SEEDS + found["counts"]["expanded"]
    assert found["counts"]["requests"] == 3 * found["counts"]["prompts"]
    assert app.read(f"runs/{run_id}/8-report/index.html").startswith(b"<!")


def test_new_prompts_have_parents_and_a_method_and_none_is_measured(app: App, story: Story) -> None:
    seeds = {prompt["promptId"] for prompt in app.lines(f"runs/{FIRST}/1-prompts/prompts.jsonl")}
    expanded = app.lines(f"runs/{FIRST}/1-prompts/expanded.jsonl")
    summary = app.json(f"runs/{FIRST}/1-prompts/expansion/summary.json")
    held = {item["promptId"] for item in app.lines(f"runs/{FIRST}/5-dataset/holdout.jsonl")}
    assert len(expanded) == len({prompt["prompt"] for prompt in expanded}) == summary["kept"] == report(app, FIRST)["counts"]["expanded"]
    assert sum(counts["kept"] for counts in summary["methods"].values()) == summary["kept"]
    # Exact count, or the reason.
    assert (summary["target"], summary["kept"]) == (20, 20) or summary["why"] != "target reached"
    assert summary["kept"] > 0
    for prompt in expanded:
        assert prompt["method"] in summary["methods"]
        assert prompt["parents"]
        assert set(prompt["parents"]) <= seeds - held
        assert prompt["promptId"] not in held | seeds


def test_every_answer_that_might_be_learnt_was_rated_and_the_best_rated_is_learnt(app: App, story: Story) -> None:
    candidates = [one for key in app.keys(f"runs/{FIRST}/5-dataset/candidates/shard-") for one in app.lines(key)]
    texts = sum(len(one["answers"]) for one in candidates)
    assert 0 < asked(app, FIRST, "ratings") <= texts
    [step] = [step for step in report(app, FIRST)["data"]["funnel"] if step["step"] == "ratings"]
    assert step["came"] == step["kept"] + sum(step["rejected"].values()) > 0
    learnt = report(app, FIRST)["counts"]
    assert learnt["examples"] == learnt["promptsLearnt"]


def test_five_arms_answer_every_holdout_prompt_greedily_and_once_more_for_its_distribution(app: App, story: Story) -> None:
    found = report(app, FIRST)
    held = {item["promptId"] for item in app.lines(f"runs/{FIRST}/5-dataset/holdout.jsonl")}
    assert found["arms"].keys() == ARMS
    for arm in ARMS:
        predictions = app.lines(f"runs/{FIRST}/7-evaluation/predictions-{arm}.jsonl")
        assert {p["promptId"] for p in predictions if p["sample"] == "g0"} == held
        assert found["arms"][arm]["n"] == len(held) >= 30
    sampled = {p["sample"] for p in app.lines(f"runs/{FIRST}/7-evaluation/predictions-student.jsonl")}
    assert sampled == {"g0", "s0"}
    for arm in ARMS - {"teacher"}:
        assert 0 <= found["arms"][arm]["metrics"]["jensenShannonBits"]["value"] <= 1
    assert app.json(f"runs/{FIRST}/5-dataset/direct/counts.json")["train.jsonl"]["prompts"] > 0
    assert sorted(app.models("whole-first")) == ["nova-distill-whole-first-student-t0"]


def test_the_judge_scores_every_arm_in_one_job_and_compares_student_and_teacher(app: App, story: Story) -> None:
    judge = report(app, FIRST)["judge"]
    jobs = [call["name"] for call in app.calls("CreateEvaluationJob", "nova-distill-whole-first-j")]
    assert len(jobs) == len(set(jobs)) == len(ARMS)
    held = report(app, FIRST)["counts"]["holdout"]
    for arm in ARMS:
        assert judge["arms"][arm]["Builtin.Correctness"]["scored"] + judge["arms"][arm]["Builtin.Correctness"]["unanswered"] == held
        assert 0 <= report(app, FIRST)["arms"][arm]["metrics"]["Builtin.Correctness"]["value"] <= 1
    pairs = judge["comparisons"]
    assert pairs["n"] == pairs["win"] + pairs["tie"] + pairs["loss"]
    assert pairs["n"] + pairs["unanswered"] + pairs["unjudged"] == held
    assert asked(app, FIRST, "comparisons") == 2 * (held - pairs["equal"] - pairs["unanswered"])
    assert judge["sameFamily"] is True
    assert judge["warnings"]


def test_the_second_run_of_the_same_seeds_asks_the_teacher_nothing_again(app: App, story: Story) -> None:
    for stage in ("expansion", "wave", "ratings"):
        assert asked(app, FIRST, stage) > 0
        assert asked(app, SECOND, stage) == 0
    for name in ("1-prompts/expanded.jsonl", "5-dataset/train.jsonl", "5-dataset/holdout.jsonl"):
        assert app.read(f"runs/{FIRST}/{name}") == app.read(f"runs/{SECOND}/{name}")
    assert report(app, SECOND)["counts"]["cached"] == report(app, SECOND)["counts"]["requests"]


def test_the_first_promotion_makes_the_stable_deployment_the_second_moves_it_in_place(app: App, story: Story) -> None:
    (arn, first_model), (same, second_model), _ = story.serves
    first, second, _ = story.parameters
    assert arn == same == first["deploymentArn"] == second["deploymentArn"]
    assert (first["runId"], first["modelArn"], first.get("history")) == (FIRST, first_model, None)
    assert (second["runId"], second["modelArn"], second["previous"]) == (SECOND, second_model, FIRST)
    assert first_model != second_model
    assert [served["modelArn"] for served in second["history"]] == [first_model]
    assert len(app.calls("CreateCustomModelDeployment", "nova-distill-whole-stable")) == 1
    # The second promotion's and the rollback's.
    assert len([c for c in app.calls("UpdateCustomModelDeployment") if c["name"] in {arn, arn.rsplit("/", 1)[1]}]) == 2
    # The deployments of the evaluation are gone.
    assert app.deployments("nova-distill-whole-") == ["nova-distill-whole-stable"]


def test_rollback_brings_the_first_student_back_behind_the_same_arn(app: App, story: Story) -> None:
    assert story.rollback.returncode == 0, story.rollback.stderr + story.rollback.stdout
    (arn, first_model), _, back = story.serves
    assert back == (arn, first_model)
    now = story.parameters[-1]
    assert (now["runId"], now["modelArn"], now["rolledBackFrom"]) == (FIRST, first_model, SECOND)
    again = app.cli("rollback", "whole", "--yes")
    assert again.returncode == 1
    assert again.stderr


def test_the_dataset_can_be_made_again_from_its_files(app: App, story: Story) -> None:
    rebuilt = app.cli("rebuild", FIRST)
    assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
