"""What a person sees of a run at one moment: its stages with their times and numbers, and what went wrong. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from application.serving.approval import ENDED
from application.serving.retirement import plain_cause
from cli.errors import as_called
from cli.runs.failure import Failure, failure_of
from cli.runs.observed import Observed
from cli.runs.run_counts import JobLine, Progress, RunCounts, run_counts
from cli.runs.run_stages import StageState, StageTimes, stage_times
from distillation.records import LedgerRow
from gateways.executions import HistoryEvent

# Not errors: a silent wait looks at its job again after every heartbeat, a second run for the answers of the first.
_ROUTINE_ERRORS = frozenset({"States.HeartbeatTimeout", "OtherRunAsks"})


class Fact(NamedTuple):
    """A number of a stage, ready to be read: `shards` `2/4`."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class StageView:
    """One line of the view. `progress` is there where a bar makes sense."""

    times: StageTimes
    facts: tuple[Fact, ...] = ()
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class RunView:
    """The whole picture. `errors`: met on the way, each with how often. `decision`: "" until the gate has decided."""

    run_id: str
    dataset: str
    status: str
    started: datetime
    ended: datetime | None
    stages: tuple[StageView, ...]
    errors: tuple[str, ...] = ()
    decision: str = ""
    reasons: tuple[str, ...] = ()
    failure: Failure | None = None
    spent_usd: float = 0.0


def run_view(observed: Observed) -> RunView:
    """The picture of a run from what AWS says about it."""
    counts, execution = run_counts(observed), observed.execution
    verdict = observed.report.get("verdict") or {}
    dataset = str(execution.input.get("dataset") or observed.run.get("dataset") or "")
    return RunView(
        run_id=observed.run_id,
        dataset=dataset,
        status=execution.status,
        started=execution.started,
        ended=execution.stopped,
        stages=tuple(
            replace(view, facts=view.facts + _held_up(view.times, observed.events))
            for view in (_stage_view(times, counts) for times in stage_times(observed))
        ),
        errors=_errors(observed.events),
        decision=str(verdict.get("decision") or counts.decision),
        reasons=(*map(str, verdict.get("reasons", ())), *filter(None, [str(execution.output.get("held", ""))])),
        spent_usd=counts.spent_usd,
        failure=failure_of(observed, dataset),
    )


def _held_up(times: StageTimes, events: Sequence[HistoryEvent]) -> tuple[Fact, ...]:
    """The other run that the planning waits for."""
    if times.name not in ("Expansion", "PlanRequests") or times.state is not StageState.RUNNING:
        return ()
    causes = [str(event.details.get("cause", "")) for event in events if event.details.get("error") == "OtherRunAsks"]
    return (Fact("waits:", plain_cause(causes[-1])),) if causes else ()


def _stage_view(times: StageTimes, counts: RunCounts) -> StageView:
    if times.state in (StageState.WAITING, StageState.SKIPPED):
        return StageView(times)
    return StageView(times, _facts(times.name, counts) + _running_jobs(times, counts), _progress(times, counts))


def _progress(times: StageTimes, counts: RunCounts) -> Progress | None:
    if times.name == "Expansion" and counts.expanded.kept.total:
        return counts.expanded.kept
    if times.name == "AnswerShards" and counts.records.total:
        return counts.records
    if times.name == "PredictArms" and counts.predictions:
        return Progress(*(sum(numbers) for numbers in zip(*counts.predictions.values(), strict=True)))
    return None


def _running_jobs(times: StageTimes, counts: RunCounts) -> tuple[Fact, ...]:
    """What Bedrock says about the jobs; of no interest once they have been read."""
    jobs = {"AnswerShards": counts.batch_statuses, "Judging": counts.judging}.get(times.name)
    if times.state is StageState.DONE or not jobs:
        return ()
    return (Fact("jobs", ", ".join(f"{number} {status}" for status, number in sorted(jobs.items()))),)


