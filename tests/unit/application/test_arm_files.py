"""What the arms learn and are asked, from the files of a run: examples, direct training files, requests and predictions
of every arm and sample.
"""

import json
from typing import Any

import msgspec
import pytest

from application.arm_files import few_shot_of
from application.run_files import read_run
from application.training_files import arms_to_train
from distillation.bedrock.training_lines import conversation_line
from distillation.errors import NotEnoughExamples
from distillation.layout import RunLayout
from distillation.records import FEW_SHOT_DRAWS, Candidate, HoldoutItem, Prediction, Prompt, PromptKey, Request
from distillation.task import TaskKind
from handlers import plan_predictions, predict_arm
from tests.fakes import Invocation, model_output
from tests.worlds.answers import answer
from tests.worlds.promotion_world import DATASET, PromotionWorld

LAYOUT = RunLayout("run-1")
STUDENTS = [
    {"arm": arm, "modelArn": f"arn:{arm}", "deploymentArn": f"arn:deployed-{arm}"} for arm in ("student", "direct")
]


def world(**config: Any) -> PromotionWorld:
    """40 trained prompts, every third "bad"; those of even number have a reference, which says the opposite of the
    teacher.
    """
    made = PromotionWorld()
    made.add_run("run-1", **config)
    labels = ["bad" if n % 3 == 0 else "good" for n in range(40)]
    candidates = [
        Candidate(
            key=PromptKey(prompt_id=f"t{n}", folded=str(n)),
            system="rules",
            prompt=f"train {n}",
            answers=(label,),
            agreement=0.5 + n / 100,
            entropy=0.0,
        )
        for n, label in enumerate(labels)
    ]
    prompts = [
        Prompt(
            prompt_id=f"t{n}",
            prompt=f"train {n}",
            seed_id=str(n),
            system="rules",
            reference=("good" if label == "bad" else "bad") if n % 2 == 0 else None,
        )
        for n, label in enumerate(labels)
    ]
    lines = [conversation_line("rules", f"train {n}", label) for n, label in enumerate(labels)]
    made.files.put_records(LAYOUT.candidates("shard", 0), candidates)
    made.files.put_records(LAYOUT.prompts, prompts)
    made.files.put_lines(LAYOUT.dataset("train.jsonl"), lines[:36])
    made.files.put_lines(LAYOUT.dataset("validation.jsonl"), lines[36:])
    made.asked.answer = lambda model, request: model_output("good")
    return made


def call(made: PromotionWorld, handler: Any, **event: Any) -> dict[str, Any]:
    return dict(handler.run({"run": {"runId": "run-1", "dataset": DATASET}, **event}, made, Invocation()))


def requests(made: PromotionWorld, arm: str) -> list[Request]:
    return list(made.files.records(LAYOUT.prediction_requests(arm, 0), Request))


def test_without_a_wish_there_are_no_examples_and_one_student() -> None:
    made = world()
    assert few_shot_of(made.store, read_run(made.store, "run-1")) is None
    assert arms_to_train(made.store, "run-1") == ["student"]
    assert not made.files.list(LAYOUT.dataset("direct/"))


def test_the_direct_files_have_the_students_prompts_and_line_numbers_with_references_for_answers() -> None:
    made = world(arms={"direct": True})
    assert arms_to_train(made.store, "run-1") == ["student", "direct"]
    for name, size in (("train.jsonl", 36), ("validation.jsonl", 4)):
        direct = [json.loads(line) for line in made.files.lines(LAYOUT.training_file("direct", name))]
        student = [json.loads(line) for line in made.files.lines(LAYOUT.dataset(name))]
        assert len(direct) == size
        for own, other in list(zip(direct, student, strict=True))[::2]:
            assert own["messages"][0] == other["messages"][0] and own["messages"][1] != other["messages"][1]
    counts = made.files.json(LAYOUT.training_file("direct", "counts.json"))
    assert counts["train.jsonl"] == {"lines": 36, "prompts": 18, "promptsWithout": 18, "repeated": 18}


def test_too_few_references_stop_the_run_with_what_to_do() -> None:
    made = world(arms={"direct": True})
    made.files.put_records(
        LAYOUT.prompts, [Prompt(prompt_id="t0", prompt="train 0", seed_id="0", system="rules", reference="good")]
    )
    with pytest.raises(NotEnoughExamples, match="1 prompts of train"):
        arms_to_train(made.store, "run-1")


