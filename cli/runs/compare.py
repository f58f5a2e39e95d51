"""The files of several runs, read for a comparison."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

import msgspec

from cli.errors import CommandError
from cli.runs.report_file import ReportFile, parse_report
from distillation.bedrock.prices import load_prices
from distillation.errors import InvalidInput
from distillation.layout import RunLayout
from distillation.records import Arm, HoldoutItem, Prediction, decode_json, decode_lines
from distillation.report.comparison import ComparedRun, Comparison, compare
from distillation.run.config import RunConfig
from distillation.run.evaluation import NumericTolerance
from distillation.run.record import RunRecord

T = TypeVar("T", bound=msgspec.Struct)


class ObjectSource(Protocol):
    """What a comparison asks of AWS (`aws.Cloud`)."""

    def read(self, key: str) -> bytes | None: ...


def read_runs(source: ObjectSource, run_ids: Sequence[str]) -> list[ComparedRun]:
    """The runs, side by side. Raises CommandError for a run that has no report or lacks a file."""
    with ThreadPoolExecutor(len(run_ids)) as pool:
        return list(pool.map(lambda run_id: _read_run(source, run_id), run_ids))


def _read_run(source: ObjectSource, run_id: str) -> ComparedRun:
    layout = RunLayout(run_id)
    report = parse_report(source.read(layout.report("report.json")), run_id)
    if report.verdict.decision == "failed":
        raise CommandError(
            f"The run {run_id} failed: {report.verdict.headline}",
            "Compare runs that have a student; `python -m cli runs` lists them.",
        )
    record = _decoded(source, layout.run, RunRecord)
    return ComparedRun(
        run_id=run_id,
        dataset=record.dataset,
        task=record.task,
        holdout=_lines(source, layout.dataset("holdout.jsonl"), HoldoutItem),
        student=_lines(source, layout.predictions(Arm.STUDENT), Prediction),
        teacher=_lines(source, layout.predictions(Arm.TEACHER), Prediction),
        settings=record.config.to_json(),
        models={role: model for role, model in msgspec.to_builtins(record.models).items() if model},
        decision=report.verdict.decision,
        headline=report.verdict.headline,
        cost_usd=_cost(report),
        training_lines=report.counts.get("train"),
    )


def comparison_of(source: ObjectSource, run_ids: Sequence[str], created_at: str) -> Comparison:
    """The comparison of the runs. Raises CommandError for runs that cannot be compared, and says why."""
    runs = read_runs(source, run_ids)
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


def _cost(report: ReportFile) -> float | None:
    return report.costs.total_usd if report.costs else None


def _read(source: ObjectSource, key: str) -> bytes:
    body = source.read(key)
    if body is None:
        raise CommandError(
            f"{key} is not in the bucket.", "The run has not been measured yet, or its files were deleted."
        )
    return body


def _decoded(source: ObjectSource, key: str, kind: type[T]) -> T:
    try:
        return decode_json(_read(source, key), kind)
    except msgspec.DecodeError as error:
        raise CommandError(
            f"{key} cannot be read: {error}.", "Another release wrote it: use that release's command line."
        ) from None


def _lines(source: ObjectSource, key: str, kind: type[T]) -> list[T]:
    try:
        return list(decode_lines(_read(source, key).splitlines(), kind))
    except msgspec.DecodeError as error:
        raise CommandError(
            f"{key} cannot be read: {error}.", "Another release wrote it: use that release's command line."
        ) from None
