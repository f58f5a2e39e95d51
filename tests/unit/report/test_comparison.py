"""Several runs on the holdout items that all of them have."""

import msgspec
import pytest

from distillation.bedrock.prices import load_prices
from distillation.errors import InvalidInput
from distillation.evaluation.uncertainty.statistics import mcnemar, tango
from distillation.records import HoldoutItem, Prediction
from distillation.report.comparison import ComparedRun, Comparison, compare
from distillation.report.comparison_page import finding, forest_rows, render_comparison
from distillation.report.settings import differing, flat
from distillation.task import Task, TaskKind
from tests.worlds.report_world import HOSTILE

TASK = Task(kind=TaskKind.LABEL, labels=("good", "bad"))
MODELS = {"teacher": "amazon.nova-pro-v1:0", "student": "amazon.nova-micro-v1:0:128k"}


def run_of(
    run_id: str, right: str, first: int = 0, *, task: Task = TASK, reference: str = "good", epochs: int = 2
) -> ComparedRun:
    """A run over the items `first`, first + 1 ...: its student is right where `right` has a 1."""
    ids = [f"p{first + place:04d}" for place in range(len(right))]

    def answers(arm: str, given: str) -> list[Prediction]:
        pairs = zip(ids, given, strict=True)
        return [
            Prediction(
                prompt_id=i,
                arm=arm,
                text=reference if one == "1" else "bad",
                input_tokens=50,
                output_tokens=2,
                latency_ms=200,
            )
            for i, one in pairs
        ]

    return ComparedRun(
        run_id=run_id,
        dataset="reviews",
        task=task,
        holdout=[HoldoutItem(prompt_id=i, prompt=HOSTILE, reference=reference) for i in ids],
        student=answers("student", right),
        teacher=answers("teacher", "1" * len(right)),
        settings={"runId": run_id, "training": {"epochCount": epochs, "learningRate": 1e-5}, "note": HOSTILE},
        models=MODELS,
        decision="promote",
        headline="Promote: so.",
        cost_usd=1.5,
        training_lines=400,
    )


def compared(*runs: ComparedRun) -> Comparison:
    return compare(runs, prices=load_prices(), created_at="2026-01-01T00:00:00Z", resamples=199)


def test_students_are_compared_on_what_all_runs_have() -> None:
    """Items 20 to 99 are in both: there the first is right on 40 of 80, the second on 70, and never the other way
    round.
    """
    found = compared(run_of("a", "0" * 20 + "1" * 40 + "0" * 40), run_of("b", "1" * 70 + "0" * 30, first=20))
    assert found.n == 80
    assert [(run.run_id, len(run.holdout)) for run in found.runs] == [("a", 100), ("b", 100)]
    assert found.lacks == {"a": 20, "b": 20}
    assert found.arms["a"].metrics["accuracy"].value == 0.5 and found.arms["b"].metrics["accuracy"].value == 70 / 80
    first = found.differences[0]
    assert (first.arm, first.minus, first.metric, first.better, first.worse) == ("b", "a", "accuracy", 30, 0)
    assert first.value == 30 / 80
    assert (first.low, first.high) == tango(30, 0, 80)[:2]
    assert first.p_value == mcnemar(30, 0)


def test_every_pair_of_runs_is_compared_in_every_metric() -> None:
    found = compared(*(run_of(name, "1" * n + "0" * (60 - n)) for name, n in (("a", 30), ("b", 40), ("c", 50))))
    pairs = {(one.arm, one.minus) for one in found.differences}
    assert pairs == {("b", "a"), ("c", "a"), ("c", "b")}
    assert {one.metric for one in found.differences} == {"accuracy", "macroF1", "teacherAgreement"}


def test_the_finding_claims_no_more_than_is_shown() -> None:
    assert finding(compared(run_of("a", "0" * 40 + "1" * 40), run_of("b", "1" * 80)))[0] == "b is better"
    close = finding(compared(run_of("a", "1" * 39 + "0" * 21), run_of("b", "1" * 40 + "0" * 20)))
    assert close[0] == "No clear winner" and close[1].endswith("is not shown to be better than a.")
    assert finding(compared(run_of("a", "1" * 40), run_of("b", "1" * 40)))[0] == "No difference"
    three = finding(compared(run_of("a", "0" * 60), run_of("b", "1" * 59 + "0"), run_of("c", "1" * 60)))
    assert three[0] == "No clear winner"
    assert "c scores highest" in three[1] and three[1].endswith("better than b.")


def test_a_run_may_be_called_teacher() -> None:
    found = compared(run_of("teacher", "1" * 30 + "0" * 10), run_of("student", "1" * 40))
    assert list(found.arms) == ["teacher", "student"]
    assert found.arms["teacher"].metrics["accuracy"].value == 0.75
    assert found.teacher.metrics["accuracy"].value == 1


def test_changed_references_are_counted() -> None:
    other = run_of("b", "1" * 40)
    other = msgspec.structs.replace(
        other,
        holdout=[msgspec.structs.replace(item, reference="bad") for item in other.holdout[:3]] + other.holdout[3:],
    )
    assert compared(run_of("a", "1" * 40), other).changed_references == 3


def test_only_what_was_set_otherwise_is_told() -> None:
    found = compared(run_of("a", "1" * 40), run_of("b", "1" * 40, epochs=5))
    assert found.different == {"training.epochCount": ("2", "5")}
    assert differing([{"a": 1, "b": {}}, {"b": {"c": None}}]) == {"a": ("1", "–")}
    assert flat("", {"a": {"b": 1, "c": {}}, "d": None}) == [("a.b", "1"), ("a.c", "–"), ("d", "–")]


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ([run_of("a", "1")], "1 runs cannot be compared"),
        ([run_of("a", "1"), run_of("a", "1")], "2 to 6 different ones"),
        ([run_of("a", "11"), run_of("b", "11", first=5)], "no holdout item"),
        (
            [run_of("a", "1"), run_of("b", "1", task=Task(kind=TaskKind.TEXT))],
            "different tasks\na: label good, bad\nb: text",
        ),
    ],
)
def test_runs_that_cannot_be_compared(runs: list[ComparedRun], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        compared(*runs)


def test_the_page_holds_all_of_it_and_no_foreign_code() -> None:
    found = compared(run_of("a", "0" * 20 + "1" * 40), run_of("b", "1" * 60, epochs=5))
    page = render_comparison(found)
    assert '<h1 class="decision">b is better</h1>' in page
    assert "training.epochCount" in page and "note" not in found.different
    assert "<img" not in page
    assert [row.colour for row in forest_rows(found)] == ["run-1"] * len(found.differences)
