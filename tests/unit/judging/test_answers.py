"""The datasets of evaluation jobs: Bedrock's form, the same prompts for every arm, 1,000 a job."""

import json

from hypothesis import given
from hypothesis import strategies as st

from distillation.judging.answers import chosen_items, judging_lines, key_of, parts, read_key, texts_by_prompt
from distillation.records import HoldoutItem, Prediction, encode_line

ITEM = HoldoutItem(prompt_id="p1", prompt="Is it good?", system="Judge.", reference="yes", category="goods")


def items(count: int) -> list[HoldoutItem]:
    return [HoldoutItem(prompt_id=f"p{number:05d}", prompt=f"prompt {number}") for number in range(count)]


def test_a_line_is_what_the_user_guide_shows() -> None:
    [line] = judging_lines([ITEM], {"p1": "no"}, "few-shot")
    assert json.loads(encode_line(line)) == {
        "prompt": "Judge.\n\nIs it good?",
        "referenceResponse": "yes",
        "category": "goods",
        "modelResponses": [{"response": "no", "modelIdentifier": "few-shot"}],
    }


def test_what_an_item_does_not_have_is_not_there() -> None:
    [line] = judging_lines([HoldoutItem(prompt_id="p", prompt="Why?", reference=" ")], {"p": "So."}, "base")
    assert json.loads(encode_line(line)) == {
        "prompt": "Why?",
        "modelResponses": [{"response": "So.", "modelIdentifier": "base"}],
    }


def test_items_without_an_answer_have_no_line() -> None:
    assert judging_lines([ITEM], {"p2": "x"}, "base") == []


def test_a_job_takes_a_thousand() -> None:
    lines = judging_lines(items(2001), {item.prompt_id: "a" for item in items(2001)}, "base")
    assert [len(part) for part in parts(lines)] == [1000, 1000, 1]
    assert [line for part in parts(lines) for line in part] == lines


@given(st.permutations(range(40)), st.integers(1, 60))
def test_the_chosen_items_do_not_depend_on_their_order_and_more_are_a_superset(order: list[int], most: int) -> None:
    every = items(40)
    chosen = chosen_items([every[place] for place in order], most)
    assert chosen == chosen_items(every, most)
    assert len(chosen) == min(most, 40)
    assert set(chosen) <= set(chosen_items(every, most + 1))


def test_the_greedy_answer_is_judged_and_samples_only_where_there_are_no_others() -> None:
    greedy = Prediction(prompt_id="p1", arm="base", sample="g0", text="greedy")
    sampled = [
        Prediction(prompt_id=f"p{n}", arm="base", sample=f"s{s}", text=f"sample {s}") for n in (1, 2) for s in (0, 1)
    ]
    assert texts_by_prompt([*sampled, greedy]) == {"p1": "greedy"}
    assert texts_by_prompt(sampled) == {"p1": "sample 0", "p2": "sample 0"}
    failed = [
        Prediction(prompt_id="p1", arm="base", error="refused"),
        Prediction(prompt_id="p2", arm="base", text=" \n"),
    ]
    assert texts_by_prompt(failed) == {}


def test_a_line_is_recognised_by_its_own_texts() -> None:
    [line] = judging_lines([ITEM], {"p1": " no\n"}, "base")
    assert (
        key_of(ITEM, " no\n")
        == read_key(line.prompt, line.reference_response, line.model_responses[0]["response"])
        == ("Judge.\n\nIs it good?", "yes", "no")
    )
    assert key_of(ITEM, "no") != key_of(
        HoldoutItem(prompt_id="p2", prompt="Is it good?", system="Judge.", reference="no"), "no"
    )
