"""ReduceShard on a store in memory: what each planted fault comes to, that nothing is lost, that a second time changes
nothing.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from application.run_files import Wave, account_of, funnel_of
from distillation.errors import NotEnoughAnswers, RecordsLost
from distillation.inference.accounts import NO_REPLY_IN_ANY_WAVE, ShardCounts
from distillation.inference.requests import Shard, prompt_shards, requests_of
from distillation.layout import RunLayout
from distillation.records import (
    Answer,
    Asking,
    Candidate,
    HoldoutCandidate,
    Prompt,
    RejectedAnswer,
    RejectedExample,
    Route,
    UnusedAnswer,
)
from distillation.seeds.split import Side, side_of
from distillation.similarity.words import common_shingles
from distillation.task import Task, TaskKind
from handlers import reduce_shard
from tests.fakes import MemoryLedger, MemoryStore
from tests.worlds.answers import answer, rejected
from tests.worlds.run_records import run_record

RUN, TEACHER = {"runId": "run-1", "dataset": "reviews"}, "teacher"
LAYOUT = RunLayout("run-1")
LABELS = Task(kind=TaskKind.LABEL, labels=("bad", "good"))
TEXT = Task(kind=TaskKind.TEXT)


class World:
    """A run whose answers are all there, in waves of shards of 100 requests."""

    def __init__(self, prompts: Sequence[Prompt], task: Task, **settings: Any) -> None:
        self.store, self.ledger, self.prompts = MemoryStore(), MemoryLedger(), list(prompts)
        self.embeddings = FakeEmbeddings()
        settings = {"batches": {"maxShardRecords": 100}} | settings
        self.record = run_record(task, models={"teacher": TEACHER}, **settings)
        self.store.put_json(LAYOUT.run, self.record)
        self.store.put_json(LAYOUT.common_shingles, common_shingles(self.prompts))
        self.parts = list(prompt_shards(self.prompts, self.record.config.sampling, 100))
        for number, part in enumerate(self.parts):
            self.store.put_records(LAYOUT.prompt_shard(number), part)

    def ids(self, prompt: Prompt) -> list[str]:
        return [request.record_id for request in requests_of(prompt, self.record.config.sampling, TEACHER)]

    def answers(self, prompt: Prompt, *texts: str) -> list[Answer]:
        return [answer(record_id, text) for record_id, text in zip(self.ids(prompt), texts, strict=False)]

    def wave(self, number: int, *shards: tuple[int, int, int, Sequence[Answer], Sequence[RejectedAnswer]]) -> None:
        """Each shard: its number, the numbers of its first and last prompt, its answers and its rejections."""
        for shard, _, _, answers, rejections in shards:
            self.store.put_records(LAYOUT.answers(shard), answers)
            self.store.put_records(LAYOUT.rejected_answers(shard), rejections)
        plans = tuple(
            Shard(shard=s, route=Route.BATCH, records=len(a) + len(r), first=first, last=last)
            for s, first, last, a, r in shards
        )
        self.store.put_json(LAYOUT.wave_plan(number), Wave(wave=number, shards=plans, requests=0))

    def reduce(self, shard: int = 0) -> dict[str, Any]:
        return dict(reduce_shard.run({"run": RUN, "shard": shard}, self, None))  # type: ignore[arg-type]

    def read(self, name: str, kind: type[Any], shard: int = 0) -> list[Any]:
        return list(self.store.records(LAYOUT.candidates(name, shard), kind))

    def counts(self, shard: int = 0) -> ShardCounts:
        return msgspec.json.decode(self.store.get(LAYOUT.candidates("counts", shard)), type=ShardCounts)


def prompts(count: int, **fields: Any) -> list[Prompt]:
    """Prompts that are not of the holdout: expansion made them."""
    return [
        Prompt(prompt_id=f"p{n}", prompt=f"Is sentence number {n} good?", seed_id=f"s{n}", method="topics", **fields)
        for n in range(count)
    ]


def test_each_planted_fault_is_found_in_its_file_with_its_reason() -> None:
    world = World(
        prompts(9, reference="good"),
        TEXT,
        filters={"personalData": "redact", "minCharacters": 3},
        examples={"trustReference": True},
    )
    p = world.prompts
    loop = "the very same words again and again " * 20
    said = [
        (
            "A fine one, write to jo@example.com.",
            "A fine one, write to jo@example.com.",
            "Quite another.",
            "Unlike the rest.",
            "A fine one, write to jo@example.com.",
        ),
        ("I'm sorry, but I can't help with that.", *["It is good, all in all."] * 4),
        ("As an AI language model, I have no taste.", *["It is good, all in all."] * 4),
        (loop, *["It is good, all in all."] * 4),
        ("ok", *["It is good, all in all."] * 4),
        ("He said. User: hello", *["It is good, all in all."] * 4),
        ("Sure, here is the answer:", *["I cannot answer that."] * 4),
        ("Only one.",),
        (),
    ]
    texts = [answer for prompt, lines in zip(p, said, strict=True) for answer in world.answers(prompt, *lines)]
    world.wave(0, (0, 0, 8, texts, [rejected(world.ids(p[7])[1], "truncated")]))
    world.reduce()
    learnt = {candidate.key.prompt_id: candidate.answers for candidate in world.read("shard", Candidate)}
    assert learnt["p0"] == ("A fine one, write to [EMAIL].",)
    assert {learnt[f"p{n}"] for n in range(1, 6)} == {("It is good, all in all.",)}
    reasons = {u.record_id: u.reason for u in world.read("unused", UnusedAnswer)}
    planted = ["refusal", "boilerplate", "repetitive", "too_short", "reserved_word_in_answer", "boilerplate"]
    assert [reasons[world.ids(prompt)[0]] for prompt in p[1:7]] == planted
    assert {(r.prompt_id, r.reason) for r in world.read("rejected", RejectedExample)} == {
        ("p6", "refusal"),
        ("p8", "no_usable_answer"),
    }
    missing = list(world.store.records(LAYOUT.missing_answers(0), UnusedAnswer))
    assert {m.record_id for m in missing} == {*world.ids(p[7])[2:], *world.ids(p[8])}
    assert world.counts().account.rejected_by_reason == {"truncated": 1}


def test_an_answer_against_a_trusted_reference_is_rejected_and_a_prompt_with_no_other_too() -> None:
    world = World(prompts(2, reference="Good"), LABELS, examples={"trustReference": True})
    first, second = world.prompts
    world.wave(
        0,
        (0, 0, 1, world.answers(first, "bad", "good", "good", "bad", "good") + world.answers(second, *["bad"] * 5), []),
    )
    world.reduce()
    (candidate,) = world.read("shard", Candidate)
    assert (candidate.key.prompt_id, candidate.answers, candidate.agreement) == ("p0", ("good",), 0.6)
    (gone,) = world.read("rejected", RejectedExample)
    assert (gone.prompt_id, gone.reason) == ("p1", "contradicts_reference")
    assert [u.reason for u in world.read("unused", UnusedAnswer)].count("contradicts_reference") == 7


def test_the_funnel_adds_up_at_every_step_and_over_the_shards() -> None:
    seeds = [Prompt(prompt_id=f"{n:x}", prompt=f"Is {n} good?", seed_id="s") for n in range(100)]
    world = World(seeds, LABELS)
    for number, part in enumerate(world.parts):
        texts = [
            a
            for prompt in part
            for a in world.answers(prompt, "good", "bad", "good", "who knows", "good")[: 4 + number % 2]
        ]
        world.store.put_records(LAYOUT.answers(number), texts)
        world.store.put_records(LAYOUT.rejected_answers(number), [])
    shards = tuple(
        Shard(shard=n, route=Route.BATCH, records=0, first=20 * n, last=20 * n + 19) for n in range(len(world.parts))
    )
    world.store.put_json(LAYOUT.wave_plan(0), Wave(wave=0, shards=shards, requests=500))
    made = [world.reduce(number)["counts"] for number in range(len(world.parts))]
    held = [seed for seed in seeds if side_of(seed, world.record.config.shares) is Side.HOLDOUT]
    assert sum(counts["held"] for counts in made) == len(held) > 0
    account = account_of(world.store, world.ledger, "run-1")  # type: ignore[arg-type]
    assert account.requests == 500 == account.answers + account.rejected + account.missing
    assert account.missing == 60
    for step in funnel_of(world.store, "run-1"):  # type: ignore[arg-type]
        assert step.came == step.kept + sum(step.rejected.values()), step
    answers = [step for step in funnel_of(world.store, "run-1") if step.unit == "answers"]  # type: ignore[arg-type]
    assert answers[0].rejected == {NO_REPLY_IN_ANY_WAVE: 60}
    assert all(before.kept == after.came for before, after in pairwise(answers))
    assert (
        answers[-1].kept
        == sum(len(c.answers) for n in range(5) for c in world.read("shard", Candidate, n))
        == 100 - len(held)
    )


def test_a_held_prompt_keeps_its_reference_and_says_how_sure_the_teacher_is() -> None:
    seeds = [Prompt(prompt_id=f"{n:x}", prompt=f"Is {n} good?", seed_id="s", reference="good") for n in range(20)]
    world = World(seeds, LABELS, split={"holdoutShare": 0.9})
    held = next(seed for seed in seeds if side_of(seed, world.record.config.shares) is Side.HOLDOUT)
    world.wave(0, (0, 0, 19, world.answers(held, "good", "good", "bad", "good", "bad"), []))
    world.reduce()
    found = {item.key.prompt_id: item for item in world.read("holdout", HoldoutCandidate)}
    assert (found[held.prompt_id].reference, found[held.prompt_id].agreement) == ("good", 0.6)
    assert found[held.prompt_id].entropy == pytest.approx(1.0)
    silent = [item for item in found.values() if item.key.prompt_id != held.prompt_id]
    assert silent and all(item.agreement is None and item.entropy is None for item in silent)


def test_only_the_files_of_overlapping_shards_are_read_and_cached_answers_count() -> None:
    world = World(prompts(40), LABELS)
    first, second = world.parts
    cached = [a for prompt in world.prompts for a in world.answers(prompt, "good")]
    ids = {prompt.prompt_id for prompt in first}
    world.store.put_records(LAYOUT.cached(Asking.ANSWERS, 0), cached[:10])
    world.store.put_records(LAYOUT.cached_answers(0), [a for a in cached[10:] if a.prompt_id in ids])
    world.store.put_records(LAYOUT.cached_answers(1), [a for a in cached[10:] if a.prompt_id not in ids])
    rest = [
        [a for prompt in part for a in world.answers(prompt, "x", "good", "good", "bad", "good")[1:]]
        for part in (first, second)
    ]
    world.wave(0, (0, 0, 24, rest[0] + rest[1][:20], []), (1, 25, 39, rest[1][20:], []))
    assert world.reduce(0)["counts"]["candidates"] == 20
    world.store.objects[LAYOUT.answers(1)] = b"not read by shard 0"
    assert world.reduce(0)["counts"]["candidates"] == 20
    world.store.put_records(LAYOUT.answers(1), rest[1][20:])
    assert world.reduce(1)["counts"]["candidates"] == 20
    assert world.counts(1).account.answers == 100


def test_a_second_time_gives_the_same_files() -> None:
    world = World(prompts(3), LABELS)
    world.wave(
        0, (0, 0, 2, [a for p in world.prompts for a in world.answers(p, "good", "bad", "bad", "bad", "odd")], [])
    )
    world.reduce()
    before = dict(world.store.objects)
    world.reduce()
    assert world.store.objects == before


class FakeEmbeddings:
    """The protocol of `gateways.embeddings.Embeddings`."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str], dimensions: int) -> list[list[float]]:
        self.asked += texts
        return [[1.0] + [0.0] * (dimensions - 1) for _ in texts]


