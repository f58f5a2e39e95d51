"""training.method DISTILLATION on fakes: what the teacher is asked by us, what Bedrock is sent, that everything adds
up, and what is refused.
"""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cli.files.rebuild import rebuild
from cli.runs.compare import comparison_of
from distillation.bedrock.limits import MAX_DISTILLATION_PROMPTS, MAX_SAMPLES
from distillation.errors import InvalidInput, NotEnoughExamples
from distillation.layout import RunLayout
from distillation.records import Candidate
from distillation.run.config import RunConfig
from distillation.seeds.split import Side, side_of
from handlers import (
    assemble_dataset,
    plan_predictions,
    plan_requests,
    plan_retry_wave,
    predict_arm,
    score_run,
    start_tuning,
    write_report,
)
from tests.fakes import MemoryStore, model_output, record_error
from tests.worlds.curation_world import CurationWorld, asked, on_side, plain_texts, says
from tests.worlds.path_world import LAYOUT, MICRO, PRO, World, teacher_and_students

MANAGED: dict[str, Any] = {"training": {"method": "DISTILLATION"}}


def managed(count: int = 200, **settings: Any) -> CurationWorld:
    return CurationWorld(
        [asked(text, category="ab"[n % 2]) for n, text in enumerate(plain_texts(count))], **MANAGED | settings
    )


def sides(world: CurationWorld) -> dict[str, Side]:
    return {prompt.prompt_id: side_of(prompt, world.record.config.shares) for prompt in world.prompts}


# The path


def test_the_teacher_is_asked_about_the_holdout_and_nothing_else() -> None:
    world = managed()
    heard: set[str] = set()

    def teacher(record_id: str, *_: str) -> dict[str, object]:
        heard.add(record_id.split("-", maxsplit=1)[0])
        return model_output("It is a thing.")

    world.reduced(teacher)
    assert heard == {prompt_id for prompt_id, side in sides(world).items() if side is Side.HOLDOUT}
    assert set(sides(world).values()) == {Side.HOLDOUT, Side.TRAIN}, "no validation side"


def test_a_retry_wave_asks_only_what_is_missing_of_the_holdout() -> None:
    world = managed()
    held = {prompt_id for prompt_id, side in sides(world).items() if side is Side.HOLDOUT}
    wave = plan_requests.run({"run": {"runId": "run-1"}}, world, None)  # type: ignore[arg-type]
    late = min(held)
    world.answer(wave, lambda record_id, *_: None if record_id.startswith(late) else model_output("It is a thing."))
    again = plan_retry_wave.run({"run": {"runId": "run-1"}, "wave": 0}, world, None)  # type: ignore[arg-type]
    assert again["counts"] == {"requests": 5, "cached": 0}


def test_training_lines_hold_a_system_text_a_prompt_and_no_answer() -> None:
    world = managed()
    world.prompts = [
        msgspec.structs.replace(prompt, system="Be brief." if n % 2 else "") for n, prompt in enumerate(world.prompts)
    ]
    world.files.put_records(LAYOUT.prompts, world.prompts)
    world.reduced(says("It is a thing.")).assembled()
    lines = world.lines("train.jsonl")
    texts = {prompt.prompt: prompt.system for prompt in world.prompts}
    assert {line["schemaVersion"] for line in lines} == {"bedrock-conversation-2024"}
    for line in lines:
        (message,) = line["messages"]
        assert message["role"] == "user"
        (content,) = message["content"]
        assert [block["text"] for block in line.get("system", [])] == (
            [texts[content["text"]]] if texts[content["text"]] else []
        )
    assert world.files.get(LAYOUT.dataset("validation.jsonl")) == b""
    assert b"It is a thing" not in world.files.get(LAYOUT.dataset("train.jsonl"))


def test_every_prompt_and_every_request_is_accounted_for() -> None:
    world = managed()
    manifest = world.reduced(
        lambda _, __, prompt: record_error(400) if "item7 " in prompt else model_output("It is a thing.")
    ).assembled()
    counts = manifest.counts
    assert counts["prompts"] == 200 == counts["holdout"] + counts["promptsLearnt"] + counts["examplesRejected"]
    assert (
        counts["train"]
        == counts["examples"]
        == counts["promptsLearnt"]
        == list(sides(world).values()).count(Side.TRAIN)
    )
    replies, *_ = manifest.funnel
    assert replies.came == 5 * counts["holdout"]
    assert all(step.came == step.kept + sum(step.rejected.values()) for step in manifest.funnel)
    prompts = [step for step in manifest.funnel if step.unit == "prompts"]
    assert all(earlier.kept == later.came for earlier, later in pairwise(prompts))
    assert [step.step for step in prompts] == [
        "split",
        "promptPersonalData",
        "sampleLength",
        "exactDuplicates",
        "nearDuplicates",
        "decontamination",
        "selection",
    ]
    assert (sum(manifest.agreement.counts), sum(manifest.entropy.counts)) == (0, 0), (
        "nothing is known of answers that Bedrock keeps"
    )


