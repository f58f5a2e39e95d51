"""The record of a run, for tests that need what its input says."""

from collections.abc import Mapping
from typing import Any

from distillation.run.config import RunConfig
from distillation.run.record import Models, RunRecord
from distillation.task import Task, TaskKind

TEXT = Task(kind=TaskKind.TEXT)
GOOD_OR_BAD = Task(kind=TaskKind.LABEL, labels=("good", "bad"))


def run_record(
    task: Task = TEXT,
    /,
    *,
    dataset: str = "reviews",
    run_id: str = "run-1",
    models: Mapping[str, str] | None = None,
    counts: Mapping[str, int] | None = None,
    **config: Any,
) -> RunRecord:
    """A run on `task`. `config`: sections of the input, camelCase inside."""
    names = {"teacher": "pro", "teacher_invoke": "pro", "student": "micro", "base_invoke": "micro"}
    return RunRecord(
        run_id=run_id,
        dataset=dataset,
        created_at="2026-01-01T00:00:00Z",
        config=RunConfig.model_validate({"dataset": dataset, "runId": run_id, **config}),
        task=task,
        seed_files=(),
        counts=dict(counts or {}),
        models=Models(**(names | dict(models or {}))),
        versions={"msgspec": "1"},
        prompt_hashes={},
    )
