"""What a run has counted so far, put together from the payloads of its functions, its ledger, Bedrock's own job counts
and its files. Pure.

Not every Step Functions writes events for the states of a Map, so nothing here needs the name of the state that an
event belongs to.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cli.runs.observed import HistoryEvent, JobProgress, Observed, json_object
from distillation.bedrock.job_names import arm_called
from distillation.bedrock.job_status import JobKind
from distillation.records import LedgerRow

_TEACHER_JOB = re.compile(r"-w(?P<wave>\d+)-s(?P<shard>\d+)$")
_ARM_JOB = re.compile(r"-(?P<arm>[a-z]+)-(?:s(?P<shard>\d+)|[td]\d+)$")
_ANSWERED = re.compile(r"4-answers/shard-(\d+)\.jsonl$")
_PREDICTED = re.compile(r"7-evaluation/shards/([a-z-]+)/shard-(\d+)\.jsonl$")


class Progress(NamedTuple):
    """`done` of `total`; the total is 0 while nobody knows it."""

    done: int
    total: int


class Yield(NamedTuple):
    """New prompts of a method of expansion: asked for, read from the replies, kept."""

    asked: int
    parsed: int
    kept: int


class Expanded(NamedTuple):
    """The rounds of expansion so far. `requests` are those of the latest round; `why` is "" while the rounds go on."""

    round: int = 0
    requests: Progress = Progress(0, 0)
    kept: Progress = Progress(0, 0)
    methods: Mapping[str, Yield] = {}
    why: str = ""


class JobLine(NamedTuple):
    """A job that a person waits for: the arm that it serves, Bedrock's own word for its status, and the training loss
    once there is one.
    """

    arm: str
    status: str
    loss: float | None = None


_BY_SHARD = frozenset({"replies", "answers", "answersRejected", "candidates", "held"})
_NOTHING = Progress(0, 0)
_NOT_EXPANDED = Expanded()


@dataclass(frozen=True, slots=True)
class RunCounts:
    """`named` has the names of report.json's counts. `decision` is the gate's.

    `batch_statuses` counts the teacher's batch jobs by Bedrock's status.
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
    decision: str = ""


class _Shard(NamedTuple):
    """A shard as a planning function lists it: which arm it belongs to ("" for the teacher's answers), its number and
    its number of requests.
    """

    arm: str
    number: int
    records: int


def run_counts(observed: Observed) -> RunCounts:
    """All counts of the run as far as they are known now."""
    staged = list(_by_stage(_payloads(observed.events)))
    payloads = [payload for stage, payload in staged if stage == "answers"]
    plans = [plan for plan in payloads if isinstance(plan.get("shards"), list)]
    shards = list(dict.fromkeys(shard for plan in plans for shard in _planned(plan)))
    teacher = {shard.number: shard.records for shard in shards if not shard.arm} or _shards_of_ledger(observed.ledger)
    answered = {int(found[1]) for key in observed.keys if (found := _ANSWERED.search(key))}
    return RunCounts(
        named=_named_counts(payloads, observed),
        wave=max((int(plan.get("wave") or 0) for plan in plans), default=0),
        expanded=_expanded([payload for _, payload in staged], observed),
        ratings=sum(
            _integers(plan.get("counts")).get("requests", 0)
            for stage, plan in staged
            if stage == "ratings" and "shards" in plan
        ),
        first_wave_shards=next((len(plan["shards"]) for plan in plans if plan.get("wave") == 0), len(teacher)),
        shards=Progress(len(answered & set(teacher)) if teacher else len(answered), len(teacher)),
        records=_teacher_records(teacher, answered, observed),
        batch_statuses=_batch_statuses(observed),
        tuning=_job_lines(JobKind.TUNING, observed),
        deployments=_job_lines(JobKind.DEPLOYMENT, observed),
        predictions=_predictions([shard for shard in shards if shard.arm], observed),
        decision=next((str(payload["decision"]) for payload in payloads if "decision" in payload), ""),
    )


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
        elif "more" in payload or "arms" in payload:
            stage = "answers"
        yield stage, payload


