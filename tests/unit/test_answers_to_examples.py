"""Examples: what most samples say, or the reason why a prompt teaches nothing."""

import pytest

from distillation.answers_to_examples import by_prompt, consensus_of, examples_of
from distillation.records import Answer, Example, Prompt, RejectedExample
from distillation.task import Task, TaskKind

LABEL = Task(kind=TaskKind.LABEL, labels=("positive", "negative"))
NUMBER = Task(kind=TaskKind.ANSWER, answer_pattern=r"Answer: (\d+)")
TEXT = Task(kind=TaskKind.TEXT)
PROMPT = Prompt(prompt_id="p", prompt="Good?", seed_id="1", system="Judge.")


def answers(*texts: str) -> list[Answer]:
    samples = ["g0", *(f"s{i}" for i in range(20))]
    return [
        Answer(record_id=f"p-x-{sample}", prompt_id="p", sample=sample, text=text, stop_reason="end_turn", input_tokens=1, output_tokens=1)
        for sample, text in zip(samples, texts, strict=False)
    ]


def only(task: Task, *texts: str) -> Example | RejectedExample:
    return next(examples_of([PROMPT], {"p": answers(*texts)}, task))


def test_the_label_of_most_samples_is_learned_as_the_task_spells_it() -> None:
    example = only(LABEL, "negative", "Positive.", " POSITIVE", '"positive"', "negative")
    assert isinstance(example, Example)
    assert (example.answer, example.agreement) == ("positive", pytest.approx(3 / 5))


def test_a_tie_goes_to_the_greedy_answer() -> None:
    assert consensus_of(answers("negative", "positive", "positive", "negative"), LABEL).answer == "negative"  # type: ignore[union-attr]


def test_samples_without_an_answer_do_not_vote_but_lower_the_agreement() -> None:
    consensus = consensus_of(answers("well...", "positive", "hm", "dunno"), LABEL)
    assert consensus is not None
    assert (consensus.answer, consensus.agreement) == ("positive", 0.25)


def test_an_answer_task_keeps_the_reasoning_of_the_first_sample_that_agrees() -> None:
    example = only(NUMBER, "1+1 is 3. Answer: 3", "Two ones. Answer: 2", "So Answer: 2")
    assert isinstance(example, Example)
    assert example.answer == "Two ones. Answer: 2"


def test_free_text_takes_the_first_usable_sample() -> None:
    example = only(TEXT, "A first text. ", "Another", "Another")
    assert isinstance(example, Example)
    assert example.answer == "A first text."


@pytest.mark.parametrize(
    ("task", "texts", "reason"),
    [
        (LABEL, (), "no_usable_answer"),
        (LABEL, ("maybe", "who knows"), "no_canonical_answer"),
        (TEXT, ("He said. User: hello",), "reserved_word_in_answer"),
        (TEXT, ("long " * 40_000,), "too_long"),
    ],
)
def test_a_prompt_that_teaches_nothing_says_why(task: Task, texts: tuple[str, ...], reason: str) -> None:
    rejected = only(task, *texts)
    assert isinstance(rejected, RejectedExample)
    assert rejected.reason == reason


def test_answers_are_grouped_with_the_greedy_one_first_and_s10_behind_s9() -> None:
    mixed = list(reversed(answers(*"abcdefghijkl")))
    assert [a.sample for a in by_prompt(mixed)["p"]] == ["g0", *(f"s{i}" for i in range(11))]