def test_filters_of_prompts_still_work() -> None:
    twin = on_side(Side.TRAIN, plain_texts(200), 1)[0]
    secret = on_side(Side.HOLDOUT, (" ".join(f"rare{n}w{w}" for w in range(20)) for n in range(50)), 1)[0]
    planted = {
        "duplicate": (twin.upper().replace(" ", " " * n) for n in range(1, 20)),
        "overlaps_holdout": (f"{' '.join(f'before{n}w{w}' for w in range(30))} {secret} after{n}" for n in range(20)),
        "personal_data": (f"may I write to jo{n}@example.com about it" for n in range(20)),
        "too_long": (f"{n} " + "x " * 70_000 for n in range(20)),
    }
    added = {reason: asked(on_side(Side.TRAIN, texts, 1)[0]) for reason, texts in planted.items()}
    world = managed(filters={"personalData": "reject"})
    world.prompts += [asked(secret), *added.values()]
    world.files.put_records(LAYOUT.prompts, world.prompts)
    world.reduced(says("It is a thing.")).assembled()
    reasons = world.reasons()
    assert {reason: reasons.get(prompt.prompt_id) for reason, prompt in added.items()} == {
        reason: reason for reason in added
    }


def test_personal_data_is_replaced_in_what_bedrock_is_sent() -> None:
    world = managed(filters={"personalData": "redact"})
    texts = [f"{text}, asks jo{n}@example.com" for n, text in enumerate(on_side(Side.TRAIN, plain_texts(400), 150))]
    world.prompts = [asked(text) for text in texts]
    world.files.put_records(LAYOUT.prompts, world.prompts)
    world.reduced(says("It is a thing.")).assembled()
    assert b"@example.com" not in world.files.get(LAYOUT.dataset("train.jsonl"))
    assert b"[EMAIL]" in world.files.get(LAYOUT.dataset("train.jsonl"))


def test_of_more_prompts_than_wanted_selection_keeps_some_without_agreement() -> None:
    world = managed(selection={"maxExamples": 110})
    manifest = world.reduced(says("It is a thing.")).assembled()
    assert manifest.counts["train"] == 110
    assert manifest.selection is not None
    assert manifest.selection.lines_left == manifest.rejected_by_reason["not_selected"]
    card = world.files.get(LAYOUT.dataset("card.md")).decode()
    assert "110 lines, from" in card
    assert "mean agreement" not in card


def test_the_card_says_who_answers() -> None:
    world = managed()
    world.reduced(says("It is a thing.")).assembled()
    card = world.files.get(LAYOUT.dataset("card.md")).decode()
    assert "Prompts for Bedrock's managed distillation" in card
    assert "for the holdout only" in card
    assert "Agreement of the teacher's samples" not in card
    assert "0.0 of the rest (validation)" in card


def test_too_few_prompts_after_the_filters_end_the_run_before_the_job() -> None:
    world = managed(150, filters={"personalData": "reject"})
    world.prompts = [
        asked(f"{prompt.prompt} by jo@example.com") if n % 2 else prompt for n, prompt in enumerate(world.prompts)
    ]
    world.files.put_records(LAYOUT.prompts, world.prompts)
    with pytest.raises(NotEnoughExamples, match=r"takes at least 100\. Rejected prompts: .*personal_data"):
        world.reduced(says("It is a thing.")).assembled()


def test_rebuild_makes_the_same_bytes(tmp_path: Path) -> None:
    world = managed(selection={"maxExamples": 110})
    world.reduced(says("It is a thing.")).assembled()
    root = RunLayout("run-1").root
    for key, body in world.files.objects.items():
        if key.startswith(root):
            path = tmp_path / "run" / key.removeprefix(root)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
    rebuilt = rebuild("run-1", tmp_path / "run", tmp_path / "again")
    assert rebuilt.differing == []
    assert rebuilt.now.counts["train"] == 110


