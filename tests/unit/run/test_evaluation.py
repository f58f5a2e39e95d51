"""The sections of the input that decide measurement and gate."""

import pytest
from pydantic import ValidationError

from distillation.run.evaluation import Gate


def test_margins_are_named_by_metric() -> None:
    gate = Gate.model_validate(
        {"margin": 0.03, "margins": {"faithfulness": 0.1}, "sliceMargin": 0.06, "minSliceItems": 50}
    )
    assert (gate.margin, gate.margins, gate.slice_margin, gate.min_slice_items) == (
        0.03,
        {"faithfulness": 0.1},
        0.06,
        50,
    )


@pytest.mark.parametrize(
    "wrong",
    [{"margins": {"accuracy": 2}}, {"margins": {"": 0.1}}, {"minSliceItems": 29}, {"sliceMargin": -0.1}, {"slices": 1}],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Gate.model_validate(wrong)
