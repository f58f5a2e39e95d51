"""What a run has counted so far, by its functions' payloads, its ledger, Bedrock's job counts and its files. Pure.

Not every Step Functions writes events for the states of a Map: nothing here needs the name of an event's state.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from application.serving.approval import KIND as APPROVAL
from application.serving.approval import SPENDING
from cli.runs.observed import Observed
from distillation.bedrock.job_names import JobName, parsed
from distillation.bedrock.job_status import JobKind
from distillation.bedrock.submission import RUN
from distillation.bedrock.waiting import JobLook
from distillation.layout import RunLayout
from distillation.records import Asking, LedgerRow
from gateways.executions import HistoryEvent, json_object

T = TypeVar("T")


class Progress(NamedTuple):
    """`done` of `total`; the total is 0 while nobody knows it."""

    done: int
    total: int


class Expanded(NamedTuple):
    """The rounds of expansion so far. `requests` are those of the latest round; `methods` has by name how many new
    prompts were asked for, parsed and kept; `why` is "" while the rounds go on.
    """

    round: int = 0
    requests: Progress = Progress(0, 0)
    kept: Progress = Progress(0, 0)
    methods: Mapping[str, Mapping[str, int]] = {}
    why: str = ""


class JobLine(NamedTuple):
    """A job that a person waits for: its arm, Bedrock's own word for its status, and the training loss if known."""

    arm: str
    status: str
    loss: float | None = None


_BY_SHARD = frozenset({"replies", "answers", "answersRejected", "candidates", "held"})
_NOTHING = Progress(0, 0)
_UNKNOWN = JobLook(status="")
_NOT_EXPANDED = Expanded()


@dataclass(frozen=True, slots=True)
class RunCounts:
    """`named` has the names of report.json's counts. `batch_statuses` and `judging` count the teacher's and the judge's
    jobs by Bedrock's status, of several attempts the last. `decision` is the gate's.
    """

    named: Mapping[str, int] = field(default_factory=dict)
    wave: int = 0
    first_wave_shards: int = 0
    expanded: Expanded = _NOT_EXPANDED
    ratings: int = 0
    shards: Progress = _NOTHING
    records: Progress = _NOTHING
    batch_statuses: Mapping[str, int] = field(default_factory=dict)
    tuning: tuple[JobLine, ...] = ()
    deployments: tuple[JobLine, ...] = ()
    predictions: Mapping[str, Progress] = field(default_factory=dict)
    judging: Mapping[str, int] = field(default_factory=dict)
    decision: str = ""
    approval: LedgerRow | None = None
    spending: LedgerRow | None = None
    spent_usd: float = 0.0


def _newest(rows: Iterable[LedgerRow], kind: str) -> LedgerRow | None:
    return max((row for row in rows if row.kind == kind), key=lambda row: row.submitted_at, default=None)


class _Shard(NamedTuple):
    """A shard as a planning function lists it: its arm ("" for the teacher's answers), number, and requests."""

    arm: str
    number: int
    records: int


def run_counts(observed: Observed) -> RunCounts:
    """All counts of the run as far as they are known now."""
    staged = list(_by_stage(_payloads(observed.events)))
    payloads = [payload for stage, payload in staged if stage == Asking.ANSWERS]
    plans = [plan for plan in payloads if isinstance(plan.get("shards"), list)]
    ratings = [plan for stage, plan in staged if stage == Asking.RATINGS and "shards" in plan]
    shards = list(dict.fromkeys(shard for plan in plans for shard in _planned(plan)))
    rows = _latest({row.job_name: row for row in observed.ledger})
    jobs, layout = _latest(observed.jobs), RunLayout(observed.run_id)
    asked = {name.shard: job for name, job in jobs.items() if name.stage is Asking.ANSWERS}
    planned = {shard.number: shard.records for shard in shards if not shard.arm} or {
        name.shard: row.records for name, row in rows.items() if name.stage is Asking.ANSWERS
    }
    read = {number for number in planned if layout.answers(number) in observed.keys}
    return RunCounts(
        named=_named_counts(payloads, observed),
        wave=max((int(plan.get("wave") or 0) for plan in plans), default=0),
        expanded=_expanded([payload for _, payload in staged], jobs),
        ratings=sum(_integers(plan.get("counts")).get("requests", 0) for plan in ratings),
        first_wave_shards=next((len(plan["shards"]) for plan in plans if plan.get("wave") == 0), len(planned)),
        shards=Progress(len(read), len(planned)),
        records=_answered(planned, read, asked),
        batch_statuses=Counter(job.status for job in asked.values()),
        tuning=_job_lines(JobKind.TUNING, rows, jobs),
        deployments=_job_lines(JobKind.DEPLOYMENT, rows, jobs),
        predictions=_predictions([shard for shard in shards if shard.arm], jobs, observed),
        judging=Counter(job.status for name, job in jobs.items() if name.kind is JobKind.EVALUATION),
        approval=_newest(observed.ledger, APPROVAL),
        spending=_newest(observed.ledger, SPENDING),
        spent_usd=sum(row.spent_usd for row in observed.ledger if row.kind == RUN),
        decision=next((str(payload["decision"]) for payload in payloads if "decision" in payload), ""),
    )


