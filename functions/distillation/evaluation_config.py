"""The parts of a run's input that decide how the student is measured and what it must reach."""

from typing import Annotated

from pydantic import Field

from distillation.config_section import Section
from distillation.judge_config import EvaluationJudge

Margin = Annotated[float, Field(ge=0, le=1)]


class NumericTolerance(Section):
    """When two numbers count as equal: within either of the two."""

    relative: float = Field(default=0.0, ge=0, le=1)
    """Share of the larger number (0.01 is 1 %)."""
    absolute: float = Field(default=0.0, ge=0)
    """Amount."""


class Evaluation(Section):
    """How answers are compared."""

    samples: int = Field(default=0, ge=0, le=32)
    """Answers at `sampling.temperature` that each arm gives to each holdout prompt beside its greedy one, so that distributions are compared with the
    teacher's (its own first `sampling.sampled`). 0: only greedy answers are compared."""
    numeric_tolerance: NumericTolerance = NumericTolerance()
    """How far the number of an `answer` task may be off. "1,000" and "1000.0" are equal in any case."""
    judge: EvaluationJudge | None = None
    """Have a judge model score the answers of every arm, and compare the student's with the teacher's. Off by default; it costs calls of the judge."""


class Gate(Section):
    """What the student must reach to be promoted."""

    margin: Margin = 0.05
    """How far the student may be below the teacher and still count as not inferior (0.05 is 5 percentage points)."""
    margins: dict[Annotated[str, Field(min_length=1, max_length=64)], Margin] = Field(default={}, max_length=20)
    """Margins of single metrics by name (`accuracy`, `macroF1`, `fieldAccuracy`, a judge's metric ...). A metric that is named here is gated, beside the task's
    own; when it was not measured, the student is held."""
    slice_margin: Margin | None = None
    """Margin within a slice (the items of one category). Without it that of the metric: a loss may not hide in a slice."""
    min_slice_items: int = Field(default=200, ge=30)
    """A slice with fewer items is shown, but cannot hold a promotion back; from 30 items on it can still reject, where a loss beyond the margin is shown."""