def _expanded(payloads: Iterable[Mapping[str, Any]], observed: Observed) -> Expanded:
    """What the latest round says of all; a round that is under way counts as well."""
    expanded = Expanded()
    for payload in payloads:
        account = payload.get("expansion")
        if payload.get("stage") == "expansion" and isinstance(payload.get("shards"), list):
            planned = Progress(0, sum(shard.records for shard in _planned(payload)))
            expanded = expanded._replace(round=int(payload.get("wave") or 0) + 1, requests=planned, why="")
        elif isinstance(account, dict):
            found = account.get("methods")
            methods = {str(name): _yield(counts) for name, counts in found.items()} if isinstance(found, dict) else {}
            known, asked = _integers(account), expanded.requests.total
            kept = Progress(known.get("kept", 0), known.get("target", 0))
            expanded = Expanded(
                known.get("rounds", expanded.round),
                Progress(asked, asked),
                kept,
                methods,
                str(account.get("why") or ""),
            )
    jobs = [job for name, job in observed.progress.items() if f"-x{expanded.round - 1:02d}-s" in name]
    done = max(expanded.requests.done, min(expanded.requests.total, sum(job.processed for job in jobs)))
    return expanded._replace(requests=expanded.requests._replace(done=done))


def _yield(counts: object) -> Yield:
    known = _integers(counts)
    return Yield(known.get("asked", 0), known.get("parsed", 0), known.get("kept", 0))


def _planned(plan: Mapping[str, Any]) -> list[_Shard]:
    listed = [shard for shard in plan["shards"] if isinstance(shard, dict)]
    return [
        _Shard(str(shard.get("arm") or ""), int(shard.get("shard") or 0), int(shard.get("records") or 0))
        for shard in listed
    ]


def _named_counts(payloads: Iterable[Mapping[str, Any]], observed: Observed) -> dict[str, int]:
    """Shards are counted one by one and added up; all else is counted whole, and the run's files have the last word.

    A retry wave asks for the same requests again, so its plan does not count. `prompts` are those of the seeds; later
    hops count the new ones as well.
    """
    totals: dict[str, int] = {}
    for payload in (payload for payload in payloads if not payload.get("wave")):
        for name, value in _integers(payload.get("counts")).items():
            if name != "prompts" or "run" in payload:
                totals[name] = value + (totals.get(name, 0) if name in _BY_SHARD else 0)
    for document in (observed.manifest, observed.report, observed.run):
        totals |= _integers(document.get("counts"))
    return totals


def _integers(counts: object) -> dict[str, int]:
    return {name: value for name, value in counts.items() if isinstance(value, int)} if isinstance(counts, dict) else {}


def _shards_of_ledger(ledger: Iterable[LedgerRow]) -> dict[int, int]:
    return {int(found["shard"]): row.records for row in ledger if (found := _TEACHER_JOB.search(row.job_name))}


def _teacher_records(planned: Mapping[int, int], answered: set[int], observed: Observed) -> Progress:
    jobs = {int(found["shard"]): job for name, job in observed.progress.items() if (found := _TEACHER_JOB.search(name))}
    totals = {shard: records or _total(jobs.get(shard)) for shard, records in planned.items()}
    done = [
        records if shard in answered else min(records, _processed(jobs.get(shard))) for shard, records in totals.items()
    ]
    return Progress(sum(done), sum(totals.values()))


def _processed(job: JobProgress | None) -> int:
    return job.processed if job else 0


def _total(job: JobProgress | None) -> int:
    return job.total if job else 0


def _batch_statuses(observed: Observed) -> dict[str, int]:
    statuses: dict[str, int] = {}
    for name, job in observed.progress.items():
        if _TEACHER_JOB.search(name):
            statuses[job.status] = statuses.get(job.status, 0) + 1
    return statuses


def _job_lines(kind: JobKind, observed: Observed) -> tuple[JobLine, ...]:
    rows = [row for row in observed.ledger if row.kind == kind]
    known = [(row, observed.progress.get(row.job_name)) for row in sorted(rows, key=lambda row: row.job_name)]
    return tuple(
        JobLine(_arm_of(row.job_name), job.status if job else row.status or row.state, job.loss if job else None)
        for row, job in known
    )


def _arm_of(job_name: str) -> str:
    found = _ARM_JOB.search(job_name)
    return found["arm"] if found else job_name


def _predictions(shards: Iterable[_Shard], observed: Observed) -> dict[str, Progress]:
    """Prompts that each arm has answered: whole shards by their files, a running batch job by Bedrock's count."""
    written = {(found[1], int(found[2])) for key in observed.keys if (found := _PREDICTED.search(key))}
    named = [
        (found, job) for name, job in observed.progress.items() if (found := _ARM_JOB.search(name)) and found["shard"]
    ]
    jobs = {(arm_called(found["arm"]), int(found["shard"])): job for found, job in named}
    arms: dict[str, Progress] = {}
    for shard in shards:
        place = (shard.arm, shard.number)
        done = shard.records if place in written else min(shard.records, _processed(jobs.get(place)))
        before = arms.get(shard.arm, _NOTHING)
        arms[shard.arm] = Progress(before.done + done, before.total + shard.records)
    return arms
