"""plan: items against margin, before a run and without AWS."""

import json
from pathlib import Path

import numpy as np
import pytest

from distillation.evaluation.uncertainty.noninferiority import planned_items, planned_margin
from distillation.evaluation.uncertainty.statistics import tango
from tests.unit.cli.terminal_fake import Terminal


def test_it_says_items_and_seeds_for_each_margin(terminal: Terminal) -> None:
    code, said = terminal.call("plan", "--margin", "0.05", "--differs", "0.2")
    assert code == 0
    row = next(line for line in said.splitlines() if line.startswith("20.0 %"))
    assert row.split() == ["20.0", "%", "628", "(3,140)"]
    assert "If it is 2 points worse" in said and "1,741" in said
    assert "8.9 points" in said


def test_json_has_the_same_and_the_inputs_own_margins(terminal: Terminal, tmp_path: Path) -> None:
    settings = tmp_path / "input.json"
    settings.write_text(
        json.dumps(
            {"split": {"holdoutShare": 0.5}, "gate": {"margin": 0.04, "sliceMargin": 0.08, "minSliceItems": 100}}
        )
    )
    code, said = terminal.call("plan", "--json", "--input", settings)
    plan = json.loads(said)
    assert (code, plan["margins"]) == (0, [0.02, 0.03, 0.04, 0.05, 0.08, 0.1])
    assert (plan["minSliceItems"], plan["holdoutShare"]) == (100, 0.5)
    assert plan["rows"][0]["worse"][0] is None
    assert all(
        seeds == 2 * items
        for row, of in zip(plan["rows"], plan["seeds"], strict=True)
        for seeds, items in zip(of, row["equal"], strict=True)
    )


@pytest.mark.parametrize("wrong", [["--margin", "0"], ["--margin", "5"], ["--differs", "-0.1"]])
def test_shares_that_are_none_are_refused(terminal: Terminal, wrong: list[str]) -> None:
    assert terminal.call("plan", *wrong)[0] == 2


@pytest.mark.parametrize(("differs", "margin", "loss"), [(0.1, 0.05, 0.0), (0.2, 0.1, 0.0), (0.2, 0.05, 0.02)])
def test_so_many_items_do_promote_in_about_80_of_100(differs: float, margin: float, loss: float) -> None:
    n = planned_items(differs, margin, loss)
    assert n
    worlds = np.random.default_rng(1).multinomial(
        n, [(differs - loss) / 2, (differs + loss) / 2, 1 - differs], size=1_000
    )
    passed = np.mean([tango(int(better), int(worse), n).low >= -margin for better, worse, _ in worlds])
    assert passed == pytest.approx(0.8, abs=0.05)


def test_the_margin_of_a_category_is_the_other_side_of_its_items() -> None:
    margin = planned_margin(0.2, 628)
    assert margin == pytest.approx(0.05, abs=1e-4)
    assert planned_items(0.2, 0.05, 0.05) is None
