"""Few-shot examples: the same in every run, balanced, drawn at random, shown as earlier turns."""

import hashlib
import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from distillation.arms.few_shot import FewShot, TrainingPrompt, as_messages, choose, in_turns, learnt_prompts
from distillation.inference.requests import arm_requests
from distillation.records import HoldoutItem
from distillation.run.config import Sampling
from distillation.task import Task, TaskKind

LABEL = Task(kind=TaskKind.LABEL, labels=("bad", "good"))
TEXT = Task(kind=TaskKind.TEXT)


def learnt(number: int, answer: str = "good", *, category: str | None = None, system: str = "s") -> TrainingPrompt:
    return TrainingPrompt(
        prompt_id=f"p{number}",
        system=system,
        prompt=f"prompt {number}",
        answers=(answer,),
        category=category,
    )


def test_labels_take_turns_even_where_one_is_rare() -> None:
    data = [learnt(n, "good") for n in range(50)] + [learnt(100, "bad"), learnt(101, "bad")]
    assert Counter(shot.answer for shot in choose(data, 6, LABEL)) == {"good": 4, "bad": 2}
    assert Counter(shot.answer for shot in choose(data, 4, LABEL)) == {"good": 2, "bad": 2}


def test_categories_take_turns_within_a_label() -> None:
    data = [learnt(n, "good", category="toys" if n < 40 else "books") for n in range(50)]
    prompts = {shot.prompt_id for shot in choose(data, 4, LABEL)}
    assert len({p for p in prompts if int(p[1:]) < 40}) == 2


def test_the_draw_is_by_a_hash_of_the_prompts_and_a_new_prompt_moves_at_most_itself_in() -> None:
    data = [learnt(n, "text") for n in range(100)]
    drawn = [shot.prompt_id for shot in choose(data, 10, TEXT)]
    ranked = sorted((one.prompt_id for one in data), key=lambda one: hashlib.sha256(one.encode()).digest())
    assert drawn == ranked[:10] != [f"p{n}" for n in range(10)]
    assert len({shot.prompt_id for shot in choose([*data, learnt(100, "text")], 10, TEXT)} - set(drawn)) <= 1


@given(seed=st.integers(0, 1000), count=st.integers(0, 12))
def test_the_choice_does_not_depend_on_the_order_of_the_data(seed: int, count: int) -> None:
    data = [learnt(n, "good" if n % 3 else "bad", category=str(n % 2)) for n in range(30)]
    shuffled = data[:]
    random.Random(seed).shuffle(shuffled)
    chosen = choose(shuffled, count, LABEL)
    assert chosen == choose(data, count, LABEL) and len({shot.prompt_id for shot in chosen}) == count


def test_fewer_examples_than_wanted_are_all_shown() -> None:
    assert len(choose([learnt(1), learnt(2)], 8, LABEL)) == 2


def test_a_prompt_with_several_answers_shows_what_most_of_them_say() -> None:
    data = [TrainingPrompt(prompt_id="p", system="", prompt="?", answers=("bad", "good", "good"), category=None)]
    assert choose(data, 1, LABEL)[0].answer == "good"


def test_examples_are_of_the_questions_own_system_text_where_there_are_enough() -> None:
    data = [learnt(n, system="a") for n in range(5)] + [learnt(10, system="b")]
    few = FewShot(data, 3, LABEL)
    assert {shot.system for shot in few.shots(HoldoutItem(prompt_id="x", prompt="?", system="a"))} == {"a"}
    assert len(few.shots(HoldoutItem(prompt_id="x", prompt="?", system="b"))) == 3
    assert len({shot.prompt_id for shot in few.shown}) == len(few.shown)


def test_long_examples_are_passed_over() -> None:
    long = TrainingPrompt(prompt_id="long", system="s", prompt="word " * 2000, answers=("good",), category=None)
    few = FewShot([long, learnt(1)], 2, LABEL)
    assert [shot.prompt_id for shot in few.shots(HoldoutItem(prompt_id="x", prompt="?", system="s"))] == ["p1"]


def test_the_examples_stand_as_messages_before_the_question() -> None:
    plan = Sampling(greedy=1, sampled=4, temperature=0.7, top_p=0.9, max_tokens=50)
    item = HoldoutItem(prompt_id="q", prompt="question", system="rules")
    shots = choose([learnt(1), learnt(2, "bad")], 2, LABEL)
    requests = arm_requests(item, plan, "micro", samples=2, earlier=as_messages(shots))
    body = requests[0].model_input
    said = [(turn["role"], turn["content"][0]["text"]) for turn in body["messages"]]  # type: ignore[attr-defined]
    assert said == [
        ("user", "prompt 2"),
        ("assistant", "bad"),
        ("user", "prompt 1"),
        ("assistant", "good"),
        ("user", "question"),
    ]
    assert body["system"] == [{"text": "rules"}]
    assert [r.record_id.rsplit("-", 1)[1] for r in requests] == ["g0", "s0", "s1"]
    assert requests[1].model_input["inferenceConfig"] == {"maxTokens": 50, "temperature": 0.7, "topP": 0.9}
    bare = arm_requests(item, plan, "micro", samples=2)
    assert not {r.record_id for r in bare} & {r.record_id for r in requests}


def test_only_what_is_trained_on_is_shown_and_of_equal_prompts_the_first() -> None:
    known = [
        learnt(1),
        TrainingPrompt(prompt_id="twin", system="s", prompt="prompt 1", answers=(), category=None),
        learnt(2),
    ]
    found = learnt_prompts({("s", "prompt 1"): ["good", "good"]}, known)
    assert [(one.prompt_id, one.answers) for one in found] == [("p1", ("good", "good"))]


def test_taking_turns() -> None:
    assert in_turns([[1, 4], [2], [3, 5, 6]]) == [1, 2, 3, 4, 5, 6]
    assert in_turns([]) == []
