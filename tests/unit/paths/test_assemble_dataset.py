"""AssembleDataset and PlanRatings on reduced shards: files and their hashes, the manifest, ratings in rounds, clear
failures.
"""

import hashlib
import json
from itertools import pairwise
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from distillation.errors import InvalidInput, NotEnoughAnswers, NotEnoughExamples, RecordsLost
from distillation.seeds.split import Side
from handlers import plan_ratings
from tests.fakes import Invocation, model_output, record_error
from tests.worlds.curation_world import LAYOUT, RUN, CurationWorld, asked, on_side, plain_texts, says

JUDGED: dict[str, Any] = {"filters": {"judge": {"threshold": 4}}}


def world(count: int = 60, **settings: Any) -> CurationWorld:
    return CurationWorld([asked(text, category="ab"[n % 2]) for n, text in enumerate(plain_texts(count))], **settings)


def test_every_prompt_is_in_one_file_and_every_file_is_what_the_manifest_says() -> None:
    run = world().reduced(says("It is a thing."))
    manifest = run.assembled()
    counts = manifest.counts
    assert counts["prompts"] == 60 == counts["holdout"] + counts["promptsLearnt"] + counts["examplesRejected"]
    assert counts["examples"] == counts["train"] + counts["validation"] == counts["promptsLearnt"]
    assert set(manifest.files) == {"card.md", "holdout.jsonl", "rejected.jsonl", "train.jsonl", "validation.jsonl"}
    for name, file in manifest.files.items():
        body = run.files.get(LAYOUT.dataset(name))
        assert (file.sha256, file.bytes, file.lines) == (hashlib.sha256(body).hexdigest(), len(body), body.count(b"\n"))
    assert {name: manifest.files[f"{name}.jsonl"].lines for name in ("train", "validation", "holdout")} == {
        name: counts[name] for name in ("train", "validation", "holdout")
    }
    assert run.lines("train.jsonl")[0]["messages"][1] == {"role": "assistant", "content": [{"text": "It is a thing."}]}
    assert sum(sum(sides.values()) for sides in manifest.strata.values()) == 60
    assert sum(manifest.agreement.counts) == counts["promptsLearnt"] == manifest.agreement.counts[-1]
    assert manifest.inputs
    assert all(file.name.startswith("3-replies/") for file in manifest.inputs)
    assert manifest.config["runId"] == "run-1"
    assert {"msgspec", "numpy", "rensa", "unicode"} <= manifest.versions.keys()


def test_a_second_time_gives_the_same_bytes() -> None:
    run = world().reduced(says("It is a thing."))
    run.assembled()
    before = dict(run.files.objects)
    run.assembled()
    assert run.files.objects == before


def test_the_funnel_goes_from_the_requests_to_what_is_learnt() -> None:
    run = world()
    late = run.prompts[7].prompt
    manifest = run.reduced(
        lambda _, __, prompt: record_error(400) if prompt == late else model_output("It is a thing.")
    ).assembled()
    assert all(step.came == step.kept + sum(step.rejected.values()) for step in manifest.funnel)
    prompts = [step for step in manifest.funnel if step.unit == "prompts"]
    assert prompts[0].came == 60
    assert all(earlier.kept == later.came for earlier, later in pairwise(prompts))
    assert prompts[-1].kept == manifest.counts["promptsLearnt"]
    assert run.reasons() == {run.prompts[7].prompt_id: "no_usable_answer"}


def test_a_category_with_samples_that_differ_makes_a_line_a_sample() -> None:
    run = world(examples={"policy": "proportional"})
    manifest = run.reduced(lambda record_id, *_: model_output(f"It is {record_id[-2:]}.")).assembled()
    assert manifest.counts["examples"] == 4 * manifest.counts["promptsLearnt"]
    assert sum(manifest.entropy.counts) == manifest.counts["promptsLearnt"]


def test_over_the_cap_the_manifest_and_the_card_say_what_was_left() -> None:
    run = world(selection={"maxExamples": 20}).reduced(says("It is a thing."))
    manifest = run.assembled()
    assert manifest.counts["examples"] == 20
    assert manifest.selection is not None
    assert manifest.selection.lines_left == manifest.rejected_by_reason["not_selected"]
    assert "More survived than `selection.maxExamples`" in run.files.get(LAYOUT.dataset("card.md")).decode()


def test_too_few_examples_say_what_was_rejected_and_leave_the_file_that_names_it() -> None:
    run = world(12, filters={"minCharacters": 20}).reduced(says("Short."))
    with pytest.raises(
        NotEnoughExamples, match=r"0 training examples.*at least 8.*too_short \d+ .*smaller split.holdoutShare"
    ):
        run.assembled()
    assert set(run.reasons().values()) == {"too_short"}


def test_no_answer_at_all_is_said_first() -> None:
    with pytest.raises(NotEnoughAnswers):
        world(12).reduced(lambda *_: record_error(400)).assembled()


def test_a_prompt_that_no_shard_handed_on_is_a_loss() -> None:
    run = world().reduced(says("It is a thing."))
    key = LAYOUT.candidates("shard", 1)
    first, *rest = run.files.get(key).splitlines(keepends=True)
    run.files.put(key, b"".join(rest))
    with pytest.raises(RecordsLost) as lost:
        run.assembled()
    assert lost.value.missing == {json.loads(first)["key"]["promptId"]}


