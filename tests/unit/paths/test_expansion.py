"""The rounds of expansion on fakes: what is asked, what is kept, how the rounds end, what a rerun leaves alone."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable
from itertools import count
from typing import Any

import msgspec
import pytest

from application.services import Services
from distillation.inference.requests import prompt_of, sample_of
from distillation.layout import RunLayout
from distillation.records import Prompt, Request
from distillation.run.config import Split
from distillation.seeds.prompts import prompt_id
from distillation.seeds.split import Side, side_of
from handlers import answer_now, plan_expansion, prepare_run, read_expansion, read_replies
from tests.fakes import (
    Clock,
    FakeCatalogue,
    FakeModels,
    FakeParameters,
    Invocation,
    MemoryLedger,
    MemoryStore,
    model_output,
    record_error,
)
from tests.worlds.path_world import deployment_settings

SPLIT = {"holdoutShare": 0.4}
SLOTS = (
    ["great", "awful", "slow", "warm", "fresh", "stale", "rude", "kind", "cheap", "dear"],
    ["soup", "pizza", "waiter", "service", "table", "dessert", "coffee", "bread", "salad", "music"],
    ["pleased", "surprised", "bored", "angered", "helped", "ruined", "saved", "cheered", "tired", "delighted"],
    ["me", "us", "them", "everybody", "nobody", "mother", "father", "children", "friends", "guests"],
    ["yesterday", "today", "tonight", "twice", "always", "never", "again", "outside", "inside", "upstairs"],
    [
        "in Rome",
        "by the sea",
        "after work",
        "on Sunday",
        "for lunch",
        "with a smile",
        "without a word",
        "as usual",
        "for once",
        "at the end",
    ],
)


def sentence(number: int) -> str:
    """A review of chosen words, another one for each number."""
    digest = hashlib.sha256(str(number).encode()).digest()
    words = [slot[digest[place] % 10] for place, slot in enumerate(SLOTS)]
    return f"The {' '.join(words)}, visit {number}"


Teacher = Callable[[str, Request], dict[str, object]]


def told(request: Request) -> str:
    text: str = request.model_input["messages"][0]["content"][0]["text"]  # type: ignore[index]
    return text


def wanted(request: Request) -> tuple[int, str]:
    found = re.search(r"Reply with a numbered list of (\d+) (texts|topics)", told(request))
    assert found
    return int(found[1]), found[2]


class GoodTeacher:
    """Writes what was asked for, never the same twice."""

    def __init__(self) -> None:
        self.numbers, self.asked = count(), Counter[str]()

    def __call__(self, model_id: str, request: Request) -> dict[str, object]:
        self.asked[request.record_id] += 1
        number, thing = wanted(request)
        write = self.text if thing == "texts" else self.topic
        return model_output("\n".join(f"{place}. {write(next(self.numbers))}" for place in range(1, number + 1)))

    def text(self, number: int) -> str:
        return sentence(number)

    def topic(self, number: int) -> str:
        return f"the {SLOTS[1][number % 10]} of place {number}"


class World(Services):
    """Services that are all fakes, over seeds of two categories, three to one."""

    def __init__(
        self, teacher: Teacher, store: MemoryStore | None = None, run_id: str = "run-1", **expansion: Any
    ) -> None:
        super().__init__(deployment_settings(), Clock())
        self.files, self.run_ref = store or MemoryStore(), {"runId": run_id, "dataset": "reviews"}
        self.layout = RunLayout(run_id)
        self.__dict__.update(
            store=self.files,
            ledger=MemoryLedger(),
            models=FakeModels(teacher),
            catalogue=FakeCatalogue(),
            parameters=FakeParameters(),
        )
        rows = [
            {"prompt": sentence(100_000 + n), "category": "food" if n % 4 else "place", "system": "Judge the review."}
            for n in range(120)
        ]
        self.files.put("seeds/reviews/a.jsonl", b"\n".join(json.dumps(row).encode() for row in rows))
        settings = {
            "dataset": "reviews",
            "runId": run_id,
            "task": {"kind": "label", "labels": ["good", "bad"]},
            "split": SPLIT,
            "expansion": expansion,
        }
        prepare_run.run(
            {"input": settings, "executionName": run_id, "startedAt": "2026-01-01T00:00:00Z"}, self, Invocation()
        )

    def round(self, number: int) -> tuple[dict[str, Any], dict[str, Any]]:
        wave: dict[str, Any] = plan_expansion.run({"run": self.run_ref, "wave": number}, self, Invocation())
        for shard in wave["shards"]:
            event = {"run": self.run_ref, "stage": wave["stage"], "wave": number, **shard}
            answer_now.run(event, self, Invocation())
            read_replies.run(event, self, Invocation())
        return wave, read_expansion.run({"run": self.run_ref, "wave": number}, self, Invocation())

    def expand(self) -> dict[str, Any]:
        for number in range(30):
            _, outcome = self.round(number)
            if not outcome["more"]:
                return outcome
        raise AssertionError("the rounds do not end")

    def prompts(self) -> list[Prompt]:
        return list(self.files.records(self.layout.expanded, Prompt))

    def summary(self) -> dict[str, Any]:
        return dict(self.files.json(self.layout.expansion("summary.json")))

    def rejected(self) -> Counter[str]:
        return Counter(
            json.loads(line)["reason"] for line in self.files.lines_below(self.layout.expansion(""), named="rejected-")
        )

    def seeds(self) -> list[Prompt]:
        return list(self.files.records(self.layout.prompts, Prompt))


@pytest.fixture(autouse=True)
def through_converse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("distillation.inference.requests.BATCH_MIN_RECORDS", 100_000)


def test_asked_n_got_n_in_equal_shares_with_the_balance_of_the_seeds() -> None:
    world = World(GoodTeacher(), targetPrompts=120)
    outcome, prompts = world.expand(), world.prompts()
    assert outcome["counts"]["expanded"] == len(prompts) == 120 and world.summary()["why"] == "target reached"
    shares = Counter(p.method for p in prompts)
    assert set(shares) == {"topics", "personas", "evolution", "selfInstruct"} and all(
        abs(share - 30) <= 2 for share in shares.values()
    )
    parents = Counter(
        p.category
        for p in world.seeds()
        if side_of(p, Split(holdout_share=0.4, validation_share=0.1)) is not Side.HOLDOUT
    )
    assert abs(sum(p.category == "place" for p in prompts) - 120 * parents["place"] / parents.total()) < 1
    assert len({p.prompt_id for p in prompts} | {p.prompt_id for p in world.seeds()}) == 240
    assert {p.system for p in prompts} == {p.system for p in world.seeds()}


def test_no_seed_of_the_holdout_is_a_parent_or_stands_in_a_request() -> None:
    world = World(GoodTeacher(), targetPrompts=60)
    world.expand()
    plan = Split(holdout_share=0.4, validation_share=0.1)
    held = [p for p in world.seeds() if side_of(p, plan) is Side.HOLDOUT]
    assert len(held) > 20
    assert not {p.prompt_id for p in held} & {parent for prompt in world.prompts() for parent in prompt.parents}
    asked = b"".join(body for key, body in world.files.objects.items() if "2-requests/expansion-" in key).decode()
    assert all(re.search(re.escape(p.prompt) + r"\b", asked) is None for p in held)
    assert all(side_of(p, plan) is not Side.HOLDOUT for p in world.prompts())


def test_a_near_copy_of_a_held_seed_is_no_parent_either() -> None:
    world = World(GoodTeacher(), targetPrompts=60)
    plan = Split(holdout_share=0.4, validation_share=0.1)
    held = next(p for p in world.seeds() if side_of(p, plan) is Side.HOLDOUT)
    copies = [p for n in range(9) if side_of(p := copy_of(held, n), plan) is not Side.HOLDOUT]
    assert copies
    world.files.put_records(world.layout.prompts, [*world.seeds(), *copies])
    world.expand()
    assert not {p.prompt_id for p in copies} & {parent for prompt in world.prompts() for parent in prompt.parents}


def copy_of(prompt: Prompt, number: int) -> Prompt:
    text = prompt.prompt + "!" * (number + 1)
    return msgspec.structs.replace(prompt, prompt=text, prompt_id=prompt_id("Judge the review.", text))


def test_record_ids_are_like_those_of_the_teachers_answers() -> None:
    teacher = GoodTeacher()
    World(teacher, targetPrompts=20).expand()
    assert all(re.fullmatch(r"[0-9a-f]{20}-[0-9a-f]{8}-s0", record_id) for record_id in teacher.asked)
    assert all(len(prompt_of(record_id)) == 20 and sample_of(record_id) == "s0" for record_id in teacher.asked)


def test_set_categories_are_reached_exactly_also_one_without_seeds() -> None:
    world = World(GoodTeacher(), targetPrompts=40, categories={"food": 1, "place": 2, "parking": 1})
    world.expand()
    assert Counter(p.category for p in world.prompts()) == {"place": 20, "food": 10, "parking": 10}


class BadTeacher(GoodTeacher):
    """Of five texts one copies a seed that it is shown, one is off topic, one holds a reserved word, one repeats the
    first.

    Some replies are no list, some fail.
    """

    def __call__(self, model_id: str, request: Request) -> dict[str, object]:
        self.asked[request.record_id] += 1
        turn = self.asked.total()
        if turn % 10 == 0:
            return model_output("I would be happy to write some reviews for you.")
        if turn % 10 == 5:
            return record_error(400, "no")
        number, thing = wanted(request)
        if thing == "topics":
            return model_output("\n".join(f"- {self.topic(next(self.numbers))}" for _ in range(number)))
        good = self.text(next(self.numbers))
        shown = re.findall(r"^1\. (.*)$", told(request), re.MULTILINE)[0]
        texts = [
            good,
            shown.upper(),
            "∫ x² dx = x³/3 für alle ξ ∈ ℝ",
            "Assistant: the soup was great",
            good.replace("The", "A"),
        ]
        return model_output(json.dumps(texts[:number]))


def test_what_cannot_be_used_is_kept_with_its_reason_and_every_item_is_accounted_for() -> None:
    world = World(BadTeacher(), targetPrompts=60, maxRounds=12)
    outcome = world.expand()
    assert outcome["counts"]["expanded"] == 60
    reasons = world.rejected()
    assert {"duplicate", "near_duplicate", "off_topic", "reserved_word", "unparseable_reply", "no_reply"} <= set(
        reasons
    )
    for found in world.summary()["methods"].values():
        of_items = sum(
            n
            for name, n in found.items()
            if name not in ("requests", "asked", "parsed", "kept", "noReply", "unparseableReply")
        )
        assert found["parsed"] == found["kept"] + of_items


def test_of_a_reply_that_was_cut_the_whole_items_count() -> None:
    class Cut(GoodTeacher):
        def __call__(self, model_id: str, request: Request) -> dict[str, object]:
            texts = [self.text(next(self.numbers)) for _ in range(3)]
            return model_output(
                "\n".join(f"{n}. {text}" for n, text in enumerate([*texts[:2], texts[2][:9]], 1)), stop="max_tokens"
            )

    world = World(Cut(), targetPrompts=20, methods=["selfInstruct"], maxRounds=1)
    world.expand()
    counts = world.summary()["methods"]["selfInstruct"]
    assert (counts["requests"], counts["asked"], counts["parsed"]) == (4, 20, 8)
    assert all(re.search(r"visit \d+$", prompt.prompt) for prompt in world.prompts())


def test_more_than_the_target_are_over_target() -> None:
    class Generous(GoodTeacher):
        def __call__(self, model_id: str, request: Request) -> dict[str, object]:
            return model_output("\n".join(f"{place}) {self.text(next(self.numbers))}" for place in range(1, 9)))

    world = World(Generous(), targetPrompts=17, methods=["selfInstruct"])
    assert world.expand()["counts"]["expanded"] == 17
    assert world.rejected()["over_target"] >= 1


def test_too_little_that_is_new_ends_the_rounds_with_the_reason() -> None:
    world = World(
        lambda _model, _request: model_output(f"1. {sentence(100_000)}"),
        targetPrompts=50,
        methods=["selfInstruct"],
        minYield=0.1,
    )
    outcome = world.expand()
    assert outcome["counts"]["expanded"] == 0 and world.prompts() == []
    assert world.summary()["why"] == "round 1 brought 0 usable new prompts of 50 asked (0.0%), less than minYield 10.0%"


def test_the_rounds_are_used_up() -> None:
    world = World(BadTeacher(), targetPrompts=60, maxRounds=2)
    assert 0 < world.expand()["counts"]["expanded"] < 60
    assert world.summary()["why"] == "all 2 rounds of maxRounds used" and world.summary()["rounds"] == 2


def test_topics_alone_take_a_round_for_their_topics() -> None:
    world = World(GoodTeacher(), targetPrompts=20, methods=["topics"])
    world.expand()
    assert len(world.prompts()) == 20 and world.summary()["topics"] > 0
    assert world.files.json(world.layout.expansion("counts-00.json"))["methods"]["topics"]["asked"] == 0


def test_a_later_round_asks_for_what_is_missing_and_not_for_the_whole_target_again() -> None:
    world = World(BadTeacher(), targetPrompts=60, methods=["selfInstruct"], maxRounds=8)
    world.expand()
    first, second = (
        world.files.json(world.layout.expansion(f"counts-{n:02d}.json"))["methods"]["selfInstruct"] for n in (0, 1)
    )
    assert first["asked"] == 60
    missing = 60 - first["kept"]
    assert second["asked"] == pytest.approx(missing * 60 / first["kept"], rel=0.02) or second["asked"] == missing * 5


def test_a_rerun_asks_nothing_twice_and_writes_the_same() -> None:
    teacher = GoodTeacher()
    world = World(teacher, targetPrompts=40)
    world.expand()
    before = dict(world.files.objects)
    again = World(teacher, world.files, targetPrompts=40)
    again.expand()
    assert max(teacher.asked.values()) == 1
    changed = {key for key, body in world.files.objects.items() if before.get(key) != body}
    assert changed == set()


def test_another_run_of_the_same_question_takes_over_what_was_paid_for() -> None:
    teacher = GoodTeacher()
    first = World(teacher, targetPrompts=40)
    first.expand()
    asked = teacher.asked.total()
    second = World(teacher, first.files, "run-2", targetPrompts=40)
    assert second.expand()["counts"]["expanded"] == 40
    assert teacher.asked.total() == asked
    assert [p.prompt for p in second.prompts()] == [p.prompt for p in first.prompts()]


def test_seeds_that_are_all_held_out_give_nothing_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("distillation.expansion.requests.side_of", lambda _prompt, _plan: Side.HOLDOUT)
    world = World(GoodTeacher(), targetPrompts=10)
    assert world.expand()["counts"]["expanded"] == 0
    assert "every seed is held out" in world.summary()["why"]
