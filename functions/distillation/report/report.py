"""Scores, verdict and the counts of every hop -> `8-report/report.json`, from which the pages are drawn.

report = Report(**taken_over(record, scores), verdict=verdict, counts=counts, ...)
encode_json(report); render_html(report); render_markdown(report)
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from distillation.costs.estimate import Estimate
from distillation.costs.spent import Costs
from distillation.dataset.manifest import Histogram, Manifest, SelectionSummary
from distillation.evaluation.scores import (
    Against,
    ArmScore,
    Calibration,
    Difference,
    GatedDifference,
    InstructiveItem,
    JudgeScores,
    Scores,
    SliceScore,
    TeacherDistribution,
    TrainingSpread,
    Verdict,
)
from distillation.records import FunnelStep, Record
from distillation.report.funnel import funnel_problems
from distillation.run.record import RunRecord
from distillation.task import Task
from distillation.training.choice import StudentChoice


class Counts(Record, frozen=True):
    """How many records each hop took and gave. `cached` answers were taken over from earlier runs. `examples` are
    lines. `prompts`, the `expanded` ones among them, = `holdout` + `prompts_learnt` + `examples_rejected`.
    """

    seeds_in: int
    seeds: int
    seeds_rejected: int
    prompts: int
    requests: int
    replies: int
    answers: int
    answers_rejected: int
    prompts_learnt: int
    examples: int
    examples_rejected: int
    train: int
    validation: int
    holdout: int
    requests_missing: int = 0
    cached: int = 0
    expanded: int = 0


class LossPoint(Record, frozen=True):
    """The loss at one step of the training, of training or validation lines, by Bedrock's metrics file."""

    step: int
    epoch: float
    loss: float


Losses = dict[Literal["training", "validation"], tuple[LossPoint, ...]]
"""The course of a training. `validation` is empty where there were no validation lines."""


class DataFacts(Record, frozen=True):
    """What became of the data from seeds to training lines, filter by filter; fields as in `Manifest`. `expansion_why`
    says why the rounds of expansion ended, empty where there were none.
    """

    funnel: tuple[FunnelStep, ...]
    strata: Mapping[str, Mapping[str, int]]
    agreement: Histogram
    entropy: Histogram
    selection: SelectionSummary | None
    conflicting_references: int
    expansion_target: int = 0
    expansion_why: str = ""


def data_facts(
    manifest: Manifest, before: Sequence[FunnelStep], *, expansion_target: int = 0, expansion_why: str = ""
) -> DataFacts:
    """`before` are the steps that come ahead of the teacher's replies: seeds and expansion (`report.funnel`)."""
    return DataFacts(
        funnel=(*before, *manifest.funnel),
        strata=manifest.strata,
        agreement=manifest.agreement,
        entropy=manifest.entropy,
        selection=manifest.selection,
        conflicting_references=manifest.conflicting_references,
        expansion_target=expansion_target,
        expansion_why=expansion_why,
    )


class Report(Record, frozen=True):
    """`8-report/report.json`. Made by WriteReport, read by people, the command line and whoever compares runs.

    Times are ISO 8601, UTC. `settings`: the resolved input. `models`: role -> model id. `losses`: trained arm ->
    course. `warnings` stop no run. `cut_off`: when the deadline ended batch jobs. `choice`: which of several trainings
    serves; `luck`: how far they lie apart. `approval`: who answered what, when and why, where a person was asked.
    """

    run_id: str
    dataset: str
    created_at: str
    started_at: str
    verdict: Verdict
    arms: dict[str, ArmScore]
    counts: Counts
    account_problems: tuple[str, ...]
    data: DataFacts | None
    gate: GatedDifference | None
    differences: tuple[Difference, ...]
    comparisons: tuple[GatedDifference, ...]
    slices: tuple[SliceScore, ...]
    slices_left_out: int
    calibration: Calibration | None
    judge: JudgeScores | None
    teacher: TeacherDistribution | None
    quality_against: Against
    references: int
    unusable_references: int
    task: Task
    models: dict[str, str]
    settings: dict[str, Any]
    estimate: Estimate | None
    costs: Costs | None
    losses: dict[str, Losses]
    items: tuple[InstructiveItem, ...]
    confidence: float
    resamples: int
    seed: int
    warnings: tuple[str, ...] = ()
    cut_off: str = ""
    decisions: int = 1
    trainings: TrainingSpread | None = None
    few_shot: TrainingSpread | None = None
    choice: StudentChoice | None = None
    luck: str = ""
    approval: str = ""


_MEASURED = tuple(name for name in Report.__struct_fields__ if name in Scores.__struct_fields__ and name != "task")


def taken_over(record: RunRecord, scores: Scores) -> dict[str, Any]:
    """What a report says of a run and of its scores as they are."""
    return {name: getattr(scores, name) for name in _MEASURED} | {
        "run_id": record.run_id,
        "dataset": record.dataset,
        "started_at": record.created_at,
        "cut_off": record.cut_off,
        "task": record.task,
        "models": {role: model for role, model in msgspec.to_builtins(record.models).items() if model},
        "settings": record.config.to_json(),
    }


def account_problems(counts: Counts, data: DataFacts | None) -> tuple[str, ...]:
    """One sentence for each hop and each step of the funnel whose records do not add up."""
    c = counts
    accounts = (
        ("seeds in", c.seeds_in, "seeds + rejected seeds", c.seeds + c.seeds_rejected),
        ("requests", c.requests, "replies + missing", c.replies + c.requests_missing),
        ("replies", c.replies, "answers + rejected answers", c.answers + c.answers_rejected),
        (
            "prompts",
            c.prompts,
            "holdout + learnt + rejected prompts",
            c.holdout + c.prompts_learnt + c.examples_rejected,
        ),
        ("examples", c.examples, "train + validation", c.train + c.validation),
    )
    off = [account for account in accounts if account[1] != account[3]]
    hops = (f"{name} are {count:,}, but {parts} are {total:,}." for name, count, parts, total in off)
    return (*hops, *funnel_problems(data.funnel if data else ()))
