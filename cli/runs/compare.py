"""The files of several runs, read for a comparison."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from cli.errors import CommandError
from cli.runs.report_file import parse_report, readable
from distillation.bedrock.prices import load_prices
from distillation.errors import InvalidInput
from distillation.layout import RunLayout
from distillation.records import Arm, HoldoutItem, Prediction
from distillation.report.comparison import ComparedRun, Comparison, compare
from distillation.run.config import RunConfig
from distillation.run.evaluation import NumericTolerance
from distillation.run.record import RunRecord
from gateways.store import Store

T = TypeVar("T", bound=msgspec.Struct)


def _read_run(store: Store, run_id: str) -> ComparedRun:
    layout = RunLayout(run_id)
    report = parse_report(store.get_or_none(layout.report("report.json")), run_id)
    if report.verdict.decision == "failed":
        raise CommandError(
            f"The run {run_id} failed: {report.verdict.headline}",
            "Compare runs that have a student; `python -m cli runs` lists them.",
        )
    with readable(layout.run):
        record = store.read(layout.run, RunRecord)
    return ComparedRun(
        run_id=run_id,
        dataset=record.dataset,
        task=record.task,
        holdout=_lines(store, layout.dataset("holdout.jsonl"), HoldoutItem),
        student=_lines(store, layout.predictions(Arm.STUDENT), Prediction),
        teacher=_lines(store, layout.predictions(Arm.TEACHER), Prediction),
        settings=record.config.to_json(),
        models={role: model for role, model in msgspec.to_builtins(record.models).items() if model},
        decision=report.verdict.decision,
        headline=report.verdict.headline,
        cost_usd=report.costs.total_usd if report.costs else None,
        training_lines=report.counts.get("train"),
    )


def comparison_of(store: Store, run_ids: Sequence[str], created_at: str) -> Comparison:
    """The comparison of the runs. Raises CommandError for runs that cannot be compared, and says why."""
    runs = [_read_run(store, run_id) for run_id in run_ids]
    try:
        return compare(runs, prices=load_prices(), created_at=created_at, tolerance=tolerance_of(runs[0]))
    except InvalidInput as error:
        raise CommandError(
            f"{error}.", "Compare runs of one task whose seeds overlap; `python -m cli runs` lists them."
        ) from None


def tolerance_of(run: ComparedRun) -> NumericTolerance:
    """How far numbers may be off, as the run was told; exact for a run of a release that knew no such setting."""
    try:
        return RunConfig.from_json(run.settings).evaluation.numeric_tolerance
    except InvalidInput:
        return NumericTolerance()


def _lines(store: Store, key: str, kind: type[T]) -> list[T]:
    with readable(key):
        return list(store.records(key, kind))
