"""The benchmarks run and count right, at small sizes and without the peers. Their speed is never tested."""

import math
import random
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks import cold_start, fanout, gate, gate_worlds, scale
from benchmarks.__main__ import PARTS
from benchmarks.convergence import (
    SIZES,
    corrected_entropy,
    distance,
    expected,
    loss,
    observed,
    plug_in_entropy,
    summary,
)
from benchmarks.curation import check, expected_counts, found_counts
from benchmarks.environments import BenchmarkFailed
from benchmarks.replies import curation_ours
from benchmarks.replies.reply_records import Planted, reply_files, write_run
from benchmarks.results import markdown
from benchmarks.soft_hard import METRICS
from benchmarks.soft_hard import summary as students
from benchmarks.tables import TABLES, convergence_tables
from benchmarks.teaching.asking import teacher_sources
from distillation.run.evaluation import Gate
from infra.packaging.machine_text import whole_machine

TRUTH = {"positive": 0.75, "negative": 0.25}
MACHINE = {"cpu": "x", "cores": 1, "memory_gb": 1, "python": "3.11", "os": "linux"}


def test_what_the_teacher_said_is_kept_with_the_code_that_said_it() -> None:
    assert any("class EmbeddedTeacher" in source for source in teacher_sources())


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Planted, dict[str, int], Path]:
    root = tmp_path_factory.mktemp("benchmark")
    planted = write_run(root, 600)
    return planted, curation_ours.run(root)["counts"], root


def test_counts_are_the_planted_ones(measured: tuple[Planted, dict[str, int], Path]) -> None:
    planted, counts, _ = measured
    assert planted == Planted(prompts=600, records=2400, errors=48, truncated=72, reserved=6, near_duplicates=60)
    assert found_counts(counts) == expected_counts(planted)
    check(planted, counts)


def test_a_wrong_count_fails_the_benchmark(measured: tuple[Planted, dict[str, int], Path]) -> None:
    planted, counts, _ = measured
    with pytest.raises(BenchmarkFailed, match=r"reply:truncated.*\(72, 71\)"):
        check(planted, {**counts, "reply:truncated": 71})
    with pytest.raises(BenchmarkFailed, match=r"prompt:refusal.*\(0, 1\)"):
        check(planted, {**counts, "prompt:refusal": 1})


def test_records_have_the_size_and_the_form_of_the_issue(measured: tuple[Planted, dict[str, int], Path]) -> None:
    lines = [line for path in reply_files(measured[2]) for line in path.read_bytes().splitlines()]
    assert len(lines) == 2400
    assert 1_200 < sum(map(len, lines)) / len(lines) < 1_400
    assert sum(b'"error":' in line for line in lines) == 48


def test_a_second_run_over_the_same_folder_gives_the_same(measured: tuple[Planted, dict[str, int], Path]) -> None:
    assert curation_ours.run(measured[2])["counts"] == measured[1]


def test_measures_of_the_estimate_have_their_known_values() -> None:
    drawn = ["positive", "negative"]
    assert distance(TRUTH, drawn) == pytest.approx(0.25)
    assert loss(TRUTH, drawn) == pytest.approx(math.log(2))
    assert plug_in_entropy(TRUTH, drawn) == pytest.approx(math.log(2))
    assert corrected_entropy(TRUTH, drawn) == pytest.approx(math.log(2) + 0.25)


def test_the_expected_distance_of_one_draw_is_twice_the_product_of_the_shares() -> None:
    # |1 - p| with chance p and |0 - p| with chance 1 - p.
    assert expected(distance, TRUTH, 1) == pytest.approx(2 * 0.75 * 0.25)
    assert observed(distance, TRUTH, ["positive"] * 3 + ["negative"], 1) == pytest.approx(2 * 0.75 * 0.25)


def test_convergence_has_every_k_and_a_table() -> None:
    answer = {
        "engine": TRUTH,
        "teacher": TRUTH,
        "engineDraws": ["positive"] * 12 + ["negative"] * 4,
        "replies": ["positive"] * 16,
    }
    part = summary([answer, answer])
    assert [row["k"] for row in part["teacher"]["by_k"]] == list(SIZES)
    assert part["engine"]["by_k"][-1]["total_variation"] == [0.0, 0.0, 0.0]
    assert part["teacher"]["by_k"][-1]["total_variation"] == [0.25, 0.25, 0.25]
    assert len(convergence_tables(part)[0].rows) == len(SIZES)