def test_a_candidate_without_answers_keeps_its_unknowns_unknown() -> None:
    world = managed().reduced(says("It is a thing."))
    found = list(world.files.records_below(LAYOUT.candidates_prefix, Candidate, named="shard-"))
    assert {(candidate.answers, candidate.agreement, candidate.entropy) for candidate in found} == {((), None, None)}
    world.assembled()
    holdout = [line["promptId"] for line in world.lines("holdout.jsonl")]
    assert {sides(world)[prompt_id] for prompt_id in holdout} == {Side.HOLDOUT}


def test_both_methods_measure_the_same_holdout() -> None:
    ours = CurationWorld([asked(text) for text in plain_texts(200)])
    ours.reduced(says("It is a thing.")).assembled()
    theirs = CurationWorld([asked(text) for text in plain_texts(200)], **MANAGED)
    theirs.reduced(says("It is a thing.")).assembled()
    assert ours.files.get(LAYOUT.dataset("holdout.jsonl")) == theirs.files.get(LAYOUT.dataset("holdout.jsonl"))


# The job, and the run around it


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr("distillation.inference.requests.BATCH_MIN_RECORDS", 10_000)
    monkeypatch.setattr("distillation.arms.shards.BATCH_MIN_RECORDS", 10_000)
    world = World(teacher_and_students)
    seeds(world, 250)
    return world


def seeds(world: World, count: int) -> None:
    rows = [
        {"prompt": f"The {n} is {'awful' if n % 2 else 'great'}", "reference": "bad" if n % 2 else "good"}
        for n in range(count)
    ]
    world.files.put("seeds/reviews/a.jsonl", b"\n".join(json.dumps(row).encode() for row in rows))


def to_tuning(world: World, **changes: Any) -> list[str]:
    """The arms to train of a run whose dataset is made."""
    world.prepare(**MANAGED | changes)
    wave = world.call(plan_requests)
    world.answer(wave)
    world.reduce(wave["promptShards"])
    return list(world.call(assemble_dataset)["arms"])


def test_the_student_is_made_by_a_distillation_job(world: World) -> None:
    assert to_tuning(world, sampling={"maxTokens": 77}) == ["student"]
    name = world.call(start_tuning, arm="student")["jobName"]
    request = world.tuning_jobs.requests[name]  # type: ignore[attr-defined]
    assert request["customizationType"] == "DISTILLATION"
    assert request["customizationConfig"] == {
        "distillationConfig": {
            "teacherModelConfig": {"teacherModelIdentifier": PRO, "maxResponseLengthForInference": 77}
        }
    }
    assert "hyperParameters" not in request
    assert "validationDataConfig" not in request
    assert request["baseModelIdentifier"] == f"{MICRO}:128k"
    assert request["trainingDataConfig"]["s3Uri"].endswith("/5-dataset/train.jsonl")
    assert world.call(start_tuning, arm="student")["jobName"] == name, "submitted once"


def test_the_direct_arm_is_fine_tuned_on_the_same_prompts(world: World) -> None:
    assert to_tuning(world, arms={"direct": True}, training={"method": "DISTILLATION", "epochCount": 3}) == [
        "student",
        "direct",
    ]
    request = world.tuning_jobs.requests[world.call(start_tuning, arm="direct")["jobName"]]  # type: ignore[attr-defined]
    assert request["customizationType"] == "FINE_TUNING"
    assert request["hyperParameters"]["epochCount"] == "3"
    assert "validationDataConfig" not in request
    theirs = [json.loads(line) for line in world.files.lines(LAYOUT.training_file("direct", "train.jsonl"))]
    ours = [json.loads(line) for line in world.files.lines(LAYOUT.dataset("train.jsonl"))]
    assert [line["messages"][0] for line in theirs] == [line["messages"][0] for line in ours]
    assert {line["messages"][1]["content"][0]["text"] for line in theirs} == {"good", "bad"}


def to_report(world: World, **changes: Any) -> dict[str, Any]:
    """A whole run: its report."""
    to_tuning(world, **changes)
    for shard in world.call(plan_predictions, students=world.train())["shards"]:
        world.call(predict_arm, **shard)
    world.call(score_run)
    world.call(write_report, promotion="auto")
    report: dict[str, Any] = world.files.json(LAYOUT.report("report.json"))
    return report


def files_of(**runs: World) -> MemoryStore:
    """The files of two runs in one bucket, each under its own name."""
    both = MemoryStore()
    for run_id, world in runs.items():
        for key, body in world.files.objects.items():
            both.put(key.replace("runs/run-1/", f"runs/{run_id}/"), body)
    return both


