"""What AWS says about a run at one moment: facts only, read by `run_view`."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from application.services import Services
from application.waiting import job_as_seen
from cli.run_lookup import described, run_id_of
from distillation.bedrock.job_status import JobKind, JobOutcome, outcome_of
from distillation.bedrock.waiting import JobLook
from distillation.layout import RunLayout
from distillation.records import LedgerRow
from gateways.executions import Execution, HistoryEvent, json_object


@dataclass(frozen=True, slots=True)
class Observed:
    """All that is known about a run now: `jobs` by name, `keys` of its files, documents ({} until they exist).
    `failure`: the report of this execution's end without success.
    """

    execution: Execution
    run_id: str
    events: tuple[HistoryEvent, ...] = ()
    ledger: tuple[LedgerRow, ...] = ()
    jobs: Mapping[str, JobLook] = field(default_factory=dict)
    keys: frozenset[str] = frozenset()
    run: Mapping[str, Any] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    report: Mapping[str, Any] = field(default_factory=dict)
    failure: Mapping[str, Any] = field(default_factory=dict)


class RunObserver:
    """One a run. `look` is cheap: old events, ended jobs and documents that are there already are not asked for again.

    A run that goes on where an earlier execution failed finds that one's files, so the documents are read anew at the
    end, and the report only then.
    """

    def __init__(self, services: Services, arn: str) -> None:
        self._services, self._arn = services, arn
        self._events: list[HistoryEvent] = []
        self._jobs: dict[str, JobLook] = {}
        self._documents: dict[str, Mapping[str, Any]] = {}

    def look(self) -> Observed:
        """The run as it is now. The execution is asked first: when it has ended, all that follows is final."""
        services = self._services
        execution = described(services, self._arn)
        self._events += services.executions.events_after(self._arn, self._events[-1].id if self._events else 0)
        run_id = run_id_of(execution)
        layout = RunLayout(run_id)
        ledger = tuple(services.ledger.rows(run_id))
        keys = frozenset(stored.key for stored in services.store.list(layout.root))
        report = {} if execution.running else self._document(layout.report("report.json"), keys, execution)
        beside = {} if execution.running else self._document(layout.report("failure.json"), keys, execution)
        return Observed(
            execution=execution,
            run_id=run_id,
            events=tuple(self._events),
            ledger=ledger,
            jobs=self._look_at_jobs(ledger),
            keys=keys,
            run=self._document(layout.run, keys, execution),
            manifest=self._document(layout.dataset("manifest.json"), keys, execution),
            report=report,
            failure=next((one for one in (beside, report) if _tells_end_of(execution, one)), {}),
        )

    def _look_at_jobs(self, ledger: Sequence[LedgerRow]) -> dict[str, JobLook]:
        for row in ledger:
            if row.job_arn and not self._has_ended(row):
                self._jobs[row.job_name] = job_as_seen(row, self._services)
        return dict(self._jobs)

    def _has_ended(self, row: LedgerRow) -> bool:
        known = self._jobs.get(row.job_name)
        return (
            known is not None
            and row.kind in set(JobKind)
            and outcome_of(JobKind(row.kind), known.status) is not JobOutcome.RUNNING
        )

    def _document(self, key: str, keys: frozenset[str], execution: Execution) -> Mapping[str, Any]:
        if key in keys and not (execution.running and key in self._documents):
            self._documents[key] = json_object(self._services.store.get_or_none(key))
        return self._documents.get(key, {})


def _tells_end_of(execution: Execution, report: Mapping[str, Any]) -> bool:
    """Whether a report is that of this execution's failure, and not of an earlier one of the run."""
    with suppress(ValueError, TypeError):
        written = datetime.fromisoformat(str(report.get("createdAt")))
        return "nextStep" in report and written >= execution.started.replace(microsecond=0)
    return False
