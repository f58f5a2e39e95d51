"""Does the judge know right from wrong?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from distillation.evaluation.answer_metrics import EXACT
from distillation.evaluation.scores import JudgeCalibration
from distillation.evaluation.uncertainty.statistics import Draw
from distillation.judging.calibration import Graded, calibration_of, judge_calibration
from distillation.judging.scores import Judgements
from distillation.records import HoldoutItem
from distillation.run.evaluation import NumericTolerance
from distillation.task import Task, TaskKind

STEPS = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])
LABEL = Task(kind=TaskKind.LABEL, labels=("good", "bad"))


def measured(items: list[Graded], resamples: int = 999) -> JudgeCalibration:
    return calibration_of("m", items, Draw(resamples, 1))


@given(st.lists(STEPS, min_size=1, max_size=12), st.lists(STEPS, min_size=1, max_size=12))
def test_the_area_is_scipys_mann_whitney_u_over_all_pairs(right: list[float], wrong: list[float]) -> None:
    found = measured([*(([score], []) for score in right), *(([], [score]) for score in wrong)], resamples=20)
    assert found.auc is not None and found.mean_right is not None and found.mean_wrong is not None
    assert found.auc.value == pytest.approx(mannwhitneyu(right, wrong).statistic / (len(right) * len(wrong)))
    assert (found.mean_right.value, found.mean_wrong.value) == (
        pytest.approx(np.mean(right)),
        pytest.approx(np.mean(wrong)),
    )
    assert (found.right, found.wrong, found.auc.n) == (len(right), len(wrong), len(right) + len(wrong))


def test_a_judge_that_knows_and_one_that_does_not() -> None:
    knows = measured([([1.0], [0.0])] * 40)
    assert knows.auc is not None
    assert (knows.auc.value, knows.auc.low, knows.auc.high) == (1.0, 1.0, 1.0)
    rng = np.random.default_rng(3)
    blind = measured([([float(a)], [float(b)]) for a, b in rng.integers(0, 2, (200, 2))])
    assert blind.auc is not None and blind.auc.low is not None and blind.auc.high is not None
    assert blind.auc.low < 0.5 < blind.auc.high
    assert blind.auc.high - blind.auc.low < 0.2


def test_without_a_wrong_answer_there_is_nothing_to_tell_apart() -> None:
    assert measured([([1.0], [])] * 3) == JudgeCalibration(
        metric="m", right=3, wrong=0, mean_right=None, mean_wrong=None, auc=None
    )


def test_few_wrong_answers_make_a_wide_interval_and_not_none() -> None:
    found = measured([*[([1.0], [])] * 5, *[([0.5], [])] * 15, ([], [0.5]), ([], [0.0])])
    assert found.auc is not None and found.auc.low is not None and found.auc.high is not None
    assert found.auc.low < found.auc.value < found.auc.high


def judged(items: list[HoldoutItem], **arms: dict[str, tuple[str, float]]) -> Judgements:
    """Arm -> prompt id -> text and score."""
    texts = {arm: {one: text for one, (text, _) in said.items()} for arm, said in arms.items()}
    scores = {arm: {one: {"m": score} for one, (_, score) in said.items()} for arm, said in arms.items()}
    return Judgements(items, ("m",), texts, scores)


def test_right_is_what_matches_the_reference_over_all_arms() -> None:
    items = [
        HoldoutItem(prompt_id="p0", prompt="0", reference="good"),
        HoldoutItem(prompt_id="p1", prompt="1", reference="bad"),
        HoldoutItem(prompt_id="p2", prompt="2"),
    ]
    given = judged(
        items, student={"p0": ("Good.", 1.0), "p1": ("good", 0.5), "p2": ("good", 1.0)}, base={"p1": ("no label", 0.0)}
    )
    [found] = judge_calibration(given, LABEL, EXACT, Draw(50, 1))
    assert (found.right, found.wrong) == (1, 2)
    assert found.mean_wrong is not None and found.mean_wrong.value == 0.25


def test_numbers_within_the_tolerance_are_right() -> None:
    task = Task(kind=TaskKind.ANSWER, answer_pattern=r"is (\S+)$")
    items = [HoldoutItem(prompt_id=f"p{n}", prompt=str(n), reference="100") for n in range(2)]
    given = judged(items, student={"p0": ("It is 101", 1.0), "p1": ("It is 120", 0.0)})
    [found] = judge_calibration(given, task, NumericTolerance(relative=0.05), Draw(50, 1))
    assert (found.right, found.wrong) == (1, 1)


def test_free_text_and_a_holdout_without_references_have_no_calibration() -> None:
    with_reference, without = (
        HoldoutItem(prompt_id="p", prompt="q", reference="r"),
        HoldoutItem(prompt_id="p", prompt="q"),
    )
    for item, task in ((with_reference, Task(kind=TaskKind.TEXT)), (without, LABEL)):
        assert judge_calibration(judged([item], student={"p": ("r", 1.0)}), task, EXACT, Draw(50, 1)) == ()