def test_from_seeds_to_a_report_that_adds_up_and_names_the_method(world: World) -> None:
    report = to_report(world)
    counts = report["counts"]
    assert report["accountProblems"] == []
    assert counts["prompts"] == 250 == counts["holdout"] + counts["promptsLearnt"] + counts["examplesRejected"]
    assert counts["requests"] == counts["answers"] == 5 * counts["holdout"]
    assert report["settings"]["training"]["method"] == "DISTILLATION"
    assert (
        report["arms"]["student"]["metrics"]["accuracy"]["value"]
        == report["arms"]["teacher"]["metrics"]["accuracy"]["value"]
        == 1
    )
    lines = {line["stage"]: line for line in report["costs"]["lines"]}
    assert (lines["distillation"]["model"], lines["distillation"]["route"]) == (PRO, "onDemand")
    assert lines["distillation"]["outputTokens"] == 2 * counts["train"], "two tokens an answer, as on the holdout"
    assert lines["training"]["inputTokens"] == 2 * (
        lines["distillation"]["inputTokens"] + lines["distillation"]["outputTokens"]
    )
    assert report["estimate"]["distillationUsd"] > 0
    for page in ("index.html", "report.md"):
        assert "managed distillation asked the teacher" in world.files.get(LAYOUT.report(page)).decode().replace(
            "&#39;", "'"
        ), page


def test_a_managed_run_is_compared_with_one_of_ours(world: World) -> None:
    ours = World(teacher_and_students)
    seeds(ours, 250)
    to_report(world)
    report = to_report(ours, training={})
    comparison = comparison_of(files_of(theirs=world, ours=ours), ["theirs", "ours"], "2026-01-01T00:00:00Z")
    assert comparison.n == report["counts"]["holdout"], "every item of the holdout is in both"
    assert comparison.different["training.method"] == ("DISTILLATION", "FINE_TUNING")


# What is refused before anything is paid for


def test_too_few_seeds_outside_the_holdout_are_refused(world: World) -> None:
    seeds(world, 150)
    with pytest.raises(
        InvalidInput, match=r"training\.method: found \d+ prompts outside the holdout, expected at least 100"
    ):
        world.prepare(**MANAGED)
    assert world.files.get_or_none(LAYOUT.run) is None
    world.prepare(**MANAGED, expansion={"targetPrompts": 50})


def test_a_teacher_that_cannot_distil_is_refused(world: World) -> None:
    world.settings = world.settings._replace(teacher_model_id=MICRO)
    with pytest.raises(
        InvalidInput,
        match=r"training\.method: found the teacher amazon\.nova-micro-v1:0, expected one of amazon\.nova-pro-v1:0",
    ):
        world.prepare(**MANAGED)
    assert not any(key.startswith("runs/") for key in world.files.objects)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"examples": {"policy": "proportional"}}, "examples.policy"),
        ({"examples": {"rationale": False, "minAgreement": 0.5}}, "examples.minAgreement, examples.rationale"),
        ({"examples": {"trustReference": True}}, "examples.trustReference"),
        ({"filters": {"judge": {}}}, "filters.judge"),
        ({"filters": {"maxCharacters": 10}, "arms": {"fewShot": 3}}, "filters.maxCharacters, arms.fewShot"),
        ({"training": {"method": "DISTILLATION", "epochCount": 3}}, "training.epochCount"),
    ],
)
def test_what_needs_the_answers_is_refused_by_name(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=rf"found DISTILLATION with {named}, expected the defaults of these"):
        RunConfig.from_json({"dataset": "d", "runId": "r"} | MANAGED | settings)


def test_selection_holds_what_the_job_takes() -> None:
    assert RunConfig.from_json({"dataset": "d", "runId": "r"} | MANAGED).most_lines == MAX_DISTILLATION_PROMPTS
    assert RunConfig.from_json({"dataset": "d", "runId": "r"}).most_lines == MAX_SAMPLES
    with pytest.raises(ValueError, match=r"found 99, expected at least 100 with training\.method DISTILLATION"):
        RunConfig.from_json({"dataset": "d", "runId": "r", "selection": {"maxExamples": 99}} | MANAGED)


def test_what_looks_at_prompts_alone_and_the_direct_arms_settings_stay_possible() -> None:
    RunConfig.from_json(
        {
            "dataset": "d",
            "runId": "r",
            "filters": {"personalData": "redact"},
            "duplicates": {"nearThreshold": 0.5},
            "arms": {"direct": True},
        }
        | {"training": {"method": "DISTILLATION", "learningRate": 0.0001}}
    )
