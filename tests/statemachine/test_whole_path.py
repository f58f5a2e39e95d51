"""Two runs through every state of the good path: new prompts, ratings, five arms, a judge, a promotion, the next one in
place.

And what a person does afterwards: roll back, promote by hand, compare, make the dataset again.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from local.final_screen import final_screen
from tests.flow import EVERYTHING, App, check_counts, jsonl, reviews

SEEDS = 88
"""A good third of them are held out: more than the 30 that a promotion asks for."""
FIRST, SECOND = "whole-first", "whole-second"
ARMS = {"teacher", "base", "few-shot", "student", "direct"}


class Story(NamedTuple):
    """The two runs of one dataset, then a rollback, another that has nothing to go back to, and a promotion by hand.

    What served after each of the five.
    """

    runs: dict[str, dict[str, Any]]
    commands: list[subprocess.CompletedProcess[str]]
    parameters: list[dict[str, Any]]
    serves: list[tuple[str, str]]


def tell(app: App) -> Story:
    """One run after the other: the second finds what the first has paid for, and moves what the first has made."""
    with app.untriggered():
        app.upload("seeds/whole/seeds.jsonl", jsonl(reviews(SEEDS)))
    told = Story({}, [], [], [])
    for run_id in (FIRST, SECOND):
        told.runs[run_id] = app.wait(app.start(run_id, EVERYTHING | {"dataset": "whole", "runId": run_id}))
        assert told.runs[run_id]["status"] == "SUCCEEDED", told.runs[run_id].get("cause")
        _look(app, told)
    for arguments in (["rollback", "whole"], ["rollback", "whole"], ["promote", "whole", "--run", SECOND]):
        told.commands.append(app.cli(*arguments, "--yes"))
        _look(app, told)
    return told


def _look(app: App, told: Story) -> None:
    told.parameters.append(app.parameter("whole"))
    told.serves.append(app.serves("whole"))


@pytest.fixture(scope="module")
def story(told: Callable[[str], Story]) -> Story:
    """What came of it."""
    return told(__name__)


def report(app: App, run_id: str) -> dict[str, Any]:
    return dict(app.json(f"runs/{run_id}/8-report/report.json"))


def waves(app: App, run_id: str, stage: str) -> list[dict[str, Any]]:
    """The plans of a stage's rounds, in order."""
    return [
        app.json(key) for key in sorted(app.keys(f"runs/{run_id}/2-requests/{stage}-")) if key.endswith("plan.json")
    ]


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
    assert (
        len(expanded)
        == len({prompt["prompt"] for prompt in expanded})
        == summary["kept"]
        == report(app, FIRST)["counts"]["expanded"]
    )
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


def test_five_arms_answer_every_holdout_prompt_greedily_and_once_more_for_its_distribution(
    app: App, story: Story
) -> None:
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
        assert (
            judge["arms"][arm]["Builtin.Correctness"]["scored"]
            + judge["arms"][arm]["Builtin.Correctness"]["unanswered"]
            == held
        )
        assert 0 <= report(app, FIRST)["arms"][arm]["metrics"]["Builtin.Correctness"]["value"] <= 1
    pairs = judge["comparisons"]
    assert pairs["n"] == pairs["win"] + pairs["tie"] + pairs["loss"]
    assert pairs["n"] + pairs["lost"] + pairs["unjudged"] == held
    told = 2 * (held - pairs["equal"] - pairs["unanswered"] - pairs["lost"])
    assert asked(app, FIRST, "comparisons") == told + 2 * sum(control["n"] for control in pairs["controls"])
    assert judge["sameFamily"] is True
    assert judge["warnings"]


def test_the_second_run_of_the_same_seeds_asks_the_teacher_nothing_again(
    app: App, story: Story, tmp_path: Path
) -> None:
    for stage in ("expansion", "wave", "ratings"):
        assert asked(app, FIRST, stage) > 0
        assert asked(app, SECOND, stage) == 0
    for name in ("1-prompts/expanded.jsonl", "5-dataset/train.jsonl", "5-dataset/holdout.jsonl"):
        assert app.read(f"runs/{FIRST}/{name}") == app.read(f"runs/{SECOND}/{name}")
    assert report(app, SECOND)["counts"]["cached"] == report(app, SECOND)["counts"]["requests"]
    # What Bedrock was asked: comparisons are of a student that no other run has.
    assert [job for stage in "pxwr" for job in app.jobs(f"nova-distill-{SECOND}-{stage}0")] == []
    assert app.jobs(f"nova-distill-{FIRST}-w0")
    assert app.cli("fetch", SECOND, "--to", str(tmp_path)).returncode == 0
    assert any("asked    the teacher 0 requests; " in line for line in final_screen(tmp_path))


def test_the_first_promotion_makes_the_stable_deployment_the_second_moves_it_in_place(app: App, story: Story) -> None:
    (arn, first_model), (same, second_model) = story.serves[:2]
    first, second = story.parameters[:2]
    assert arn == same == first["deploymentArn"] == second["deploymentArn"]
    assert (first["runId"], first["modelArn"], first.get("history")) == (FIRST, first_model, None)
    assert (second["runId"], second["modelArn"], second["previous"]) == (SECOND, second_model, FIRST)
    assert first_model != second_model
    assert [served["modelArn"] for served in second["history"]] == [first_model]
    assert len(app.calls("CreateCustomModelDeployment", "nova-distill-whole-stable")) == 1
    # The second promotion's, the rollback's and that by hand.
    assert len([c for c in app.calls("UpdateCustomModelDeployment") if c["name"] in {arn, arn.rsplit("/", 1)[1]}]) == 3
    # The deployments of the evaluation are gone.
    assert app.deployments("nova-distill-whole-") == ["nova-distill-whole-stable"]


def test_rollback_brings_the_first_student_back_behind_the_same_arn_and_promote_the_second(
    app: App, story: Story
) -> None:
    back, no_further, promoted = story.commands
    assert back.returncode == 0, back.stderr
    after = story.parameters[2]
    assert (after["runId"], after["rolledBackFrom"], story.serves[2]) == (FIRST, SECOND, story.serves[0])
    assert no_further.returncode == 1
    assert no_further.stderr
    assert (story.parameters[3], story.serves[3]) == (after, story.serves[0])
    assert promoted.returncode == 0, promoted.stderr
    assert (story.parameters[4]["runId"], story.parameters[4]["previous"], story.serves[4]) == (
        SECOND,
        FIRST,
        story.serves[1],
    )


def test_the_runs_can_be_compared(app: App, story: Story, tmp_path: Path) -> None:
    page = tmp_path / "comparison.html"
    compared = app.cli("compare", FIRST, SECOND, "--to", str(page))
    assert compared.returncode == 0, compared.stdout + compared.stderr
    assert FIRST in page.read_text(encoding="utf-8")


def test_the_dataset_can_be_made_again_from_its_files(app: App, story: Story) -> None:
    rebuilt = app.cli("rebuild", FIRST)
    assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
