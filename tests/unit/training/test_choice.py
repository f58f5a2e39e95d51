"""The names of several trainings, what each learns, and which one is chosen."""

import math

from hypothesis import given
from hypothesis import strategies as st

from distillation.bedrock import job_names
from distillation.bedrock.job_status import JobKind
from distillation.run.training import CandidateSetting, Training
from distillation.training.choice import (
    Tried,
    arms_of,
    best_of,
    first_trainings,
    hyperparameters,
    later_trainings,
    lines_by_hash,
    repeated_lines,
)

LINES = st.lists(st.binary(max_size=12), max_size=60)


@given(LINES)
def test_a_repeat_learns_nine_tenths_of_the_lines_and_the_same_ones_every_time(lines: list[bytes]) -> None:
    kept = repeated_lines(lines, "student-2")
    assert len(kept) == math.ceil(9 * len(lines) / 10)
    assert all(kept.count(line) <= lines.count(line) for line in kept)
    assert kept == repeated_lines(lines, "student-2")


def test_two_repeats_differ_in_lines_and_in_order() -> None:
    lines = [b"%d" % number for number in range(100)]
    second, third = repeated_lines(lines, "student-2"), repeated_lines(lines, "student-3")
    assert set(second) != set(third)
    assert second != sorted(second, key=lines.index)
    common = set(second) & set(third)
    assert [line for line in second if line in common] != [line for line in third if line in common]


@given(LINES, st.integers(0, 80))
def test_no_more_lines_than_there_are(lines: list[bytes], count: int) -> None:
    assert len(lines_by_hash(lines, count, "examples")) == min(count, len(lines))


def test_one_training_is_the_arm_itself_and_candidates_come_before_their_repeats() -> None:
    assert first_trainings(Training()) == ["student"]
    assert (first_trainings(Training(repeats=2)), later_trainings(Training(repeats=2))) == (
        ["student-1", "student-2"],
        [],
    )
    both = Training(repeats=3, candidates=(CandidateSetting(), CandidateSetting(epoch_count=4)))
    assert (first_trainings(both), later_trainings(both)) == (
        ["candidate-1", "candidate-2"],
        ["student-2", "student-3"],
    )
    assert both.trainings == 4


def test_a_repeat_takes_the_setting_of_the_best_candidate_and_other_arms_take_the_runs() -> None:
    training = Training(repeats=2, candidates=(CandidateSetting(), CandidateSetting(epoch_count=4, learning_rate=5e-5)))
    found = {name: hyperparameters(training, name, "candidate-2") for name in ("candidate-1", "student-2", "direct")}
    assert [(one.epoch_count, one.learning_rate) for one in found.values()] == [(2, 1e-5), (4, 5e-5), (2, 1e-5)]


def test_the_highest_score_wins_the_first_of_equals_and_one_without_a_score_never() -> None:
    tried = [
        Tried(name=name, model_arn=name, setting={}, score=score, n=9)
        for name, score in (("student-1", None), ("student-2", 0.5), ("student-3", 0.5))
    ]
    assert best_of(tried) == "student-2"
    assert arms_of("student-2", ["student-1", "student-2"]) == {"student-2": "student", "student-1": "student-1"}


def test_every_training_has_names_that_are_read_back_and_fit() -> None:
    run = "r" * job_names.RUN_ID_MAX
    for arm in ("student-2", "candidate-4", "student", "direct"):
        for name, kind in (
            (job_names.tuning("nova-distill", run, arm), JobKind.TUNING),
            (job_names.deployment("nova-distill", run, arm), JobKind.DEPLOYMENT),
        ):
            found = job_names.parsed(name)
            assert found and (found.kind, found.arm) == (kind, arm)
            assert job_names.run_id_of("nova-distill", name) == run and len(name) <= 63