def test_differences_of_students_are_taken_within_each_seed() -> None:
    figures = {"lines": [10.0, 10.0], **{metric: [0.5, 0.7] for metric in METRICS}}
    better = {"lines": [10.0, 10.0], **{metric: [0.6, 0.8] for metric in METRICS}}
    teacher = dict.fromkeys(
        ("accuracy", "accuracy_with_offset", "accuracy_of_a_sample", "says_positive", "gold_positive"), 0.5
    )
    rows = {"prompts|vote of greedy + 4 (default)": figures, "prompts|greedy": better, "calls|greedy": better}
    part = {"prompts": 10, "calls": 10, "seeds": 2, **students({"rows": rows, "teacher": teacher, "biased": teacher})}
    assert part["paired"]["greedy"]["accuracy"] == pytest.approx([0.1, 0.1, 0.1])
    text = markdown({"soft_hard": {**part, "machine": MACHINE, "date": "2026-01-01"}})
    assert "| greedy | +0.100 ±0.000 |" in text
    assert set(TABLES) == set(PARTS)


def test_a_cold_start_is_compared_with_the_bare_one_of_its_round_and_the_bound_names_who_breaks_it() -> None:
    measured = {
        "bare": [0.1, 0.2, 0.4],
        "start_run": [0.15, 0.3, 0.6],
        "plan_x": [0.2, 0.4, 0.4],
        "score_run": [1.0] * 3,
    }
    wheels = {name: [2 * seconds for seconds in times] for name, times in measured.items()}
    part = cold_start.summary(measured | {"plan_x": [0.4, 0.8, 0.8]}, wheels)
    assert part["ratios"] == {"bare": 0.5, "start_run": 0.75, "plan_x": 2.0, "score_run": 2.5}
    assert part["plain"]["ratios"] == {"bare": 1.0, "start_run": 1.5, "plan_x": 2.0, "score_run": 5.0}
    assert part["milliseconds"]["start_run"] == 300
    assert part["above"] == ["plan_x"]
    text = markdown({"cold_start": {**part, "machine": MACHINE, "date": "2026-01-01"}})
    assert text.index("| score_run | 1000 | 2.50 | 2000 | 5.00 |") < text.index("| start_run | 300 | 0.75 | 600 |")
    assert "Above 1.6: plan_x." in text


def test_a_world_of_the_gate_is_the_same_in_every_process_and_has_the_rates_it_is_made_of() -> None:
    draw = gate_worlds.labelled(20_000, 0.9, {"student": gate_worlds.Differs(0.03, 0.08)}, lost=0.1)
    first, again = (draw(gate_worlds.rng_of("x", 7)) for _ in range(2))
    assert first == again
    teacher, student = ([row.text for row in first.predictions[arm]] for arm in ("teacher", "student"))
    assert teacher.count(None) / 20_000 == pytest.approx(0.1, abs=0.01)
    assert student.count("positive") / 20_000 == pytest.approx(0.85, abs=0.01)


@pytest.mark.parametrize("loss", [gate_worlds.total_losses, gate_worlds.skewed_losses])
def test_losses_of_words_lie_on_the_margin(loss: Callable[..., Sequence[int]]) -> None:
    lost = gate_worlds.graded(6_000, loss)(gate_worlds.rng_of("x", 1)).predictions
    kept = {arm: sum(text.count("w") for text in (row.text for row in rows) if text) for arm, rows in lost.items()}
    assert (kept["teacher"] - kept["student"]) / 6_000 / gate_worlds.WORDS == pytest.approx(0.05, abs=0.005)


def test_the_gates_worlds_go_through_score_and_verdict() -> None:
    clear = gate_worlds.labelled(
        600, 0.6, {"student": gate_worlds.Differs(0.3, 0), "base": gate_worlds.Differs(0, 0.3)}
    )
    worse = gate_worlds.labelled(
        600, 0.9, {"student": gate_worlds.Differs(0, 0.4), "base": gate_worlds.Differs(0, 0.1)}
    )
    verdicts = [gate.verdict_of(draw(gate_worlds.rng_of("x", 1)), Gate(), 1).decision for draw in (clear, worse)]
    assert verdicts == ["promote", "reject"]


def test_a_world_breaks_its_bound_only_where_chance_does_not_explain_it() -> None:
    found = {world.name: (9, 100) for world in (*gate.WORLDS, *gate.COVERAGE)}
    name, power = gate.WORLDS[0].name, next(world.name for world in gate.WORLDS if world.at_least)
    part = gate.summary(found | {gate.WORLDS[1].name: (12, 100)}, {name: 0.5})
    assert [part["worlds"][one]["holds"] for one in (name, gate.WORLDS[1].name, power)] == [True, False, False]
    text = markdown({"gate": {**part, "machine": MACHINE, "date": "2026-01-01"}})
    assert f"| {name} | 9.0% (4.2% to 16.4%) | at most 5% | yes | 50.0% | 100 |" in text


