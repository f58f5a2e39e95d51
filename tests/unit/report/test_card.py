"""The dataset card: valid front matter and inert text, whatever seeds and models say."""

import json
import re
from typing import Any

import msgspec
import pytest
import yaml  # type: ignore[import-untyped]

from distillation.bedrock.training_lines import conversation_line, conversation_parts
from distillation.dataset.manifest import (
    AGREEMENT_EDGES,
    ENTROPY_EDGES,
    DatasetFile,
    FileDigest,
    Histogram,
    Manifest,
    histogram,
)
from distillation.records import FunnelStep, HoldoutItem
from distillation.report.card import bars, card_of, licence_of
from distillation.run.config import Split
from distillation.task import Task, TaskKind
from tests.worlds.curation_world import CurationWorld

HOSTILE = "~~~\n```\n# Heading <script>alert(1)</script> | [link](javascript:x) \u2028 '\"{{ 7 * 7 }}"


def manifest(**changes: Any) -> Manifest:
    fields: dict[str, Any] = {
        "run_id": "run-1",
        "dataset": "reviews",
        "counts": {"prompts": 3, "examples": 2, "train": 2, "validation": 0, "holdout": 1},
        "rejected_by_reason": {},
        "files": {"train.jsonl": DatasetFile(lines=2, bytes=3, sha256="ab")},
        "split": Split(holdout_share=0.2, validation_share=0.1),
        "funnel": (
            FunnelStep(step="nearDuplicates", unit="prompts", came=1_200, kept=1_199, rejected={"near_duplicate": 1}),
        ),
        "strata": {HOSTILE: {"train": 2, "holdout": 1}},
        "agreement": histogram([1.0, 0.95, 0.2], AGREEMENT_EDGES),
        "entropy": histogram([0.0], ENTROPY_EDGES),
    }
    return Manifest(**fields | changes)


def card(described: Manifest | None = None, **settings: Any) -> str:
    record = CurationWorld([], **settings).record
    record = msgspec.structs.replace(record, task=Task(kind=TaskKind.LABEL, labels=("good", "**bad**")))
    line = conversation_line(HOSTILE, HOSTILE, HOSTILE)
    return card_of(
        described or manifest(), record, [line], [HoldoutItem(prompt_id="p", prompt=HOSTILE, reference=HOSTILE)]
    )


def outside_of_code(text: str) -> str:
    """What is left when the fenced blocks are taken out."""
    return re.sub(r"^~~~(json|text)\n.*?^~~~$", "", text, flags=re.MULTILINE | re.DOTALL)


def test_hostile_text_stays_inside_its_block_or_is_escaped() -> None:
    text = outside_of_code(card(licence=f"as is {HOSTILE}"))
    assert "\n# Heading" not in text
    assert "<script>" not in text.split("---\n", 2)[2].replace("\\<script\\>", "")
    assert "\\[link\\](" in text
    assert "{{ 7 * 7 }}" not in text.replace("\\{\\{ 7 \\* 7 \\}\\}", "").split("---\n", 2)[2]
    assert "49" not in text


def test_the_examples_are_json_that_says_what_was_written() -> None:
    blocks = re.findall(r"^~~~json\n(.*?)^~~~$", card(), flags=re.MULTILINE | re.DOTALL)
    assert json.loads(blocks[0])["messages"][0]["content"][0]["text"] == HOSTILE
    assert json.loads(blocks[1])["reference"] == HOSTILE


@pytest.mark.parametrize("licence", ["cc-by-4.0", "MIT", "unknown", "free: for all\n---\nevil: true", "#"])
def test_the_front_matter_is_yaml_whatever_the_licence_says(licence: str) -> None:
    front = card(licence=licence, filters={"language": "en"}).split("---\n", 1)[1].split("\n---\n", 1)[0]
    head = yaml.safe_load(front)
    assert (head["license"], head.get("license_name", "")) == licence_of(licence)
    assert head["language"] == ["en"]
    assert head["pretty_name"] == "reviews"
    assert head["task_categories"] == ["text-classification"]
    assert head["configs"][0]["data_files"] == [{"split": "train", "path": "train.jsonl"}]
    assert head["configs"][1]["data_files"] == [{"split": "test", "path": "holdout.jsonl"}]


def test_the_funnel_and_the_distributions_are_drawn() -> None:
    text = card()
    assert "| near Duplicates | prompts | 1,200 | 1,199 | 0 | near duplicate 1 |".lower() in text.lower()
    assert f"0.90 - 1.00  {'#' * 40} 2" in text
    assert f"0.20 - 0.30  {'#' * 20:<40} 1" in text
    assert "0.00 - 0.40" in text
    assert "0.25 - 0.50" not in text


def test_bars_end_with_the_last_value_and_nothing_draws_nothing() -> None:
    assert bars(Histogram(edges=(0.0, 1.0, 2.0), counts=(0, 0))) == []
    assert bars(Histogram(edges=(0.0, 1.0, 2.0), counts=())) == []


def test_a_histogram_counts_both_ends() -> None:
    assert histogram([0, 0.1, 0.1999, 0.2, 1.0, 3.0], AGREEMENT_EDGES).counts == (1, 2, 1, 0, 0, 0, 0, 0, 0, 2)


def test_more_examples_have_another_size() -> None:
    assert "\n- 10K<n<100K\n" in card(manifest(counts={"prompts": 1, "examples": 10_000, "train": 1, "validation": 1}))


def test_a_line_is_a_bedrock_conversation() -> None:
    line = conversation_line("Judge.", "question", "yes")
    assert json.loads(line) == {
        "schemaVersion": "bedrock-conversation-2024",
        "system": [{"text": "Judge."}],
        "messages": [
            {"role": "user", "content": [{"text": "question"}]},
            {"role": "assistant", "content": [{"text": "yes"}]},
        ],
    }
    assert conversation_parts(line) == (("Judge.", "question"), "yes")
    assert "system" not in json.loads(conversation_line("", "question", "yes"))
    alone = conversation_line("", "question", None)
    assert json.loads(alone)["messages"] == [{"role": "user", "content": [{"text": "question"}]}]
    assert conversation_parts(alone) == (("", "question"), "")


def test_a_file_is_described_by_lines_bytes_and_the_sha256_that_sha256sum_prints() -> None:
    passing = FileDigest()
    assert list(passing.passing([b"hello\n"])) == [b"hello\n"]
    described = passing.file()
    assert (described.lines, described.bytes) == (1, 6)
    assert described.sha256 == "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
