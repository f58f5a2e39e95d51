"""The merge of all shards: what stays, what goes and why, in which order, and that every prompt is in one place."""

from itertools import pairwise

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from distillation.dataset.merge import Decision
from distillation.records import Candidate, HoldoutCandidate, Seed
from distillation.seeds.split import Side, side_of_id
from distillation.similarity.prompt_keys import keys_of
from distillation.similarity.words import common_shingles
from tests.worlds.datasets import JUDGE, NO_TEMPLATE, SPLIT, STORY, candidate, held, merged, prompt, texts_on


def reasons(decision: Decision) -> dict[str, str]:
    """Prompt id -> reason."""
    return {r.prompt_id: r.reason for r in decision.rejected}


def steps(decision: Decision) -> dict[str, tuple[int, int, dict[str, int]]]:
    return {step.step: (step.came, step.kept, step.rejected) for step in decision.funnel}


def test_texts_that_read_the_same_stay_once_and_never_beside_the_holdout() -> None:
    items = [
        candidate("Is it good?"),
        candidate("is  it good?"),
        candidate("was it bad"),
        candidate("is it good?", system="Other."),
    ]
    decision = merged([held("WAS it bad")], items)
    assert reasons(decision) == {items[1].key.prompt_id: "duplicate", items[2].key.prompt_id: "duplicate_of_holdout"}
    assert [side is not None for side in decision.sides] == [True, False, False, True]
    assert steps(decision)["exactDuplicates"] == (4, 2, {"duplicate": 1, "duplicate_of_holdout": 1})


def test_of_duplicates_the_most_agreed_on_stays_then_the_first() -> None:
    items = [
        candidate("is it good", agreement=0.5),
        candidate("is it GOOD", agreement=0.9),
        candidate("Is it good", agreement=0.9),
    ]
    assert [side is not None for side in merged([], items).sides] == [False, True, False]


def test_of_near_duplicates_the_most_agreed_on_stays() -> None:
    items = [
        candidate(STORY.format("cat"), agreement=0.4),
        candidate(STORY.format("dog"), agreement=0.8),
        candidate("quite another thing"),
    ]
    decision = merged([], items)
    assert [side is not None for side in decision.sides] == [False, True, True]
    assert [(r.reason, r.detail) for r in decision.rejected] == [
        ("near_duplicate", f"near duplicate of {items[1].key.prompt_id}")
    ]


def test_near_duplicates_of_the_holdout_go_and_the_holdout_stays() -> None:
    items = [candidate(STORY.format("cat"), agreement=1.0), candidate(STORY.format("dog"))]
    decision = merged([held(STORY.format("owl"))], items)
    assert decision.held == [True]
    assert set(reasons(decision).values()) == {"near_duplicate_of_holdout"}
    assert steps(decision)["nearDuplicates"] == (2, 0, {"near_duplicate_of_holdout": 2})


def test_the_holdout_keeps_the_first_of_its_twins_and_counts_references_that_differ() -> None:
    items = [
        held(STORY.format("cat"), reference="a"),
        held(STORY.format("dog"), reference="b"),
        held("x y"),
        held("X  y"),
        held("x y!"),
    ]
    decision = merged(items, [])
    assert decision.held == [True, False, True, False, False]
    assert steps(decision)["holdoutTwins"] == (5, 2, {"duplicate": 1, "near_duplicate": 2})
    assert decision.conflicting_references == 1


def test_a_chain_through_training_prompts_moves_no_holdout_prompt() -> None:
    """Two holdout prompts that are not alike stay both, though a training prompt is like each of them."""
    words = [f"w{n}" for n in range(60)]
    first, between, last = " ".join(words[:50]), " ".join(words[4:54]), " ".join(words[8:58])
    decision = merged([held(first), held(last)], [candidate(between)], duplicates={"nearThreshold": 0.78})
    assert decision.held == [True, True]
    assert set(reasons(decision).values()) == {"near_duplicate_of_holdout"}


def test_no_threshold_no_near_duplicates() -> None:
    items = [candidate(STORY.format(animal)) for animal in ("cat", "dog")]
    decision = merged([], items, duplicates={"nearThreshold": None})
    assert reasons(decision) == {}
    assert "nearDuplicates" not in steps(decision)


def test_vectors_find_what_words_do_not() -> None:
    def with_vector(item: Candidate, vector: list[float]) -> Candidate:
        return msgspec.structs.replace(
            item, key=msgspec.structs.replace(item.key, embedding=np.array(vector, "<f2").tobytes())
        )

    flights, fares, pie = (
        with_vector(candidate(text), vector)
        for text, vector in (("cheap flights", [1.0, 0]), ("low air fares", [1, 0.01]), ("a pie", [0, 1.0]))
    )
    without = [candidate("no vector"), candidate("none here")]
    items = [without[0], flights, fares, without[1], pie]
    assert reasons(merged([], items)) == {}
    assert reasons(merged([], items, duplicates={"semanticThreshold": 0.95})) == {fares.key.prompt_id: "near_duplicate"}


