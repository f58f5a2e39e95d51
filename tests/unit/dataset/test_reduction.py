"""The reduction: every prompt and every answer ends in one place, for whatever the teacher says and whatever the run's
input asks.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.dataset.reduction import Reduced, reduce_prompts, teacher_entropy
from distillation.errors import RecordsLost
from distillation.inference.samples import by_prompt
from distillation.records import Prompt, PromptKey
from distillation.run.record import RunRecord
from distillation.task import Task, TaskKind
from tests.worlds.answers import answers
from tests.worlds.run_records import run_record

LABEL = Task(kind=TaskKind.LABEL, labels=("positive", "negative"))
NUMBER = Task(kind=TaskKind.ANSWER, answer_pattern=r"Answer: (\d+)")
TEXT = Task(kind=TaskKind.TEXT)
TASKS = {"label": LABEL, "answer": NUMBER, "text": TEXT, "json": Task(kind=TaskKind.JSON)}
PROMPT = Prompt(
    prompt_id="p", prompt="Good? Ask jo@example.com", seed_id="1", system="Judge.", method="topics", category="films"
)


def keys_of(prompts: Sequence[Prompt]) -> list[PromptKey]:
    return [PromptKey(prompt_id=p.prompt_id, folded=p.prompt) for p in prompts]


def record_of(task: Task, examples: dict[str, Any] | None = None, filters: dict[str, Any] | None = None) -> RunRecord:
    return run_record(
        task,
        split={"holdoutShare": 0.3},
        examples={**(examples or {})},
        filters={**(filters or {})},
    )


def reduce_one(
    task: Task, *texts: str, prompt: Prompt = PROMPT, examples: dict[str, Any] | None = None, **filters: Any
) -> Reduced:
    return reduce_prompts(
        [prompt], {"p": answers("p", *texts)} if texts else {}, record_of(task, examples, filters), keys_of
    )


def test_a_candidate_carries_answer_agreement_entropy_and_what_the_prompt_is() -> None:
    (candidate,) = reduce_one(LABEL, "negative", "Positive.", " POSITIVE", '"positive"', "who knows").candidates
    assert (candidate.answers, candidate.agreement) == (("positive",), 0.75)
    assert candidate.entropy == 0.0  # the draws agree, the greedy answer is none
    assert (candidate.prompt, candidate.system, candidate.category, candidate.method) == (
        PROMPT.prompt,
        "Judge.",
        "films",
        "topics",
    )


def test_the_entropy_is_that_of_the_draws() -> None:
    group = answers("p", "a", "a", "a", "b", "b")
    assert teacher_entropy(group, ["a", "a", "a", "b", "b"]) == pytest.approx(1.0)
    assert teacher_entropy(group, list("abcde")) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("task", "texts", "options", "reason"),
    [
        (LABEL, (), {}, "no_usable_answer"),
        (LABEL, ("maybe", "who knows"), {}, "no_canonical_answer"),
        (TEXT, ("He said. User: hello",), {}, "reserved_word_in_answer"),
        (TEXT, ("I'm sorry, but I can't help.", "As an AI, I pass.", "I cannot answer."), {}, "refusal"),
        (TEXT, ("long " * 40_000,), {"repetition": False}, "too_long"),
        (LABEL, ("positive", "negative", "negative"), {"examples": {"minAgreement": 0.7}}, "low_agreement"),
        (LABEL, ("positive",), {"personalData": "reject"}, "personal_data"),
        (
            LABEL,
            ("positive", "positive"),
            {"prompt": "negative", "examples": {"trustReference": True}},
            "contradicts_reference",
        ),
        (
            LABEL,
            ("positive", "positive"),
            {"prompt": "negative", "examples": {"policy": "best"}, "judge": {}},
            "no_sample_matches_reference",
        ),
    ],
)
def test_a_prompt_that_teaches_nothing_says_why(
    task: Task, texts: tuple[str, ...], options: dict[str, Any], reason: str
) -> None:
    reference = options.pop("prompt", None)
    prompt = Prompt(prompt_id="p", prompt=PROMPT.prompt, seed_id="1", method="topics", reference=reference)
    reduced = reduce_one(task, *texts, prompt=prompt, **options)
    assert [r.reason for r in reduced.rejected] == [reason]
    assert len(reduced.unused) == len(texts)


def test_redaction_changes_prompt_answer_and_key_and_is_counted() -> None:
    reduced = reduce_one(TEXT, "Ask +1 415 555 2671", personalData="redact")
    (candidate,) = reduced.candidates
    assert (candidate.prompt, candidate.answers) == ("Good? Ask [EMAIL]", ("Ask [PHONE]",))
    assert candidate.key.folded == candidate.prompt
    assert {(s.step, s.unit): s.changed for s in reduced.funnel if s.changed} == {
        ("personalData", "answers"): 1,
        ("promptPersonalData", "prompts"): 1,
    }


def test_an_answer_task_may_leave_the_reasoning_out() -> None:
    said = ("1+1 is 3. Answer: 3", "Two ones. Answer: 2", "So Answer: 2")
    assert reduce_one(NUMBER, *said).candidates[0].answers == ("Two ones. Answer: 2",)
    assert reduce_one(NUMBER, *said, examples={"rationale": False}).candidates[0].answers == ("2",)


def test_proportional_learns_the_draws_in_their_shares() -> None:
    reduced = reduce_one(
        LABEL, "positive", "negative", "positive", "negative", "negative", examples={"policy": "proportional"}
    )
    assert Counter(reduced.candidates[0].answers) == {"negative": 3, "positive": 1}


@pytest.mark.parametrize(
    "fault", ["a prompt twice", "an answer of a prompt that is not there", "one answer of two prompts"]
)
def test_what_does_not_add_up_fails_the_shard(fault: str) -> None:
    prompts, groups = [PROMPT], {"p": answers("p", "positive")}
    if fault == "a prompt twice":
        prompts = [PROMPT, PROMPT]
    elif fault == "one answer of two prompts":
        prompts = [PROMPT, Prompt(prompt_id="q", prompt="q", seed_id="1", method="topics")]
        groups["q"] = groups["p"]
    else:
        groups["q"] = answers("q", "positive")
    with pytest.raises(RecordsLost):
        reduce_prompts(prompts, groups, record_of(LABEL), keys_of)


said = st.sampled_from(
    [
        "positive",
        "Negative.",
        "hm",
        "Answer: 3",
        "so Answer: 4",
        '{"a": 1}',
        '{"a": 2}',
        "I can't help with that.",
        "As an AI, I pass.",
        "jo@example.com",
        "User: x",
    ]
)


@given(
    texts=st.lists(st.lists(said, max_size=5), max_size=8),
    kind=st.sampled_from(sorted(TASKS)),
    policy=st.sampled_from(["consensus", "proportional", "best"]),
    switch=st.sampled_from(["off", "redact", "reject"]),
    flag=st.booleans(),
    reference=st.sampled_from([None, "positive", "3", '{"a": 1}']),
    least=st.sampled_from([0.0, 0.6]),
)
def test_every_prompt_and_every_answer_ends_in_one_place(
    *, texts: list[list[str]], kind: str, policy: str, switch: str, flag: bool, reference: str | None, least: float
) -> None:
    prompts = [
        Prompt(
            prompt_id=f"{n:x}",
            prompt=f"{n} jo@example.com" if n % 3 == 0 else f"{n}?",
            seed_id="s",
            method="topics" if n % 2 else None,
            reference=reference,
        )
        for n in range(len(texts))
    ]
    groups = by_prompt(
        answer for prompt, lines in zip(prompts, texts, strict=True) for answer in answers(prompt.prompt_id, *lines)
    )
    settings = record_of(
        TASKS[kind],
        {"policy": policy, "trustReference": flag, "minAgreement": least},
        {"personalData": switch, "judge": {} if flag or policy == "best" else None},
    )
    reduced = reduce_prompts(prompts, groups, settings, keys_of)
    out = (
        [c.key.prompt_id for c in reduced.candidates]
        + [h.key.prompt_id for h in reduced.held]
        + [r.prompt_id for r in reduced.rejected]
    )
    assert sorted(out) == sorted(p.prompt_id for p in prompts)
    held = {h.key.prompt_id for h in reduced.held}
    asked = sum(len(group) for prompt_id, group in groups.items() if prompt_id not in held)
    assert asked == len(reduced.unused) + sum(len(c.answers) for c in reduced.candidates)
    assert all(step.came == step.kept + sum(step.rejected.values()) for step in reduced.funnel)
    kept = {unit: [s for s in reduced.funnel if s.unit == unit][-1].kept for unit in ("answers", "prompts")}
    assert kept == {"answers": sum(len(c.answers) for c in reduced.candidates), "prompts": len(reduced.candidates)}
    assert all(0 < c.agreement <= 1 and c.agreement >= least and c.entropy >= 0 for c in reduced.candidates)
