"""Checks seeds and input without AWS, by the same code that PrepareRun runs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from distillation.errors import DistillationError, InvalidInput
from distillation.layout import RunLayout
from distillation.records import RejectedSeed, Seed
from distillation.run.config import RunConfig
from distillation.run.input import resolve_config
from distillation.seeds.prompts import SeedIntake, prompts_of
from distillation.seeds.reader import is_seed_file
from distillation.task import Task

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Findings:
    """`fatal` is why a run would fail, one line each; `rejected` are the seeds that it would set aside.

    `task` and `counts` are there where it would go on.
    """

    fatal: tuple[str, ...] = ()
    rejected: tuple[RejectedSeed, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    task: Task | None = None


def check_input(execution_input: dict[str, Any]) -> tuple[RunConfig | None, Findings]:
    """The resolved input, or its problems."""
    try:
        return resolve_config(execution_input, execution_name="validated"), Findings()
    except InvalidInput as error:
        return None, Findings(fatal=tuple(error.problems))


def check_seeds(config: RunConfig, files: Sequence[Path]) -> Findings:
    """What a run on these files would say. All files are read, also behind the first bad line."""
    strangers = [
        f"{path}: found another kind of file, expected .jsonl or .csv, each also as .gz"
        for path in files
        if not is_seed_file(path.name)
    ]
    if strangers:
        return Findings(fatal=tuple(strangers))
    intake = SeedIntake(config)
    outcomes = [
        outcome
        for path in sorted(files, key=lambda file: file.name)
        for outcome in intake.read(str(path), _chunks(path))
    ]
    rejected = tuple(outcome for outcome in outcomes if isinstance(outcome, RejectedSeed))
    try:
        intake.check()
        task = intake.resolve_task()
        prompts = sum(1 for _ in prompts_of([outcome for outcome in outcomes if isinstance(outcome, Seed)], task))
        return Findings(rejected=rejected, counts=intake.counts(prompts=prompts), task=task)
    except DistillationError as error:
        return Findings(fatal=(_headline(error, config),), rejected=rejected)


def _headline(error: DistillationError, config: RunConfig) -> str:
    """Without the lines, which the table has, and without the file of the rejected seeds, which only a run writes."""
    return (
        str(error).splitlines()[0].replace(f" All rejected seeds are in {RunLayout(config.run_id).rejected_seeds}.", "")
    )


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