def test_leaks_go_with_the_words_that_they_share() -> None:
    secret = " ".join(f"s{n}" for n in range(13))
    items = [candidate(f"head {secret} tail"), candidate("tell me the capital of France"), candidate("free of both")]
    evaluation = [Seed(seed_id="e", prompt="Tell me the capital of France!", file="evaluation/e.jsonl", line=7)]
    measured = held(f"{secret} " + " ".join(f"o{n}" for n in range(60)))
    decision = merged([measured], items, evaluation)
    assert {r.prompt_id: (r.reason, r.detail) for r in decision.rejected} == {
        items[0].key.prompt_id: ("overlaps_holdout", f"shares with {measured.key.prompt_id}: {secret}"),
        items[1].key.prompt_id: (
            "overlaps_evaluation_file",
            "shares with evaluation/e.jsonl:7: tell me the capital of france",
        ),
    }
    assert steps(decision)["decontamination"] == (3, 1, {"overlaps_evaluation_file": 1, "overlaps_holdout": 1})


def test_a_template_is_no_leak_and_makes_no_twins() -> None:
    """The values are short beside the template: by all their words the prompts are twins, by their own words they are
    not.
    """
    template = STORY.format("cat") + " Is this true of {} and of {}?"
    asked = [prompt(template.format(f"thing{n}", f"stuff{n}")) for n in range(60)]
    common = common_shingles(asked)
    for known, rejected in ((NO_TEMPLATE, 59), (common, 0)):
        keys = keys_of(asked, known)
        items = [msgspec.structs.replace(candidate(p.prompt), key=key) for p, key in zip(asked, keys, strict=True)]
        measured = HoldoutCandidate(key=keys[0], prompt=asked[0].prompt)
        assert len(merged([measured], items[1:], common=known).rejected) == rejected


def test_without_ratings_everything_that_a_judge_has_to_rate_is_left() -> None:
    items = [candidate(text) for text in texts_on(Side.TRAIN, 12)]
    decision = merged([], items, selection={"maxExamples": 8}, **JUDGE)
    assert all(decision.sides)
    assert "selection" not in steps(decision)


def test_over_the_cap_the_least_agreed_on_are_left_and_named() -> None:
    items = [candidate(text, agreement=0.5 if n < 3 else 0.9) for n, text in enumerate(texts_on(Side.TRAIN, 12))]
    decision = merged([], items, selection={"maxExamples": 9})
    assert [side is not None for side in decision.sides] == [False] * 3 + [True] * 9
    assert set(reasons(decision).values()) == {"not_selected"}
    assert decision.selection is not None
    assert decision.selection.lines_left == 3


def test_strata_and_lines_are_counted() -> None:
    texts = texts_on(Side.TRAIN, 3) + texts_on(Side.VALIDATION, 4)
    items = [candidate(text, category="a" if n else None, answers=("x", "y")) for n, text in enumerate(texts)]
    decision = merged([held("held one", category="a"), held("held  one", category="a")], items)
    assert decision.strata == {"": {"train": 1}, "a": {"holdout": 1, "rejected": 1, "train": 2, "validation": 4}}
    assert decision.lines == {Side.TRAIN: 6, Side.VALIDATION: 8}


words = st.lists(st.sampled_from("abcde"), min_size=1, max_size=8).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(st.lists(words, max_size=12), st.lists(words, max_size=16), st.integers(8, 16))
def test_every_prompt_is_in_exactly_one_place_and_the_funnel_adds_up(
    in_holdout: list[str], in_training: list[str], cap: int
) -> None:
    holdout: list[HoldoutCandidate] = [held(f"{n} {text}") for n, text in enumerate(in_holdout)]
    items = [candidate(f"{n + 4} {text}", agreement=n % 3 / 3) for n, text in enumerate(in_training)]
    decision = merged(holdout, items, selection={"maxExamples": cap})
    stay = [h.key.prompt_id for h, kept in zip(holdout, decision.held, strict=True) if kept]
    learnt = [c.key.prompt_id for c, side in zip(items, decision.sides, strict=True) if side]
    everybody = stay + learnt + [r.prompt_id for r in decision.rejected]
    assert sorted(everybody) == sorted(decision.arrived)
    assert all(step.came == step.kept + sum(step.rejected.values()) for step in decision.funnel)
    prompts = [step for step in decision.funnel if step.unit == "prompts"]
    assert all(earlier.kept == later.came for earlier, later in pairwise(prompts))
    assert prompts[-1].kept == len(learnt) <= cap


@settings(max_examples=30, deadline=None)
@given(st.lists(words, min_size=1, max_size=10, unique=True), st.lists(words, max_size=10))
def test_added_training_prompts_change_nothing_in_the_holdout(in_holdout: list[str], added: list[str]) -> None:
    holdout = [held(text) for text in in_holdout]
    assert merged(holdout, []).held == merged(holdout, [candidate(text) for text in added]).held


def test_a_prompt_that_stays_is_where_its_own_text_puts_it() -> None:
    items = [candidate(text) for text in texts_on(Side.TRAIN, 4) + texts_on(Side.VALIDATION, 8)]
    assert merged([], items).sides == [side_of_id(c.key.prompt_id, SPLIT) for c in items]


def test_a_validation_file_that_no_job_takes_is_trained_on() -> None:
    items = [candidate(text) for text in texts_on(Side.TRAIN, 4) + texts_on(Side.VALIDATION, 7)]
    decision = merged([], items)
    assert decision.sides == [Side.TRAIN] * 11
    assert decision.lines == {Side.TRAIN: 11, Side.VALIDATION: 0}
