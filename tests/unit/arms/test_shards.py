"""Arms: every arm answers every holdout prompt once, by the cheapest route that its model allows."""

from hypothesis import given
from hypothesis import strategies as st

from distillation.arms.shards import ArmRoute, arm_shards


@given(items=st.integers(1, 5000), max_records=st.integers(100, 1000), samples=st.integers(0, 8))
def test_each_arms_shards_cover_the_holdout_without_overlap(items: int, max_records: int, samples: int) -> None:
    deployed = {"student": "arn:d", "direct": "arn:e"}
    shards = arm_shards(
        items, base_model="micro", deployments=deployed, max_records=max_records, few_shot=True, samples=samples
    )
    for arm in ("teacher", "base", "few-shot", "student", "direct"):
        own = [s for s in shards if s.arm == arm]
        assert [n for s in own for n in range(s.first, s.first + s.items)] == list(range(items))
        assert all(s.records == s.items * (1 + samples) for s in own)
        assert [s.shard for s in own] == list(range(len(own)))
    assert all(s.records >= 100 for s in shards if s.route is ArmRoute.BATCH)
    assert all(s.records <= 500 for s in shards if s.route is ArmRoute.NOW)


def test_base_is_batched_from_100_prompts_on_and_a_deployment_never() -> None:
    def routes(items: int) -> dict[str, ArmRoute]:
        return {
            s.arm: s.route
            for s in arm_shards(items, base_model="micro", deployments={"student": "arn:d"}, max_records=10_000)
        }

    assert routes(100) == {"teacher": ArmRoute.SAMPLES, "base": ArmRoute.BATCH, "student": ArmRoute.NOW}
    assert routes(99)["base"] is ArmRoute.NOW


def test_shards_ask_the_model_of_their_arm() -> None:
    asked = {
        s.arm: s.model_id for s in arm_shards(10, base_model="micro", deployments={"student": "arn:d"}, max_records=100)
    }
    assert asked == {"teacher": "", "base": "micro", "student": "arn:d"}


def test_an_empty_holdout_has_no_shards() -> None:
    assert arm_shards(0, base_model="micro", deployments={"student": "arn:d"}, max_records=100) == []


def test_samples_count_for_the_batch_floor_and_few_shot_goes_the_way_of_base() -> None:
    shards = {
        s.arm: s
        for s in arm_shards(20, base_model="micro", deployments={}, max_records=10_000, few_shot=True, samples=4)
    }
    assert {arm: (s.route, s.model_id, s.records) for arm, s in shards.items() if arm != "teacher"} == {
        "base": (ArmRoute.BATCH, "micro", 100),
        "few-shot": (ArmRoute.BATCH, "micro", 100),
        "few-shot-2": (ArmRoute.NOW, "micro", 20),
        "few-shot-3": (ArmRoute.NOW, "micro", 20),
    }, "further draws answer greedily only"


def test_no_few_shot_arm_where_none_is_wanted() -> None:
    assert {s.arm for s in arm_shards(10, base_model="micro", deployments={}, max_records=100)} == {"teacher", "base"}
