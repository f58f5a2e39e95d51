"""Watches one run: asks AWS only for what can have changed since the last look, and puts it together as `Observed`."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from cli.runs.observed import Execution, HistoryEvent, JobProgress, Observed, json_object
from distillation.bedrock.job_status import JobKind, Outcome, outcome_of
from distillation.layout import RunLayout
from distillation.records import LedgerRow
from distillation.run.input import default_run_id


class RunSource(Protocol):
    """What the observer asks of AWS (`aws.Cloud`)."""

    def describe(self, arn: str) -> Execution: ...

    def events_after(self, arn: str, last_id: int) -> Sequence[HistoryEvent]: ...

    def ledger(self, run_id: str) -> Sequence[LedgerRow]: ...

    def job_progress(self, row: LedgerRow) -> JobProgress: ...

    def keys(self, prefix: str) -> Sequence[str]: ...

    def read(self, key: str) -> bytes | None: ...


class RunObserver:
    """One a run. `look` is cheap: old events, ended jobs and documents that are there already are not asked for again.

    A run that goes on where an earlier execution failed finds that one's files, so the documents are read anew at the
    end, and the report only then.
    """

    def __init__(self, source: RunSource, arn: str) -> None:
        self._source, self._arn = source, arn
        self._events: list[HistoryEvent] = []
        self._progress: dict[str, JobProgress] = {}
        self._documents: dict[str, Mapping[str, Any]] = {}

    def look(self) -> Observed:
        """The run as it is now.

        The execution is asked first: when it says that it has ended, all that follows is final.
        """
        execution = self._source.describe(self._arn)
        self._events += self._source.events_after(self._arn, self._events[-1].id if self._events else 0)
        run_id = run_id_of(execution)
        layout = RunLayout(run_id)
        ledger = tuple(self._source.ledger(run_id))
        keys = tuple(self._source.keys(layout.root))
        return Observed(
            execution=execution,
            run_id=run_id,
            events=tuple(self._events),
            ledger=ledger,
            progress=self._look_at_jobs(ledger),
            keys=keys,
            run=self._document(layout.run, keys, execution.running),
            manifest=self._document(layout.dataset("manifest.json"), keys, execution.running),
            report={} if execution.running else self._document(layout.report("report.json"), keys, execution.running),
        )

    def _look_at_jobs(self, ledger: Sequence[LedgerRow]) -> dict[str, JobProgress]:
        for row in ledger:
            if row.job_arn and not self._has_ended(row):
                self._progress[row.job_name] = self._source.job_progress(row)
        return dict(self._progress)

    def _has_ended(self, row: LedgerRow) -> bool:
        known = self._progress.get(row.job_name)
        return (
            known is not None
            and row.kind in set(JobKind)
            and outcome_of(JobKind(row.kind), known.status) is not Outcome.RUNNING
        )

    def _document(self, key: str, keys: Sequence[str], running: bool) -> Mapping[str, Any]:
        if key in keys and not (running and key in self._documents):
            self._documents[key] = json_object(self._source.read(key))
        return self._documents.get(key, {})


def run_id_of(execution: Execution) -> str:
    """The run that an execution works on: as its input names it, or else derived from the execution's name as
    PrepareRun derives it.
    """
    return str(execution.input.get("runId") or default_run_id(execution.name))
