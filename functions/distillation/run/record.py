"""`0-run/run.json`: what a run is. Made by PrepareRun, read by every later state."""

from datetime import datetime

from distillation.records import Record, Route
from distillation.run.config import RunConfig
from distillation.task import Task


class SeedFile(Record, frozen=True):
    """A seed file as the run read it: key, etag, size in bytes, version id of the bucket."""

    key: str
    etag: str
    bytes: int
    version_id: str


class Models(Record, frozen=True):
    """Model ids. `teacher_invoke` and `base_invoke` are what inference calls: an inference profile where the Region
    needs one. `judge` is empty where the run rates nothing.
    """

    teacher: str
    teacher_invoke: str
    student: str
    base_invoke: str
    judge: str = ""


class Question(Record, frozen=True):
    """All that decides what a run asks; the task follows from it."""

    config: RunConfig
    seed_files: tuple[SeedFile, ...]
    models: Models
    prompt_hashes: dict[str, str]

    def differences(self, other: "Question") -> list[str]:
        """The parts in which another question differs: content of seed files counts, what the run may spend not."""
        mine, theirs = self._parts(), other._parts()
        return [name for name in mine if mine[name] != theirs[name]]

    def _parts(self) -> dict[str, object]:
        files = [(f.key, f.etag) for f in self.seed_files]
        settings = self.config.without_budget
        return {"settings": settings, "seed files": files, "models": self.models, "prompt texts": self.prompt_hashes}


class RunRecord(Question, frozen=True, kw_only=True):
    """Resolved input (`config`), task, models, versions and prompt hashes of a run. `created_at` is ISO 8601, UTC.
    `warnings` of the preflight stop no run. `shard_records`: most records of a batch job (`run.fan_out`), 0 from an
    earlier release. `cut_off`: from when on nothing waits for a batch job (`costs.deadline`), ISO 8601 or empty.
    """

    run_id: str
    dataset: str
    created_at: str
    task: Task
    counts: dict[str, int]
    versions: dict[str, str]
    warnings: tuple[str, ...] = ()
    shard_records: int = 0
    cut_off: str = ""

    @property
    def batch_records(self) -> int:
        """Most records of a batch job."""
        return self.shard_records or self.config.batches.max_shard_records

    def is_cut_off(self, now: datetime) -> bool:
        """Whether batch jobs come too late for the deadline."""
        return bool(self.cut_off) and now >= datetime.fromisoformat(self.cut_off)

    def only_route(self, now: datetime) -> Route | None:
        """The way that all requests planned at `now` go; None where their number says it."""
        return Route.NOW if self.is_cut_off(now) else None
