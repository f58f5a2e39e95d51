"""Requests: ids that derive from content, shards within the quotas, nothing lost between them."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from distillation.inference.requests import (
    GREEDY_TEMPERATURE,
    prompt_of,
    prompt_shards,
    prompts_a_shard,
    requests_of,
    sample_of,
    shard_requests,
)
from distillation.records import Prompt, Request, Route
from distillation.run.config import Sampling

SAMPLING = Sampling(greedy=1, sampled=4, temperature=1.0, top_p=1.0, max_tokens=64)


def a_prompt(number: int = 0, system: str = "Be brief.") -> Prompt:
    return Prompt(prompt_id=f"{number:020x}", prompt=f"question {number}", seed_id=str(number), system=system)


def test_one_greedy_and_k_sampled_requests_a_prompt() -> None:
    requests = requests_of(a_prompt(), SAMPLING, "teacher")
    assert [sample_of(r.record_id) for r in requests] == ["g0", "s0", "s1", "s2", "s3"]
    assert {prompt_of(r.record_id) for r in requests} == {a_prompt().prompt_id}
    assert [r.model_input["inferenceConfig"]["temperature"] for r in requests] == [
        GREEDY_TEMPERATURE,
        1.0,
        1.0,
        1.0,
        1.0,
    ]  # type: ignore[index]


def test_a_prompt_without_system_text_sends_none() -> None:
    assert "system" not in requests_of(a_prompt(system=""), SAMPLING, "teacher")[0].model_input


def test_the_same_question_has_the_same_id_in_every_run_and_another_one_another() -> None:
    ids = [r.record_id for r in requests_of(a_prompt(), SAMPLING, "teacher")]
    assert ids == [r.record_id for r in requests_of(a_prompt(), SAMPLING, "teacher")]
    for other in (
        requests_of(a_prompt(), SAMPLING, "another teacher"),
        requests_of(a_prompt(system="Be long."), SAMPLING, "teacher"),
        requests_of(a_prompt(), SAMPLING.model_copy(update={"max_tokens": 65}), "teacher"),
    ):
        assert not set(ids) & {r.record_id for r in other}


def test_temperature_changes_the_sampled_ids_but_not_the_greedy_one() -> None:
    warm = requests_of(a_prompt(), SAMPLING, "teacher")
    cool = requests_of(a_prompt(), SAMPLING.model_copy(update={"temperature": 0.5}), "teacher")
    assert warm[0].record_id == cool[0].record_id
    assert not {r.record_id for r in warm[1:]} & {r.record_id for r in cool[1:]}


@given(sizes=st.lists(st.integers(1, 9), max_size=80), max_records=st.integers(100, 160))
def test_shards_hold_every_request_once_in_order_and_keep_a_prompt_together(sizes: list[int], max_records: int) -> None:
    groups = [[Request(record_id=f"{p}-x-s{s}", model_input={}) for s in range(size)] for p, size in enumerate(sizes)]
    shards = list(shard_requests(enumerate(groups), max_records, first_shard=3))
    ids = [[msgspec.json.decode(line)["recordId"] for line in lines] for _, lines in shards]
    assert [i for shard in ids for i in shard] == [r.record_id for group in groups for r in group]
    homes = [{prompt_of(i) for i in shard} for shard in ids]
    assert sum(map(len, homes)) == len(set().union(*homes))
    assert [shard.shard for shard, _ in shards] == list(range(3, 3 + len(shards)))
    assert all(shard.records == len(lines) <= max_records for shard, lines in shards)
    assert [(shard.first, shard.last) for shard, _ in shards] == [
        (min(home), max(home)) for home in ({int(p) for p in home} for home in homes)
    ]
    assert all((shard.route is Route.BATCH) == (len(lines) >= 100) for shard, lines in shards)


@given(count=st.integers(0, 60), max_records=st.integers(1, 40))
def test_shards_of_prompts_hold_every_prompt_once_in_order(count: int, max_records: int) -> None:
    parts = list(prompt_shards(map(a_prompt, range(count)), SAMPLING, max_records))
    assert [prompt for part in parts for prompt in part] == list(map(a_prompt, range(count)))
    assert all(len(part) == prompts_a_shard(SAMPLING, max_records) for part in parts[:-1])


def test_99_records_are_answered_now_and_100_in_a_batch() -> None:
    def route(records: int) -> Route:
        groups = [[Request(record_id=f"{i}-x-g0", model_input={})] for i in range(records)]
        return next(shard_requests(enumerate(groups), 10_000))[0].route

    assert (route(99), route(100)) == (Route.NOW, Route.BATCH)


def settings_of(requests: list[Request]) -> list[dict[str, float]]:
    return [dict(request.model_input["inferenceConfig"]) for request in requests]  # type: ignore[call-overload]


def test_a_greedy_request_leaves_top_p_out_because_claude_refuses_it_beside_a_temperature() -> None:
    greedy, sampled, *_ = settings_of(requests_of(a_prompt(), SAMPLING, "amazon.nova-pro-v1:0"))
    assert greedy == {"maxTokens": 64, "temperature": GREEDY_TEMPERATURE}
    # Nova's own default is 0.9: the whole distribution must be asked for.
    assert sampled == {"maxTokens": 64, "temperature": 1.0, "topP": 1.0}


def test_a_sampled_request_to_claude_never_holds_both_sampling_fields() -> None:
    plan = SAMPLING.model_copy(update={"top_p": 0.5})
    asked = settings_of(requests_of(a_prompt(), plan, "us.anthropic.claude-haiku-4-5-20251001-v1:0"))
    assert [set(one) for one in asked] == [{"maxTokens", "temperature"}] * 5


def test_ids_are_those_of_runs_that_wrote_top_p_out_so_the_answer_cache_still_knows_them() -> None:
    prompt = Prompt(prompt_id="0" * 20, prompt="question 0", seed_id="0", system="Be brief.")
    greedy, sampled, *_ = requests_of(prompt, SAMPLING, "amazon.nova-pro-v1:0")
    assert greedy.record_id == "00000000000000000000-003df7e4-g0"
    assert sampled.record_id == "00000000000000000000-14c5df0f-s0"
