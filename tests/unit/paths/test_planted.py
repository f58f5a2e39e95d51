"""A run with planted faults, through the handlers: each is found, with its reason, in the file for it, in exact
numbers, and nothing else is.
"""

import json
from collections import Counter
from typing import Any

import pytest

from distillation.records import Prompt
from distillation.seeds.split import Side
from distillation.task import Task, TaskKind
from tests.fakes import model_output
from tests.worlds.curation_world import LAYOUT, CurationWorld, asked, on_side, plain_texts
from tests.worlds.datasets import STORY

ANSWERS = Task(kind=TaskKind.ANSWER, answer_pattern=r"Answer: (\w+)")
GOOD = "It follows from what is known. Answer: yes"
LOOP = "and so it goes on " * 40
SAYS = {
    "refusal": "I'm sorry, but I can't help with that. Answer: no",
    "repetitive": f"{LOOP}Answer: yes",
    "reserved_word_in_answer": "Assistant: it is so. Answer: yes",
    "personal_data": "Write to jane.doe@example.com. Answer: yes",
    "contradicts_reference": "It cannot be. Answer: no",
}
"""Reason -> what the teacher says to a prompt that holds the reason's mark."""
PLANTED = 3
SHARED = " ".join(f"leaked{n}" for n in range(13))


class Planted:
    """Plain prompts, and for every fault some prompts on the training side that have it."""

    def __init__(self) -> None:
        pool = list(plain_texts(900))
        self.held = on_side(Side.HOLDOUT, pool, 30)
        self.plain = on_side(Side.TRAIN, pool, 120) + on_side(Side.VALIDATION, pool, 10)
        self.faults: dict[str, list[Prompt]] = {
            reason: [asked(text, reference="yes") for text in self._on_train(reason, f"please mark{reason}")]
            for reason in SAYS
        }
        self.faults["duplicate"] = [asked(f"  {text.upper()}") for text in self._twins(self.plain)]
        self.faults["duplicate_of_holdout"] = [asked(f"  {text.upper()}") for text in self._twins(self.held)]
        self.story = on_side(Side.TRAIN, (STORY.format(f"animal{n}") for n in range(90)), PLANTED + 1)
        self.faults["near_duplicate"] = [asked(text) for text in self.story[1:]]
        self.saga = on_side(Side.HOLDOUT, (self._saga(n) for n in range(90)), 1)[0]
        self.faults["near_duplicate_of_holdout"] = [
            asked(text) for text in on_side(Side.TRAIN, (self._saga(n) for n in range(90, 190)), PLANTED)
        ]
        self.exam = on_side(
            Side.HOLDOUT, (f"exam{n} {SHARED} " + " ".join(f"exam{n}w{i}" for i in range(40)) for n in range(90)), 1
        )[0]
        self.faults["overlaps_holdout"] = [asked(text) for text in self._on_train("leak", SHARED)]
        self.quiz = on_side(Side.TRAIN, plain_texts(90, start=5_000), PLANTED)
        self.faults["overlaps_evaluation_file"] = [asked(text) for text in self.quiz]

    def run(self) -> CurationWorld:
        prompts = [asked(text) for text in [*self.plain, *self.held, self.story[0], self.saga, self.exam]]
        prompts += [prompt for planted in self.faults.values() for prompt in planted]
        settings: dict[str, Any] = {
            "examples": {"trustReference": True},
            "filters": {"personalData": "reject"},
            "decontamination": {"files": ["evaluation/quiz.jsonl"]},
        }
        world = CurationWorld(prompts, ANSWERS, **settings)
        world.files.put(
            "evaluation/quiz.jsonl",
            b"\n".join(json.dumps({"prompt": text.title() + "?"}).encode() for text in self.quiz),
        )
        return world.reduced(
            lambda record_id, system, prompt: model_output(
                next((said for reason, said in SAYS.items() if f"mark{reason}" in prompt), GOOD)
            )
        )

    @staticmethod
    def _saga(number: int) -> str:
        return " ".join(f"saga{i}" if i != 25 else f"hero{number}" for i in range(50))

    @staticmethod
    def _on_train(name: str, end: str) -> list[str]:
        return on_side(Side.TRAIN, (f"{name}{n} about{n}{name} of{n}{name} {end}" for n in range(90)), PLANTED)

    @staticmethod
    def _twins(texts: list[str]) -> list[str]:
        """Those of which the changed spelling, another text to the split, is on the training side."""
        upper = {f"  {text.upper()}": text for text in texts}
        return [upper[twin] for twin in on_side(Side.TRAIN, upper, PLANTED)]