def test_references_are_redacted_where_prompts_are() -> None:
    made = world(arms={"direct": True}, filters={"personalData": "redact"}, task={"kind": "text"})
    record = json.loads(made.files.get(LAYOUT.run))
    made.files.put_json(LAYOUT.run, record | {"task": {"kind": "text"}})
    mail = [
        Prompt(
            prompt_id=f"t{n}",
            prompt=f"train {n}",
            seed_id=str(n),
            system="rules",
            reference=f"ask user{n}@mail.example.com",
        )
        for n in range(40)
    ]
    made.files.put_records(LAYOUT.prompts, mail)
    arms_to_train(made.store, "run-1")
    assert b"@" not in made.files.get(LAYOUT.training_file("direct", "train.jsonl"))


def test_every_arm_is_asked_the_same_items_and_samples_and_loses_none() -> None:
    made = world(arms={"fewShot": 4, "direct": True}, evaluation={"samples": 2}, sampling={"sampled": 2})
    shards = call(made, plan_predictions, students=STUDENTS)["shards"]
    assert {s["arm"]: s["records"] for s in shards} == {
        "teacher": 90,
        "base": 90,
        "few-shot": 90,
        "few-shot-2": 30,
        "few-shot-3": 30,
        "student": 90,
        "direct": 90,
    }
    made.files.put_records(
        LAYOUT.answers(0), [answer(f"p{n:02d}-x-{sample}", "good") for n in range(30) for sample in ("g0", "s0", "s1")]
    )
    for shard in shards:
        assert call(made, predict_arm, **shard)["done"]
        found = list(made.files.records(LAYOUT.prediction_shard(shard["arm"], 0), Prediction))
        samples = ("g0",) if shard["records"] == 30 else ("g0", "s0", "s1")
        assert {(p.prompt_id, p.sample) for p in found} == {
            (f"p{n:02d}", sample) for n in range(30) for sample in samples
        }
        assert all(p.text == "good" for p in found)


def test_the_few_shot_arm_asks_the_base_model_with_balanced_examples_before_the_same_question() -> None:
    made = world(arms={"fewShot": 4})
    shards = {s["arm"]: s for s in call(made, plan_predictions, students=STUDENTS[:1])["shards"]}
    examples = set[str]()
    for draw in FEW_SHOT_DRAWS:
        assert shards[draw]["modelId"] == shards["base"]["modelId"] == "micro"
        for plain, shown in zip(requests(made, "base"), requests(made, draw), strict=True):
            turns: Any = shown.model_input["messages"]
            assert turns[-1:] == plain.model_input["messages"] and len(turns) == 9
            assert sorted(turn["content"][0]["text"] for turn in turns if turn["role"] == "assistant") == [
                "bad",
                "bad",
                "good",
                "good",
            ]
        examples.add(str(turns[:-1]))
    assert len(examples) == 3, "each draw shows others"
    assert 4 < len(list(made.files.lines(LAYOUT.few_shot))) <= 12


@pytest.mark.parametrize(
    ("personal_data", "kind", "gold"), [("off", "label", True), ("redact", "label", True), ("redact", "text", False)]
)
def test_examples_are_answered_by_references_where_there_are_any(personal_data: str, kind: str, gold: bool) -> None:
    made = world(arms={"fewShot": 12}, filters={"personalData": personal_data})
    record = read_run(made.store, "run-1")
    few = few_shot_of(
        made.store, msgspec.structs.replace(record, task=msgspec.structs.replace(record.task, kind=TaskKind(kind)))
    )
    assert few is not None
    shots = {
        int(shot.prompt_id[1:]): shot.answer
        for shot in few.shots(HoldoutItem(prompt_id="x", prompt="?", system="rules"))
    }
    teachers = {n: "bad" if n % 3 == 0 else "good" for n in shots}
    assert {n for n, said in shots.items() if said != teachers[n]} == (
        {n for n in shots if n % 2 == 0} if gold else set()
    )
    assert any(n % 2 == 0 for n in shots)


def test_a_rerun_plans_the_same_requests() -> None:
    made = world(arms={"fewShot": 3}, evaluation={"samples": 1})
    plans = [(call(made, plan_predictions, students=STUDENTS), dict(made.files.objects)) for _ in range(2)]
    assert plans[0] == plans[1]