def test_in_a_world_without_luck_the_planned_shards_reach_the_lower_bound() -> None:
    still = fanout.World(spread=0.0, busy=0.0)
    for prompts in (10_000, 100_000, 1_000_000):
        assert fanout.measured(prompts, still, 1)["ratio"] == pytest.approx(1, abs=0.001)


def test_no_plan_of_a_search_goes_below_the_lower_bound() -> None:
    """Every plan gives each slot a job, and to those that began first a second one of what it held back."""
    for world in (fanout.World(busy=0.0), fanout.World(busy=0.0, spread=1.0)):
        work, draw = 50_000 / world.rate, random.Random(1)
        waits = [[fanout.queue_wait(world, draw) for _ in range(2 * world.at_once)] for _ in range(2_000)]
        plans = [(seconds, kept) for seconds in (0, 1, 3, 5, 8, 10) for kept in (0.02, 0.1, 0.3, 0.5) if seconds]
        best = min(
            statistics.mean(_two_rounds(work, each, world.at_once, *plan) for each in waits)
            for plan in (*plans, (0, 0.0))
        )
        assert best > 0.99 * fanout.lower_bound(10_000, world)


def _two_rounds(work: float, waits: list[float], slots: int, seconds: int, kept: float) -> float:
    begun = sorted(wait + work * (1 - kept) / slots for wait in waits[:slots])
    again = [end + wait + work * kept / seconds for end, wait in zip(begun[:seconds], waits[slots:], strict=False)]
    return max(*begun, *again)


def test_a_job_that_fails_costs_a_round_and_a_run_too_wide_is_several() -> None:
    assert fanout.makespan(100_000, fanout.World(spread=0.0, failed=1.0), 0) == pytest.approx(3 * 5.25)
    part = fanout.run(Console(quiet=True), (10_000, 10_000_000), 2)
    assert [row["runs"] > 1 for row in part["sizes"]] == [False, True]
    assert part["sizes"][0]["loop"] == pytest.approx(10_000 * 5 * 6 / 3600)
    text = markdown({"fanout": {**part, "machine": MACHINE, "date": "2026-01-01"}})
    assert "| base |" in text and "| 10,000,000 |" in text


def test_a_prompt_costs_its_share_of_what_a_state_took_beyond_its_start() -> None:
    one = {"calls": 1, "seconds": 2.0, "longest": 2.0, "atStart": 80.0, "peak": 90.0}
    one |= {"secondsSpread": 0.5, "peakSpread": 1.0}
    found = scale._of_a_prompt("assemble_dataset", one, 10_000)
    assert (found["bytes"], found["microseconds"]) == (pytest.approx(10 * 2**20 / 10_000), pytest.approx(200))
    assert found["inMemory"] == pytest.approx((3008 * 0.9 - 80) * 1_000)
    assert found["beyondGb"] == pytest.approx(10_080 / 1_024)
    part = {
        "prompts": 10_000,
        "replies": 40_000,
        "repeats": 3,
        "shard": 50_000,
        "lambdas": {"read_replies": one, "counts": {"prompts": 10_000}},
        "machineMaps": {"shards": 20, "seconds": 9.0, "tasks": 80, "events": 880},
        "planned": scale.planned(),
        "whole": {"assemble_dataset": found},
    }
    text = markdown({"scale": {**part, "machine": MACHINE, "date": "2026-01-01"}})
    assert "| assemble_dataset | 1,049 | 105 | 200 | 50 | 3,008 |" in text
    assert "| 20 | 9 | 80 | 880 |" in text
    assert "| 10,000,000 | 200 | 50,000 |" in text


def test_ten_million_requests_are_planned_under_fifteen_thousand_events() -> None:
    found = scale.planned()
    assert found["requests"] == 10_000_000
    assert found["eventsAtBest"] < found["events"] < 15_000


def test_the_machines_maps_alone_are_a_whole_machine_with_the_states_and_policies_of_the_product() -> None:
    alone = scale._maps_alone(2)["States"]
    assert list(alone) == ["Begin", "AnswerShards", "ReduceShards"]
    assert alone["AnswerShards"]["ItemProcessor"] == whole_machine()["States"]["AnswerShards"]["ItemProcessor"]