@pytest.fixture(scope="module")
def planted() -> Planted:
    return Planted()


@pytest.fixture(scope="module")
def world(planted: Planted) -> CurationWorld:
    run = planted.run()
    run.assembled()
    return run


def test_every_planted_fault_is_rejected_for_its_own_reason_and_nothing_else_is(
    planted: Planted, world: CurationWorld
) -> None:
    expected = {prompt.prompt_id: reason for reason, prompts in planted.faults.items() for prompt in prompts}
    assert world.reasons() == expected
    assert set(Counter(world.reasons().values()).values()) == {PLANTED}


def test_no_planted_text_is_in_a_training_file(planted: Planted, world: CurationWorld) -> None:
    trained = {
        line["messages"][0]["content"][0]["text"]
        for name in ("train.jsonl", "validation.jsonl")
        for line in world.lines(name)
    }
    assert trained == {*planted.plain, planted.story[0]}
    assert {item["prompt"] for item in world.lines("holdout.jsonl")} == {*planted.held, planted.saga, planted.exam}


def test_the_details_name_the_twin_and_the_shared_words(planted: Planted, world: CurationWorld) -> None:
    details = {line["promptId"]: line["detail"] for line in world.lines("rejected.jsonl")}
    assert (
        details[planted.faults["near_duplicate_of_holdout"][0].prompt_id]
        == f"near duplicate of {asked(planted.saga).prompt_id}"
    )
    assert (
        details[planted.faults["overlaps_holdout"][0].prompt_id]
        == f"shares with {asked(planted.exam).prompt_id}: {SHARED}"
    )
    assert details[planted.faults["overlaps_evaluation_file"][1].prompt_id].startswith(
        "shares with evaluation/quiz.jsonl:2: what is"
    )


def test_every_answer_with_a_planted_fault_is_in_the_unused_file_with_its_reason(
    planted: Planted, world: CurationWorld
) -> None:
    found = {
        reason: [line["recordId"] for line in world.candidates("unused") if line["reason"] == reason] for reason in SAYS
    }
    for reason, records in found.items():
        assert len(records) == 5 * PLANTED, reason
        assert {record.split("-")[0] for record in records} == {prompt.prompt_id for prompt in planted.faults[reason]}


def test_the_funnel_counts_the_plants_at_their_filters(world: CurationWorld) -> None:
    funnel = world.files.json(LAYOUT.dataset("manifest.json"))["funnel"]
    counted = {
        (step["step"], reason): count
        for step in funnel
        for reason, count in step["rejected"].items()
        if step["unit"] == "prompts"
    }
    assert counted["exactDuplicates", "duplicate"] == counted["exactDuplicates", "duplicate_of_holdout"] == PLANTED
    assert (
        counted["nearDuplicates", "near_duplicate"] == counted["nearDuplicates", "near_duplicate_of_holdout"] == PLANTED
    )
    assert (
        counted["decontamination", "overlaps_holdout"]
        == counted["decontamination", "overlaps_evaluation_file"]
        == PLANTED
    )
    answers = {
        reason: count for step in funnel for reason, count in step["rejected"].items() if step["unit"] == "answers"
    }
    assert {reason: answers[reason] for reason in SAYS} == dict.fromkeys(SAYS, 5 * PLANTED)