_NAMED = {
    "PrepareRun": {"seeds": "seeds", "seedsRejected": "rejected", "prompts": "prompts"},
    "Pilot": {"pilot": "answers", "pilotUsable": "usable", "pilotCompared": "with a reference", "pilotRight": "right"},
    "PlanRequests": {"requests": "requests", "cached": "from the cache"},
    "AnswerShards": {"replies": "replies", "answers": "answers", "answersRejected": "rejected"},
    "Reducing": {"candidates": "candidates", "held": "held out"},
    "AssembleDataset": {
        "examples": "examples",
        "examplesRejected": "rejected",
        "train": "train",
        "validation": "validation",
        "holdout": "holdout",
    },
}
"""Counts that a stage shows, by their names in report.json; what is rejected or cached only where there is some."""


def _facts(stage: str, counts: RunCounts) -> tuple[Fact, ...]:
    more = _MORE[stage](counts) if stage in _MORE else ()
    known = [(name, label, counts.named[name]) for name, label in _NAMED.get(stage, {}).items() if name in counts.named]
    named = [Fact(label, f"{n:,}") for name, label, n in known if n or not name.endswith(("Rejected", "cached"))]
    return (*more, *named) if stage == "AnswerShards" else (*named, *more)


def _expansion_facts(counts: RunCounts) -> tuple[Fact, ...]:
    expanded = counts.expanded
    facts = [Fact("round", str(expanded.round)), Fact("requests", _of(expanded.requests))] if expanded.round else []
    if expanded.kept.total:
        facts.append(Fact("new prompts", _of(expanded.kept)))
    facts += [
        Fact(name, ", ".join(f"{what} {found.get(what, 0):,}" for what in ("asked", "parsed", "kept")))
        for name, found in expanded.methods.items()
    ]
    return (*facts, Fact("end", expanded.why)) if expanded.why else tuple(facts)


def _answer_facts(counts: RunCounts) -> tuple[Fact, ...]:
    wave = [Fact("retry wave", str(counts.wave))] if counts.wave else []
    pairs = (("shards", counts.shards), ("records", counts.records))
    return (*wave, *(Fact(label, _of(progress)) for label, progress in pairs if progress.total or progress.done))


def _job_facts(jobs: Sequence[JobLine]) -> tuple[Fact, ...]:
    return tuple(
        Fact(job.arm, job.status + (f", training loss {job.loss:.3f}" if job.loss is not None else "")) for job in jobs
    )


def _of(progress: Progress) -> str:
    return f"{progress.done:,}/{progress.total:,}" if progress.total else f"{progress.done:,}"


def _approval_facts(row: LedgerRow | None) -> tuple[Fact, ...]:
    """Who answered what, or the command that answers."""
    if row is None:
        return ()
    if row.state == ENDED:
        return (Fact(row.status or "ended", f"by {row.message}"),)
    return (Fact("until", row.deadline_at[:16]), Fact("answer with", as_called(f"python -m cli approve {row.run_id}")))


_MORE: dict[str, Callable[[RunCounts], tuple[Fact, ...]]] = {
    "Expansion": _expansion_facts,
    "PlanRequests": lambda counts: (
        (Fact("shards", f"{counts.first_wave_shards:,}"),) if counts.first_wave_shards else ()
    ),
    "AnswerShards": _answer_facts,
    "Rating": lambda counts: (Fact("answers rated", f"{counts.ratings:,}"),) if counts.ratings else (),
    "Tuning": lambda counts: _job_facts(counts.tuning),
    "Deployment": lambda counts: _job_facts(counts.deployments),
    "PredictArms": lambda counts: tuple(Fact(arm, _of(progress)) for arm, progress in counts.predictions.items()),
    "Approval": lambda counts: _approval_facts(counts.approval),
    "Spending": lambda counts: _approval_facts(counts.spending),
    "ScoreRun": lambda counts: (Fact("verdict", counts.decision),) if counts.decision else (),
}


def _errors(events: Sequence[HistoryEvent]) -> tuple[str, ...]:
    """Errors of tasks by class, with how often each was met; most of them are retried by the machine."""
    seen: dict[str, int] = {}
    for event in events:
        error = str(event.details.get("error", "")) if event.kind in ("TaskFailed", "TaskTimedOut") else ""
        if error and error not in _ROUTINE_ERRORS:
            seen[error] = seen.get(error, 0) + 1
    return tuple(f"{error} × {number}" if number > 1 else error for error, number in seen.items())