def _latest(by_name: Mapping[str, T]) -> dict[JobName, T]:
    """What is known by a job's name, by what the job is for: of several attempts at the same work the last."""
    known = [(name, found) for job_name, found in by_name.items() if (name := parsed(job_name))]
    return {name._replace(attempt=0): found for name, found in sorted(known, key=lambda one: one[0].attempt)}


def _payloads(events: Iterable[HistoryEvent]) -> list[Mapping[str, Any]]:
    """What the functions returned. Waits end in TaskSucceeded too, but with a job's end instead of a payload."""
    outputs = [json_object(event.details.get("output")) for event in events if event.kind == "TaskSucceeded"]
    return [payload for output in outputs if isinstance(payload := output.get("Payload"), dict)]


def _by_stage(payloads: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each payload with what it is about: a plan opens its stage, what a round brought closes it."""
    stage = "answers"
    for payload in payloads:
        if isinstance(payload.get("shards"), list):
            stage = str(payload.get("stage") or "answers")
        elif "more" in payload or "arms" in payload or "pilot" in _integers(payload.get("counts")):
            stage = "answers"
        yield stage, payload


def _expanded(payloads: Iterable[Mapping[str, Any]], jobs: Mapping[JobName, JobLook]) -> Expanded:
    """What the latest round says of all; a round that is under way counts as well."""
    expanded = Expanded()
    for payload in payloads:
        account = payload.get("expansion")
        if payload.get("stage") == "expansion" and isinstance(payload.get("shards"), list):
            planned = Progress(0, sum(shard.records for shard in _planned(payload)))
            expanded = expanded._replace(round=int(payload.get("wave") or 0) + 1, requests=planned, why="")
        elif isinstance(account, dict):
            found = account.get("methods")
            listed = found.items() if isinstance(found, dict) else ()
            methods = {str(name): _integers(counts) for name, counts in listed}
            known, total = _integers(account), expanded.requests.total
            rounds, why = known.get("rounds", expanded.round), str(account.get("why") or "")
            kept = Progress(known.get("kept", 0), known.get("target", 0))
            expanded = Expanded(rounds, Progress(total, total), kept, methods, why)
    latest = (Asking.EXPANSION, expanded.round - 1)
    asked = sum(job.processed for name, job in jobs.items() if (name.stage, name.wave) == latest)
    done = max(expanded.requests.done, min(expanded.requests.total, asked))
    return expanded._replace(requests=expanded.requests._replace(done=done))


def _planned(plan: Mapping[str, Any]) -> list[_Shard]:
    return [
        _Shard(str(shard.get("arm") or ""), int(shard.get("shard") or 0), int(shard.get("records") or 0))
        for shard in plan["shards"]
        if isinstance(shard, dict)
    ]


def _named_counts(payloads: Iterable[Mapping[str, Any]], observed: Observed) -> dict[str, int]:
    """Shards are counted one by one and added up; all else is counted whole, and the run's files have the last word.

    A retry wave asks for the same requests again, so its plan does not count. `prompts` are those of the seeds; later
    hops count the new ones as well. The report's requests hold those that earlier runs had asked, a plan's do not.
    """
    totals: dict[str, int] = {}
    for payload in (payload for payload in payloads if not payload.get("wave")):
        for name, value in _integers(payload.get("counts")).items():
            if name != "prompts" or "run" in payload:
                totals[name] = value + (totals.get(name, 0) if name in _BY_SHARD else 0)
    reported = _integers(observed.report.get("counts"))
    if "requests" in reported:
        reported["requests"] -= reported.get("cached", 0)
    return totals | _integers(observed.manifest.get("counts")) | reported | _integers(observed.run.get("counts"))


def _integers(counts: object) -> dict[str, int]:
    return {name: value for name, value in counts.items() if isinstance(value, int)} if isinstance(counts, dict) else {}


def _answered(planned: Mapping[int, int], read: set[int], asked: Mapping[int, JobLook]) -> Progress:
    looks = {shard: asked.get(shard, _UNKNOWN) for shard in planned}
    totals = {shard: records or looks[shard].total for shard, records in planned.items()}
    done = (total if shard in read else min(total, looks[shard].processed) for shard, total in totals.items())
    return Progress(sum(done), sum(totals.values()))


def _job_lines(
    kind: JobKind, rows: Mapping[JobName, LedgerRow], jobs: Mapping[JobName, JobLook]
) -> tuple[JobLine, ...]:
    mine = sorted((name for name in rows if name.kind is kind), key=lambda name: name.arm)
    known = ((name.arm, rows[name], jobs.get(name, _UNKNOWN)) for name in mine)
    return tuple(JobLine(arm, job.status or row.status or row.state, job.loss) for arm, row, job in known)


def _predictions(shards: Iterable[_Shard], jobs: Mapping[JobName, JobLook], observed: Observed) -> dict[str, Progress]:
    """Prompts that each arm has answered: whole shards by their files, a running batch job by Bedrock's count."""
    layout, arms = RunLayout(observed.run_id), dict[str, Progress]()
    for shard in shards:
        job = jobs.get(JobName(JobKind.BATCH, arm=shard.arm, shard=shard.number), _UNKNOWN)
        read = layout.prediction_shard(shard.arm, shard.number) in observed.keys
        before = arms.get(shard.arm, _NOTHING)
        done = shard.records if read else min(shard.records, job.processed)
        arms[shard.arm] = Progress(before.done + done, before.total + shard.records)
    return arms
