"""The dataset: sides fixed by content, no duplicate, no overlap with the holdout, every rule of Bedrock's training file."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.errors import NotEnoughExamples
from distillation.examples_to_dataset import Side, SplitPlan, assemble, conversation_line, describe_file, side_of
from distillation.records import Example, HoldoutItem, RejectedExample
from distillation.training_limits import MAX_SAMPLES

PLAN = SplitPlan(holdout_share=0.2, validation_share=0.1)


def example(number: int, *, prompt: str | None = None, agreement: float = 1.0, system: str = "Judge.") -> Example:
    return Example(prompt_id=f"id{number}", system=system, prompt=prompt or f"question {number}", answer="yes", agreement=agreement)


def test_the_shares_are_kept_over_many_prompts() -> None:
    sides = [side_of(f"prompt {n}", PLAN) for n in range(20_000)]
    assert sides.count(Side.HOLDOUT) / 20_000 == pytest.approx(0.2, abs=0.01)
    assert sides.count(Side.VALIDATION) / 20_000 == pytest.approx(0.08, abs=0.01)


@given(prompt_id=st.text(min_size=1), small=st.floats(0.01, 0.4), more=st.floats(0, 0.4), validation=st.floats(0, 0.5))
def test_a_side_is_a_function_of_the_prompt_alone_and_a_larger_holdout_only_takes_in(prompt_id: str, small: float, more: float, validation: float) -> None:
    before, after = (side_of(prompt_id, SplitPlan(holdout_share=share, validation_share=validation)) for share in (small, small + more))
    assert before is not Side.HOLDOUT or after is Side.HOLDOUT


def test_duplicates_and_overlaps_with_the_holdout_go_out_with_their_reason() -> None:
    holdout = [HoldoutItem(prompt_id="h", prompt="Is it  GOOD?", system="Judge.")]
    made = [example(n) for n in range(12)] + [
        example(20, prompt="Question  3"),
        example(21, prompt="is it good?"),
        example(22, prompt="is it good?", system="Other."),
    ]
    dataset = assemble(holdout, [*made, RejectedExample(prompt_id="r", reason="too_long", detail="")], PLAN)
    assert {r.prompt_id: r.reason for r in dataset.rejected} == {"id20": "duplicate", "id21": "duplicate_of_holdout", "r": "too_long"}
    assert {e.prompt_id for e in dataset.train + dataset.validation} == {f"id{n}" for n in [*range(12), 22]}


def test_fewer_than_8_examples_stop_the_run_before_the_job_would_fail() -> None:
    with pytest.raises(NotEnoughExamples, match=r"7 training examples.*at least 8.*too_long 1"):
        assemble(
            [],
            [*(example(n) for n in range(7)), RejectedExample(prompt_id="r", reason="too_long", detail="")],
            SplitPlan(holdout_share=0.2, validation_share=0),
        )


def test_over_the_limit_the_least_agreed_on_are_left_out() -> None:
    made = [example(n, agreement=0.5 if n < 3 else 0.9) for n in range(MAX_SAMPLES + 3)]
    dataset = assemble([], made, PLAN)
    assert {r.prompt_id for r in dataset.rejected} == {"id0", "id1", "id2"}
    assert {r.reason for r in dataset.rejected} == {"over_sample_limit"}
    assert len(dataset.train) + len(dataset.validation) == MAX_SAMPLES


def test_a_line_is_a_bedrock_conversation() -> None:
    assert json.loads(conversation_line(example(1))) == {
        "schemaVersion": "bedrock-conversation-2024",
        "system": [{"text": "Judge."}],
        "messages": [{"role": "user", "content": [{"text": "question 1"}]}, {"role": "assistant", "content": [{"text": "yes"}]}],
    }
    assert "system" not in json.loads(conversation_line(example(1, system="")))


def test_a_file_is_described_by_lines_bytes_and_the_sha256_that_sha256sum_prints() -> None:
    described = describe_file([b"hello\n"])
    assert (described.lines, described.bytes) == (1, 6)
    assert described.sha256 == "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