@pytest.mark.parametrize(("threshold", "length"), [(None, 0), (0.9, 512)])
def test_embeddings_are_asked_only_where_semantic_duplicates_are_looked_for(
    threshold: float | None, length: int
) -> None:
    world = World(prompts(2), LABELS, duplicates={"semanticThreshold": threshold})
    world.wave(0, (0, 0, 1, [a for p in world.prompts for a in world.answers(p, *["good"] * 5)], []))
    world.reduce()
    assert [len(candidate.key.embedding) for candidate in world.read("shard", Candidate)] == [length, length]
    assert len(world.embeddings.asked) == (2 if threshold else 0)


def test_an_answer_that_nobody_asked_for_fails_the_shard() -> None:
    world = World(prompts(1), LABELS)
    world.wave(0, (0, 0, 0, [answer("p0-00000000-s9", "good")], []))
    with pytest.raises(RecordsLost, match=r"never went in.*p0-00000000-s9"):
        world.reduce()


def test_without_any_answer_the_run_ends_with_what_the_shards_say() -> None:
    world = World(prompts(1), LABELS)
    world.wave(0, (0, 0, 0, [], [rejected(record_id, "truncated") for record_id in world.ids(world.prompts[0])]))
    world.reduce()
    with pytest.raises(NotEnoughAnswers, match="truncated"):
        account_of(world.store, world.ledger, "run-1")  # type: ignore[arg-type]
