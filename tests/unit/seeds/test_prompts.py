import gzip
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.bedrock.limits import reserved_word_in
from distillation.errors import InvalidInput, RecordsLost
from distillation.instructions import label_system, prompt_hashes
from distillation.records import RejectedSeed, Seed
from distillation.run.input import resolve_config
from distillation.seeds.prompts import SeedIntake, prompt_id, prompts_of
from distillation.seeds.tally import SeedTally
from distillation.task import Task, TaskKind

ROOT = Path(__file__).parents[3]


def intake(**execution_input: Any) -> SeedIntake:
    return SeedIntake(resolve_config({"dataset": "d"} | execution_input, execution_name="run-1"))


def take(
    into: SeedIntake, lines: Iterable[dict[str, Any] | str], key: str = "seeds/d/a.jsonl"
) -> list[Seed | RejectedSeed]:
    return list(
        into.read(key, ["\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines).encode()])
    )


def reasons(outcomes: Iterable[Seed | RejectedSeed]) -> list[str | None]:
    return [outcome.reason if isinstance(outcome, RejectedSeed) else None for outcome in outcomes]


def labelled(*references: str | None) -> list[dict[str, Any]]:
    return [{"prompt": f"p{i}", "reference": reference} for i, reference in enumerate(references)]


def task_of(lines: list[dict[str, Any]], **task: Any) -> Task:
    into = intake(task=task)
    take(into, lines)
    return into.resolve_task()


# Prompts


def test_a_prompt_id_is_a_hash_of_the_seeds_own_text() -> None:
    assert prompt_id("system", "prompt") == hashlib.sha256(b"system\0prompt").hexdigest()[:20]
    assert prompt_id(" system\n", "\tprompt ") == prompt_id("system", "prompt")
    assert prompt_id("", "caf\u00e9") == prompt_id("", "cafe\u0301")
    assert (
        len(
            {
                prompt_id("a", "b"),
                prompt_id("", "a b"),
                prompt_id("a", "B"),
                prompt_id("b", "a"),
                prompt_id("a", "b c"),
                prompt_id("a b", "c"),
            }
        )
        == 6
    )


def test_a_prompt_keeps_its_text_and_gets_the_instruction_behind_its_system_text() -> None:
    seed = Seed(
        seed_id="i", prompt=" p ", file="f", line=1, system="Be kind.", reference="negative", category="c", group="g"
    )
    (prompt,) = prompts_of([seed], Task(kind=TaskKind.LABEL, labels=("negative", "positive")))
    assert (prompt.prompt, prompt.seed_id, prompt.reference, prompt.category) == (" p ", "i", "negative", "c")
    assert prompt.group == "g"
    assert prompt.system == "Be kind.\n\n" + label_system(["negative", "positive"])
    assert prompt.prompt_id == prompt_id("Be kind.", "p")


@pytest.mark.parametrize("task", [Task(kind=TaskKind.TEXT), Task(kind=TaskKind.ANSWER, answer_pattern="x")])
def test_other_tasks_add_nothing(task: Task) -> None:
    seeds = [Seed(seed_id=s, prompt="p", file="f", line=1, system=s) for s in ("", "Be kind.")]
    assert [prompt.system for prompt in prompts_of(seeds, task)] == ["", "Be kind."]


def test_the_label_instruction_ends_with_the_options() -> None:
    text = label_system(["negative", "$labels {positive}"])
    assert text.splitlines()[-1] == "Answer with exactly one of: negative | $labels {positive}"
    assert reserved_word_in(text) is None


def test_the_hashes_are_those_of_the_files() -> None:
    assert prompt_hashes() == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (ROOT / "functions/distillation/prompts").glob("*.txt")
    }
    assert "label_system.txt" in prompt_hashes()


# Duplicates


def test_of_equal_seeds_the_first_stays_also_across_files() -> None:
    into = intake()
    first = take(
        into,
        [
            {"prompt": "a", "reference": "x"},
            {"prompt": "a ", "reference": "x"},
            {"prompt": "a", "system": "s"},
            {"prompt": "a", "reference": "y"},
        ],
    )
    second = take(into, [{"prompt": "a"}, {"prompt": "b"}], "seeds/d/b.jsonl")
    assert reasons(first) == [None, "duplicate", None, "duplicate_conflicting_reference"]
    assert reasons(second) == ["duplicate_conflicting_reference", None]
    assert into.counts(3) == {"seedsIn": 6, "seeds": 3, "seedsRejected": 3, "prompts": 3}


def test_duplicates_are_not_bad_seeds() -> None:
    into = intake(maxRejectedSeedShare=0)
    take(into, [{"prompt": str(i % 10)} for i in range(1000)])
    into.check()
    assert into.counts(10)["seedsRejected"] == 990


# Which runs may go on


def lines_with(bad: int, good: int) -> list[str]:
    return ["broken"] * bad + [json.dumps({"prompt": str(i)}) for i in range(good)]


@pytest.mark.parametrize(("bad", "good", "share"), [(5, 95, 0.05), (0, 8, 0), (92, 8, 0.92)])
def test_up_to_the_allowed_share_the_run_goes_on(bad: int, good: int, share: float) -> None:
    into = intake(maxRejectedSeedShare=share)
    take(into, lines_with(bad, good))
    into.check()
    assert into.counts(good) == {"seedsIn": bad + good, "seeds": good, "seedsRejected": bad, "prompts": good}


def test_above_the_allowed_share_the_first_problems_are_listed_and_all_counted() -> None:
    into = intake()
    take(into, [*lines_with(30, 90), '{"prompt": "bot: x"}', '{"prompt": "1"}'])
    with pytest.raises(InvalidInput) as caught:
        into.check()
    headline, *lines = str(caught.value).splitlines()
    assert headline.startswith(
        "31 of 122 seeds cannot be used (25.4%; at most 5.0% may be bad): 30 not_json, 1 reserved_word."
    )
    assert headline.endswith("All rejected seeds are in runs/run-1/0-run/rejected-seeds.jsonl.")
    assert len(lines) == 20
    assert lines[0].startswith(
        "seeds/d/a.jsonl line 1: line: found 'broken' (Expecting value at position 1), expected one whole JSON object"
    )


def test_a_file_that_breaks_off_stops_the_run_whatever_the_share() -> None:
    into = intake(maxRejectedSeedShare=1)
    data = gzip.compress("\n".join(lines_with(5, 50_000)).encode())
    outcomes = list(into.read("seeds/d/a.jsonl.gz", [data[:-2000]]))
    assert len([outcome for outcome in outcomes if isinstance(outcome, Seed)]) > 30_000
    with pytest.raises(InvalidInput) as caught:
        into.check()
    assert str(caught.value).startswith("1 seed file cannot be read to the end.")
    assert caught.value.problems[0].endswith("(corrupt_gzip)")


@pytest.mark.parametrize(
    ("lines", "headline"),
    [([], "There are no seeds: upload"), (lines_with(0, 7), "7 different usable seed(s), expected at least 8")],
)
def test_too_few_seeds(lines: list[str], headline: str) -> None:
    into = intake()
    take(into, lines)
    with pytest.raises(InvalidInput, match=f"^{headline[:20]}"):
        into.check()


def test_a_lost_seed_is_noticed() -> None:
    tally = SeedTally()
    tally.observe(Seed(seed_id="i", prompt="p", file="f", line=1))
    tally.check_complete(1)
    with pytest.raises(RecordsLost, match="2 seeds"):
        tally.check_complete(3)
    with pytest.raises(RecordsLost, match="1 seeds"):
        tally.check_complete(0)


@given(
    st.lists(
        st.sampled_from(
            [
                '{"prompt": "a"}',
                '{"prompt": "a", "reference": "x"}',
                '{"prompt": "b"}',
                "",
                "broken",
                '{"prompt": "user:"}',
                '{"prompt":"c","id":1}',
            ]
        )
    )
)
def test_what_goes_in_comes_out_or_is_rejected(lines: list[str]) -> None:
    into = intake()
    outcomes = take(into, lines)
    kept = [outcome for outcome in outcomes if isinstance(outcome, Seed)]
    assert [outcome.line for outcome in outcomes] == [number for number, line in enumerate(lines, start=1) if line]
    assert len({prompt.prompt_id for prompt in prompts_of(kept, Task(kind=TaskKind.TEXT))}) == len(kept)
    counts = into.counts(len(kept))
    assert counts["seedsIn"] == len(outcomes) == counts["seeds"] + counts["seedsRejected"]


# The kind of the task


def test_references_of_a_closed_set_are_labels() -> None:
    task = task_of(labelled(*["b", "a"] * 9, "b", None))
    assert (task.kind, task.labels) == (TaskKind.LABEL, ("a", "b"))
    assert task.why == (
        "19 of 20 seeds carry a reference, with 2 distinct value(s): at least 90% carry one, so they are the labels."
    )


@pytest.mark.parametrize(
    ("references", "kind", "why"),
    [
        (["a", "b"] * 9 + [None] * 2, TaskKind.LABEL, "18 of 20 seeds"),
        (
            ["a", "b"] * 8 + [None] * 2,
            TaskKind.TEXT,
            "16 of 18 seeds carry a reference, with 2 distinct value(s): fewer than 90%",
        ),
        ([f"r{i}" for i in range(20)], TaskKind.LABEL, "20 distinct"),
        (
            [f"r{i}" for i in range(21)],
            TaskKind.TEXT,
            "21 distinct value(s): they hardly repeat",
        ),
        ([f"r{i}" for i in range(77)] * 2, TaskKind.LABEL, "77 distinct"),
        ([f"r{i}" for i in range(200)] * 2, TaskKind.LABEL, "200 distinct"),
        (
            [f"r{i}" for i in range(201)],
            TaskKind.TEXT,
            "201 distinct value(s): they cannot be labels (expected 2 to 200 labels)",
        ),
        (["a"] * 10, TaskKind.TEXT, "expected 2 to 200 labels"),
        (["a", "b" * 65], TaskKind.TEXT, "expected labels of 1 to 64 characters"),
        ([None] * 10, TaskKind.TEXT, "0 of 10 seeds carry a reference"),
        ([f"r{i}" for i in range(1500)], TaskKind.TEXT, "1,000 or more distinct"),
    ],
)
def test_auto_decides_by_share_and_distinct_references(references: list[str | None], kind: TaskKind, why: str) -> None:
    task = task_of(labelled(*references))
    assert task.kind is kind
    assert why in task.why


@pytest.mark.parametrize(
    ("references", "expected"),
    [
        ([f"r{i}" for i in range(201)] * 2, "expected 2 to 200 labels"),
        ([f"r{i}" for i in range(1500)] * 3, "1,000 or more distinct value(s); expected 2 to 200 labels"),
        (["a", "b|c"] * 5, "expected labels without |"),
        (["a", "b" * 65] * 5, "expected labels of 1 to 64 characters"),
    ],
)
def test_references_that_repeat_and_cannot_be_labels_are_free_text_only_where_that_is_said(
    references: list[str | None], expected: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        task_of(labelled(*references))
    assert expected in caught.value.problems[0] and "task.kind text" in caught.value.problems[0]
    assert task_of(labelled(*references), kind="text").kind is TaskKind.TEXT


def test_spellings_that_differ_in_case_and_space_are_one_label() -> None:
    assert task_of(labelled("Yes", "yes", "yes ", "NO", "no", "No")).labels == ("NO", "yes")


def test_the_input_decides_where_it_says_something() -> None:
    lines = labelled("a", "b", "a", "b")
    assert task_of(lines, labels=["b", "a", "c"]).labels == ("b", "a", "c")
    assert task_of(lines, kind="text").kind is TaskKind.TEXT
    assert task_of(lines, answerPattern="(a|b)") == Task(
        kind=TaskKind.ANSWER, answer_pattern="(a|b)", why="The input gives an answerPattern."
    )
    assert task_of(labelled("a", "b", None), kind="label").labels == ("a", "b")


def test_kind_label_without_labels_anywhere() -> None:
    with pytest.raises(InvalidInput) as caught:
        task_of(labelled("a", None), kind="label")
    assert caught.value.problems == [
        "task.labels: found nothing, and 1 of 2 seeds carry a reference, with 1 distinct value(s); expected 2 to 200 "
        "labels"
    ]


def test_a_reference_that_is_no_given_label_is_rejected() -> None:
    into = intake(task={"labels": ["no", "yes"]})
    outcomes = take(into, labelled("YES.", "maybe", None))
    assert reasons(outcomes) == [None, "reference_not_a_label", None]
    assert isinstance(outcomes[0], Seed)
    assert outcomes[0].reference == "YES."


# The examples


@pytest.mark.parametrize("pack", [False, True])
@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("reviews/reviews.jsonl", "label"),
        ("conversations/conversations.jsonl", "text"),
        ("questions/questions.csv", "answer"),
    ],
)
def test_the_examples_are_a_dozen_seeds_each(file: str, kind: str, pack: bool) -> None:
    path = ROOT / "examples" / file
    settings = path.parent / "input.json"
    config = resolve_config(
        {"dataset": "d"}, execution_name="x", dataset_input=settings.read_bytes() if settings.exists() else None
    )
    into, data = SeedIntake(config), path.read_bytes()
    seeds = [
        o
        for o in into.read(f"seeds/d/{path.name}{'.gz' if pack else ''}", [gzip.compress(data) if pack else data])
        if isinstance(o, Seed)
    ]
    into.check()
    assert into.counts(12) == {"seedsIn": 12, "seeds": 12, "seedsRejected": 0, "prompts": 12}
    assert into.resolve_task().kind == kind
    assert len({prompt.prompt_id for prompt in prompts_of(seeds, into.resolve_task())}) == 12