def test_evaluation_files_are_compared_and_copied_once() -> None:
    run = world(decontamination={"files": ["evaluation/quiz.jsonl"]})
    secret = on_side(Side.TRAIN, plain_texts(60), 1)[0]
    run.files.put("evaluation/quiz.jsonl", json.dumps({"prompt": secret.upper()}).encode())
    run.reduced(says("It is a thing.")).assembled()
    assert run.reasons() == {asked(secret).prompt_id: "overlaps_evaluation_file"}
    run.files.put("evaluation/quiz.jsonl", b'{"prompt": "changed"}')
    run.assembled()
    assert run.reasons() == {asked(secret).prompt_id: "overlaps_evaluation_file"}


def test_an_evaluation_file_that_cannot_be_read_stops_the_run() -> None:
    run = world(decontamination={"files": ["evaluation/quiz.jsonl"]})
    run.files.put("evaluation/quiz.jsonl", b"nonsense")
    with pytest.raises(InvalidInput, match=r"evaluation/quiz\.jsonl: line 1"):
        run.reduced(says("It is a thing.")).assembled()


# Ratings


def rate(ratings: dict[str, str]) -> Any:
    """A judge that rates by what it finds in the text; nothing found, no reply."""

    def judge(record_id: str, system: str, prompt: str) -> dict[str, object] | None:
        assert system.endswith("Answer with exactly one of: 1 | 2 | 3 | 4 | 5")
        found = next((rating for mark, rating in ratings.items() if mark in prompt), None)
        return model_output(found) if found else None

    return judge


def test_low_ratings_and_missing_ones_are_rejected_and_counted() -> None:
    run = world(**JUDGED).reduced(says("It is a thing."))
    first, second, third = on_side(Side.TRAIN, plain_texts(60), 3)
    judge = rate({first: "2", second: "none of these", third: "", "item": "5"})
    planned = run.rated(judge)
    manifest = run.assembled()
    assert run.reasons() == {
        asked(first).prompt_id: "low_rating",
        asked(second).prompt_id: "not_rated",
        asked(third).prompt_id: "not_rated",
    }
    step = next(step for step in manifest.funnel if step.step == "ratings")
    assert (step.came, step.rejected) == (planned["counts"]["requests"], {"low_rating": 1, "not_rated": 2})


def test_a_further_round_asks_only_what_has_no_reply_yet() -> None:
    run = world(**JUDGED).reduced(says("It is a thing."))
    late = on_side(Side.TRAIN, plain_texts(60), 1)[0]
    run.rated(lambda i, s, p: None if late in p else model_output("5"))
    assert run.rated(rate({"item": "4"}), wave=1)["counts"] == {"requests": 1, "cached": 0}
    assert run.rated(rate({"item": "4"}), wave=2)["counts"] == {"requests": 0, "cached": 0}
    run.assembled()
    assert run.reasons() == {}


def test_a_planned_round_stands_and_what_was_paid_for_is_taken_over() -> None:
    run = world(**JUDGED).reduced(says("It is a thing."))
    planned = run.rated(rate({"item": "5"}))
    assert plan_ratings.run({"run": RUN, "wave": 0}, run, Invocation()) == planned
    for key in [key for key in run.files.objects if "ratings" in key and key.startswith("runs/")]:
        del run.files.objects[key]
    again = run.rated(rate({"item": "1"}))
    assert again["counts"] == {"requests": 0, "cached": planned["counts"]["requests"]}
    run.assembled()
    assert run.reasons() == {}


def test_the_best_answer_is_the_one_that_the_judge_prefers() -> None:
    run = world(examples={"policy": "best"}, **JUDGED).reduced(
        lambda record_id, *_: model_output(f"It is {record_id[-2:]}.")
    )
    planned = run.rated(rate({"It is s2.": "5", "item": "4"}))
    manifest = run.assembled()
    assert planned["counts"]["requests"] == 5 * manifest.counts["promptsLearnt"]
    assert {line["messages"][1]["content"][0]["text"] for line in run.lines("train.jsonl")} == {"It is s2."}


def test_what_is_over_the_cap_is_rated_too() -> None:
    """So that prompts whose answers are rated low make room for others."""
    run = world(selection={"maxExamples": 20}, **JUDGED).reduced(says("It is a thing."))
    low = on_side(Side.TRAIN, plain_texts(60), 10)
    run.rated(lambda i, s, p: model_output("1" if any(text in p for text in low) else "5"))
    manifest = run.assembled()
    assert manifest.counts["examples"] == 20
    assert manifest.rejected_by_reason["low_rating"] == 10


# The card


def test_the_card_is_a_dataset_card() -> None:
    run = world(150, licence="cc-by-4.0").reduced(says("It is a thing."))
    run.assembled()
    _, front, body = run.files.get(LAYOUT.dataset("card.md")).decode().split("---\n", 2)
    head = yaml.safe_load(front)
    assert head["license"] == "cc-by-4.0"
    assert head["size_categories"] == ["n<1K"]
    assert [split["split"] for split in head["configs"][0]["data_files"]] == ["train", "validation"]
    assert "## Licence of the seeds\n\ncc-by-4.0" in body
    assert RUN["runId"] in body
