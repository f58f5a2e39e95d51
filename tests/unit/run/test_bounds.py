"""Who decides what: every input tightens what the deployment bounds, none loosens it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.run.bounds import DeploymentBounds, bounded
from distillation.run.config import RunConfig
from distillation.run.input import resolve_config

SHARES = st.floats(0.01, 1).map(lambda share: round(share, 3))


def of(
    file: dict[str, Any], execution: dict[str, Any] | None = None, bounds: DeploymentBounds | None = None
) -> tuple[RunConfig, list[str]]:
    given_input = {"dataset": "owned", **(execution or {})}
    config = resolve_config(given_input, execution_name="run", dataset_input=json.dumps(file).encode())
    return bounded(config, bounds or DeploymentBounds())


def test_an_upload_that_would_promote_anything_is_brought_back_and_asks_a_person() -> None:
    hostile = {
        "gate": {"margin": 1.0, "margins": {"accuracy": 0.9}, "sliceMargin": 1.0},
        "serving": {"canaryAgreement": 0.0},
        "promotion": "auto",
    }
    found, applied = of(hostile)
    gate = found.gate
    assert (gate.margin, gate.margins, gate.slice_margin) == (0.1, {"accuracy": 0.1}, 0.1)
    assert (found.serving.canary_agreement, found.promotion) == (0.8, "approve")
    assert applied == [
        "gate.margin: 1.0 became 0.1, the deployment's largestGateMargin",
        "gate.margins.accuracy: 0.9 became 0.1, the deployment's largestGateMargin",
        "gate.sliceMargin: 1.0 became 0.1, the deployment's largestGateMargin",
        "promotion: auto became approve, the deployment's autoPromotionDatasets",
        "serving.canaryAgreement: 0.0 became 0.8, the deployment's smallestCanaryAgreement",
    ]


def test_a_comparison_is_not_left_out_nor_a_canary_made_of_one_item() -> None:
    loose = {
        "gate": {"overBase": False, "overRivals": False, "championMargin": 1.0},
        "serving": {"canaryItems": 1},
        "promotion": "never",
    }
    found, applied = of(loose)
    assert (found.gate.over_base, found.gate.over_rivals, found.gate.champion_margin) == (True, True, 0.1)
    assert found.serving.canary_items == 20
    assert "gate.overBase: False became True, the deployment's largestGateMargin" in applied
    unbound = DeploymentBounds(largest_gate_margin=1, smallest_canary_agreement=0)
    assert of(loose, bounds=unbound)[1] == []


def test_what_the_execution_input_names_is_bounded_as_well() -> None:
    person = {"gate": {"margin": 0.4, "margins": {"accuracy": 0.3}}, "serving": {"canaryAgreement": 0.5}}
    found, _ = of({"gate": {"margins": {"accuracy": 1.0, "macroF1": 1.0}}}, person | {"promotion": "auto"})
    assert (found.gate.margin, found.serving.canary_agreement) == (0.1, 0.8)
    assert found.gate.margins == {"accuracy": 0.1, "macroF1": 0.1}
    assert found.promotion == "approve"


@pytest.mark.parametrize(
    ("file", "listed", "promotion"),
    [({}, set(), "approve"), ({}, {"owned"}, "auto"), ({}, {"*"}, "auto"), ({"promotion": "never"}, set(), "never")],
)
def test_a_run_promotes_by_itself_only_where_the_deployment_lists_its_dataset(
    file: dict[str, Any], listed: set[str], promotion: str
) -> None:
    assert of(file, bounds=DeploymentBounds(auto_promotion=frozenset(listed)))[0].promotion == promotion


@given(margin=SHARES, agreement=SHARES, most=SHARES, least=SHARES)
def test_no_input_is_ever_looser_than_the_bounds(margin: float, agreement: float, most: float, least: float) -> None:
    file = {"gate": {"margin": margin}, "serving": {"canaryAgreement": agreement}}
    found, _ = of(file, bounds=DeploymentBounds(largest_gate_margin=most, smallest_canary_agreement=least))
    assert found.gate.margin == min(margin, most)
    assert found.serving.canary_agreement == max(agreement, least)


def test_a_tight_file_is_left_alone_and_nothing_is_said() -> None:
    found, applied = of({"gate": {"margin": 0.02}, "serving": {"canaryAgreement": 1.0}, "promotion": "approve"})
    assert (found.gate.margin, applied) == (0.02, [])
