"""A metrics file in any form gives what can be read of it, and never an error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.report.losses import read_losses

ROWS = "step_number,epoch_number,training_loss,perplexity\n1,0,2.0,7.4\n2,0,1.0,2.7\n"


@pytest.mark.parametrize(
    "body",
    [
        ROWS.encode(),
        ROWS.encode("utf-8-sig"),
        ROWS.encode("utf-16"),
        ROWS.replace("\n", "\r\n").encode(),
        ROWS.replace("\n1,0", "\n1.0,0.0").encode(),
        ROWS.replace("step_number,epoch_number", "Step_Number, EPOCH_NUMBER").encode(),
    ],
)
def test_the_same_curve_in_another_form_is_the_same_curve(body: bytes) -> None:
    points, problem = read_losses(body, "training")
    assert [(point.step, point.epoch, point.loss) for point in points] == [(1, 0, 2.0), (2, 0, 1.0)]
    assert problem == ""


def test_a_renamed_column_is_said_with_what_is_there() -> None:
    said = read_losses(ROWS.replace("step_number", "step").encode(), "training")[1]
    assert said == "found the columns step, epoch_number, training_loss, perplexity, expected also step_number"


def test_a_line_without_a_loss_is_left_out_and_counted() -> None:
    points, problem = read_losses((ROWS + "3,0,,1\n4,0\n5,0,inf,1\n").encode(), "training")
    assert [point.step for point in points] == [1, 2]
    assert problem == "3 of 5 lines hold no step and loss"


@given(body=st.binary(max_size=300), kind=st.sampled_from(["training", "validation"]))
def test_no_file_is_an_error(body: bytes, kind: str) -> None:
    read_losses(body, kind)
    read_losses(ROWS.encode()[:60] + body, kind)
