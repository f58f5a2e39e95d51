"""Seeds of several turns, over all handlers on fakes: the turns before the last user turn reach every model, every
training line and every comparison; seeds of one turn are written as ever.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.direct_files import write_direct_files
from distillation.bedrock.training_lines import conversation_line, conversation_parts
from distillation.errors import InvalidInput
from distillation.judging.answers import judging_lines
from distillation.judging.pairs import Pair, orders_of
from distillation.records import HoldoutItem, Prompt, Seed, dialogue, encode_line
from distillation.seeds.prompts import prompt_id
from distillation.similarity.prompt_keys import keys_of
from distillation.similarity.words import CommonShingles
from handlers import assemble_dataset, plan_predictions, plan_requests, predict_arm
from tests.fakes import model_output
from tests.worlds.path_world import LAYOUT, World

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)
GREETING = "Which product?"


def opening(number: int) -> str:
    return f"I bought product {number} in shop {number * 7}."


def talk(number: int) -> bytes:
    """A customer who says the decisive word last."""
    bad = number % 2
    said = [opening(number), GREETING, f"{'awful' if bad else 'great'} thing {number}", "bad" if bad else "good"]
    messages = [
        {"role": role, "content": [{"text": text}]} for role, text in zip(["user", "assistant"] * 2, said, strict=True)
    ]
    return json.dumps({"schemaVersion": "bedrock-conversation-2024", "messages": messages}).encode()


def last_words(_: str, request: Any) -> dict[str, object]:
    text = request.model_input["messages"][-1]["content"][0]["text"]
    return model_output("bad" if "awful" in text else "good")


@pytest.fixture
def world(through_converse: None) -> World:
    world = World(last_words)
    world.files.put("seeds/reviews/a.jsonl", b"\n".join(map(talk, range(90))))
    return world


def said(messages: list[dict[str, Any]]) -> list[str]:
    assert [message["role"] for message in messages] == [("user", "assistant")[n % 2] for n in range(len(messages))]
    return [message["content"][0]["text"] for message in messages]


def asked(world: World, folder: str) -> Iterator[list[str]]:
    for key, body in world.files.objects.items():
        if folder in key and key.endswith(".jsonl"):
            yield from (said(json.loads(line)["modelInput"]["messages"]) for line in body.splitlines())


def test_every_model_is_shown_the_turns_before_the_prompt(world: World) -> None:
    world.prepare(arms={"fewShot": 2, "direct": True}, duplicates={"nearThreshold": None})
    wave = world.call(plan_requests)
    world.answer(wave)
    world.reduce(wave["promptShards"])
    world.call(assemble_dataset)
    write_direct_files(world.files, "run-1")
    shards = world.call(plan_predictions, students=world.train())["shards"]
    for shard in shards:
        world.call(predict_arm, **shard)

    assert all(len(one) == 3 and one[1] == GREETING for one in asked(world, "/2-requests/"))
    for name in ("train.jsonl", "direct/train.jsonl"):
        lines = [said(json.loads(line)["messages"]) for line in world.files.lines(LAYOUT.dataset(name))]
        assert lines and all(len(one) == 4 and one[1] == GREETING for one in lines)
        assert all((one[-1] == "bad") == ("awful" in one[2]) for one in lines)
    held = list(world.files.records(LAYOUT.dataset("holdout.jsonl"), HoldoutItem))
    assert held and all(item.earlier[1] == GREETING for item in held)
    for arm, turns in (("base", 3), ("student", 3), ("few-shot", 2 * 4 + 3)):
        questions = list(asked(world, f"7-evaluation/requests/{arm}/"))
        assert {tuple(one[-3:]) for one in questions} == {(*item.earlier, item.prompt) for item in held}
        assert {len(one) for one in questions} == {turns}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"expansion": {"targetPrompts": 20}}, "expansion.targetPrompts"),
        ({"training": {"method": "DISTILLATION"}, "task": {"kind": "text"}}, "several turns"),
    ],
)
def test_what_takes_one_turn_only_says_so_before_anything_is_paid_for(
    world: World, changes: dict[str, Any], problem: str
) -> None:
    with pytest.raises(InvalidInput, match=problem):
        world.prepare(**changes)
    assert not world.models.asked  # type: ignore[attr-defined]


@given(TEXT, st.lists(TEXT, max_size=5), st.none() | TEXT)
def test_a_training_line_reads_back(system: str, texts: list[str], answer: str | None) -> None:
    *earlier, prompt = texts if len(texts) % 2 else [*texts, "p"]
    found = conversation_parts(conversation_line(system, prompt, answer, earlier))
    assert found == ((system, *earlier, prompt), answer or "")


@given(st.lists(TEXT, min_size=1, max_size=5).filter(lambda texts: len(texts) % 2 == 1), TEXT)
def test_turns_belong_to_the_id(texts: list[str], system: str) -> None:
    *earlier, prompt = texts
    assert prompt_id(system, prompt, earlier) == prompt_id(system, prompt, tuple(earlier))
    assert (prompt_id(system, prompt, earlier) == prompt_id(system, prompt)) == (not earlier)
    assert prompt_id(system, prompt, [*earlier, "one", "more"]) != prompt_id(system, prompt, earlier)


@given(TEXT)
def test_a_seed_of_one_turn_is_its_own_text_and_says_nothing_of_turns(text: str) -> None:
    seed = Seed(seed_id="s", prompt=text, file="f", line=1)
    assert dialogue(seed) == text
    assert b"earlier" not in encode_line(seed)


def test_judges_read_the_whole_conversation() -> None:
    item = HoldoutItem(prompt_id="p", prompt="And then?", system="Be kind.", earlier=("Hi", "Hello"))
    whole = "User: Hi\n\nAssistant: Hello\n\nUser: And then?"
    assert judging_lines([item], {"p": "So."}, "base")[0].prompt == f"Be kind.\n\n{whole}"
    first, _ = orders_of(Pair(item, "a", "b", equal=False), "judge")
    assert whole in json.dumps(first.model_input).replace("\\n", "\n")


def test_the_same_last_words_after_another_talk_are_no_duplicate() -> None:
    one, other, same = (
        Prompt(prompt_id=str(n), prompt="Yes, please.", seed_id="", earlier=earlier)
        for n, earlier in enumerate([("Hi", "Cancel it?"), ("Hi", "Ship it by tomorrow?"), ("hi", "cancel it?")])
    )
    keys = keys_of([one, other, same], CommonShingles(prompts=0, shingles=()))
    assert keys[0].folded != keys[1].folded
    assert keys[0].signature != keys[1].signature
    assert keys[0].folded == keys[2].folded
