"""Scores, verdict and the counts of every hop -> one report record: `8-report/report.json`, and what the pages are drawn from.

    report = build_report(facts, counts, scores, verdict, created_at=..., ...)
    report_json(report); report_to_pages.render_html(report); report_to_pages.render_markdown(report)

Nothing is computed here that is not in the scores: the report shows, it does not measure.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from distillation.costs import Costs, Estimate
from distillation.records import Record
from distillation.scores import Against, ArmScore, Difference, Gate, InstructiveItem, Scores, TeacherDistribution, Verdict
from distillation.task import Task


class RunFacts(Record, frozen=True):
    """What a run was asked to do: from `0-run/run.json`. `settings` is the resolved input, `models` maps the roles teacher, student, ... to model ids."""

    run_id: str
    dataset: str
    task: Task
    models: dict[str, str]
    settings: dict[str, Any]
    started_at: str


class Counts(Record, frozen=True):
    """How many records each hop took and gave. `account_problems` says where they do not add up. `cached` answers were taken over from earlier runs."""

    seeds_in: int
    seeds: int
    seeds_rejected: int
    prompts: int
    requests: int
    replies: int
    answers: int
    answers_rejected: int
    examples: int
    examples_rejected: int
    train: int
    validation: int
    holdout: int
    requests_missing: int = 0
    cached: int = 0


class LossPoint(Record, frozen=True):
    """One step of the training, as Bedrock's metrics file gives it."""

    step: int
    epoch: float
    training_loss: float


class Report(Record, frozen=True):
    """`8-report/report.json`. Made by WriteReport, read by people, the command line and whoever compares runs. Times are ISO 8601, UTC."""

    run_id: str
    dataset: str
    created_at: str
    started_at: str
    verdict: Verdict
    arms: dict[str, ArmScore]
    counts: Counts
    account_problems: tuple[str, ...]
    rejections: dict[str, dict[str, int]]
    gate: Gate | None
    differences: tuple[Difference, ...]
    teacher: TeacherDistribution | None
    quality_against: Against
    references: int
    unusable_references: int
    task: Task
    models: dict[str, str]
    settings: dict[str, Any]
    estimate: Estimate | None
    costs: Costs | None
    training_loss: tuple[LossPoint, ...]
    items: tuple[InstructiveItem, ...]
    confidence: float
    resamples: int
    seed: int


def build_report(
    facts: RunFacts,
    counts: Counts,
    scores: Scores,
    verdict: Verdict,
    *,
    created_at: str,
    rejections: Mapping[str, Mapping[str, int]] | None = None,
    estimate: Estimate | None = None,
    costs: Costs | None = None,
    training_loss: Sequence[LossPoint] = (),
) -> Report:
    """`rejections` maps the stages seeds, answers and examples to reason code -> count."""
    return Report(
        run_id=facts.run_id,
        dataset=facts.dataset,
        created_at=created_at,
        started_at=facts.started_at,
        verdict=verdict,
        arms=scores.arms,
        counts=counts,
        account_problems=account_problems(counts),
        rejections={stage: dict(sorted(reasons.items(), key=lambda reason: (-reason[1], reason[0]))) for stage, reasons in (rejections or {}).items()},
        gate=scores.gate,
        differences=scores.differences,
        teacher=scores.teacher,
        quality_against=scores.quality_against,
        references=scores.references,
        unusable_references=scores.unusable_references,
        task=facts.task,
        models=facts.models,
        settings=facts.settings,
        estimate=estimate,
        costs=costs,
        training_loss=tuple(training_loss),
        items=scores.items,
        confidence=scores.confidence,
        resamples=scores.resamples,
        seed=scores.seed,
    )


def account_problems(counts: Counts) -> tuple[str, ...]:
    """One sentence for each hop whose records do not add up; empty where every record is accounted for."""
    c = counts
    accounts = (
        ("seeds in", c.seeds_in, "seeds + rejected seeds", c.seeds + c.seeds_rejected),
        ("requests", c.requests, "replies + missing", c.replies + c.requests_missing),
        ("replies", c.replies, "answers + rejected answers", c.answers + c.answers_rejected),
        ("prompts", c.prompts, "holdout + examples + rejected examples", c.holdout + c.examples + c.examples_rejected),
        ("examples", c.examples, "train + validation", c.train + c.validation),
    )
    return tuple(f"{name} are {count:,}, but {parts} are {total:,}." for name, count, parts, total in accounts if count != total)


def report_json(report: Report) -> bytes:
    """The report as JSON with camelCase keys."""
    return msgspec.json.encode(report)
