"""Fakes in memory with the gateways' protocols.

They keep what they were told, so that a test can ask what was done and how often.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from distillation.bedrock.job_status import GONE_STATUS
from distillation.bedrock.waiting import JobLook
from distillation.records import LedgerRow, Request
from gateways.bedrock.model_catalogue import ModelLook
from gateways.executions import Execution, HistoryEvent
from gateways.keyed_files import KeyedFiles, StoredObject

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = EPOCH

    def __call__(self) -> datetime:
        return self.time

    def move(self, **delta: float) -> None:
        self.time += timedelta(**delta)


class MemoryStore(KeyedFiles):
    """`gateways.store.Store` over a dict."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.modified: dict[str, datetime] = {}
        self.place = "s3://bucket"

    def list(self, prefix: str) -> list[StoredObject]:
        keys = sorted(key for key in self.objects if key.startswith(prefix))
        return [
            StoredObject(key, len(self.objects[key]), f"etag-{hash(self.objects[key])}", self.modified.get(key, EPOCH))
            for key in keys
        ]

    def version_of(self, key: str) -> str:
        return "v1"

    def chunks(self, key: str) -> Iterator[bytes]:
        if key not in self.objects:
            raise FileNotFoundError(key)
        body = self.objects[key]
        return (body[start : start + 61] for start in range(0, len(body), 61))

    def put(self, key: str, body: bytes, content_type: str = "") -> None:
        self.objects[key] = body

    def put_lines(self, key: str, lines: Iterable[bytes]) -> int:
        kept = list(lines)
        self.put(key, b"".join(kept))
        return len(kept)

    def copy(self, source: str, target: str) -> None:
        self.objects[target] = self.objects[source]

    def delete(self, key: str) -> None:
        self.objects.pop(key, None)

    def upload(self, path: Path, key: str, sent: Callable[[int], None]) -> None:
        self.put(key, path.read_bytes())
        sent(len(self.objects[key]))

    def json(self, key: str) -> Any:
        return msgspec.json.decode(self.objects[key])


class MemoryLedger:
    """The protocol of `distillation.submission.Ledger` over a dict."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], LedgerRow] = {}

    def row(self, run_id: str, job_name: str) -> LedgerRow | None:
        return self.kept.get((run_id, job_name))

    def rows(self, run_id: str) -> list[LedgerRow]:
        return [row for (run, _), row in sorted(self.kept.items()) if run == run_id]

    def open(self, row: LedgerRow) -> None:
        self.kept.setdefault((row.run_id, row.job_name), row)

    def take(self, row: LedgerRow, *, instead_of: str | None) -> str:
        there = self.kept.get((row.run_id, row.job_name))
        if there is None or there.execution == instead_of:
            self.note(row)
        return str(self.kept[row.run_id, row.job_name].execution)

    def note(self, row: LedgerRow) -> None:
        self.kept[row.run_id, row.job_name] = row

    def submitted(self, run_id: str, job_name: str, job_arn: str) -> None:
        self._change(run_id, job_name, state="SUBMITTED", job_arn=job_arn)

    def waiting(self, run_id: str, job_name: str, token: str) -> LedgerRow:
        return self._change(run_id, job_name, token=token)

    def ended(
        self, run_id: str, job_name: str, *, status: str, outcome: str, message: str, model_arn: str | None = None
    ) -> None:
        made = {"model_arn": model_arn} if model_arn else {}
        self._change(run_id, job_name, state="ENDED", status=status, outcome=outcome, message=message, **made)

    def spent(self, run_id: str, job_name: str, usd: float) -> None:
        self._change(run_id, job_name, spent_usd=usd)

    def _change(self, run_id: str, job_name: str, **fields: Any) -> LedgerRow:
        row = msgspec.structs.replace(self.kept[run_id, job_name], **fields)
        self.kept[run_id, job_name] = row
        return row


class FakeCallbacks:
    """Completed tokens: each token once, as Step Functions has it."""

    def __init__(self) -> None:
        self.succeeded: dict[str, dict[str, object]] = {}
        self.failed: dict[str, tuple[str, str]] = {}
        self.over: set[str] = set()

    def succeed(self, token: str, output: dict[str, object]) -> None:
        self.answer(token, output)

    def answer(self, token: str, output: dict[str, object]) -> bool:
        known = {**self.succeeded, **self.failed}
        if token not in known and token not in self.over:
            self.succeeded[token] = output
            return True
        return False

    def fail(self, token: str, error: str, cause: str) -> None:
        if token not in self.succeeded:
            self.failed.setdefault(token, (error, cause))


class FakeJobs:
    """Batch jobs, customization jobs and deployments: all are found by name, looked at by ARN, stopped or deleted."""

    def __init__(self, status: str = "Completed") -> None:
        self.status = status
        self.created: list[str] = []
        self.requests: dict[str, dict[str, Any]] = {}
        self.looks: dict[str, JobLook] = {}
        self.stopped: list[str] = []
        self.gone: set[str] = set()

    def create(self, request: str | dict[str, Any], **details: Any) -> str:
        name = request if isinstance(request, str) else request.get("jobName") or request["modelDeploymentName"]
        self.created.append(name)
        self.requests[name] = details if isinstance(request, str) else request
        return f"arn:{name}"

    def find(self, name: str) -> str | None:
        return f"arn:{name}" if name in self.created and f"arn:{name}" not in self.gone else None

    def look(self, arn: str) -> JobLook:
        if arn in self.gone:
            return JobLook(status=GONE_STATUS)
        return self.looks.get(
            arn, JobLook(status=self.status, model_arn=f"{arn}:model", deployment_arn=f"{arn}:deployment")
        )

    def model_is_gone(self, arn: str) -> bool:
        return f"{arn}:model" in self.gone or self.look(arn).status in {"Failed", "Stopped"}

    def model_exists(self, arn: str) -> bool:
        return arn not in self.gone

    def stop(self, arn: str) -> None:
        self.stopped.append(arn)

    def delete(self, arn: str) -> None:
        self.gone.add(arn)

    def delete_model(self, arn: str) -> None:
        self.gone.add(arn)


class FakeDeployments(FakeJobs):
    """Deployments that serve a model: made and moved at once, unless `slow`; then `settle` ends what is under way."""

    def __init__(self) -> None:
        super().__init__("Active")
        self.models: dict[str, str] = {}
        self.moving: dict[str, str] = {}
        self.updates: list[tuple[str, str]] = []
        self.slow = False

    def create(self, request: str | dict[str, Any], **details: Any) -> str:
        arn = super().create(request)
        self.gone.discard(arn)
        self.models[arn] = self.requests[arn.removeprefix("arn:")]["modelArn"]
        return arn

    def update(self, arn: str, model_arn: str) -> str:
        self.updates.append((arn, model_arn))
        self.moving[arn] = model_arn
        if not self.slow:
            self.settle()
        return arn

    def settle(self) -> None:
        self.models |= self.moving
        self.moving = {}

    def look(self, arn: str) -> JobLook:
        if arn in self.gone:
            return JobLook(status=GONE_STATUS)
        return self.looks.get(arn, JobLook(status=self.status, model_arn=self.models.get(arn), deployment_arn=arn))

    def look_for(self, arn: str, model_arn: str) -> JobLook:
        seen = self.look(arn)
        waits = seen.status == "Active" and (seen.model_arn != model_arn or arn in self.moving)
        return msgspec.structs.replace(seen, status="Updating") if waits else seen

    def moves_to(self, arn: str) -> str | None:
        return self.moving.get(arn)


class FakeModels:
    """Converse: answers by a function of model id and request; counts what was asked."""

    def __init__(self, answer: Callable[[str, Request], dict[str, object]]) -> None:
        self.answer = answer
        self.asked: list[tuple[str, str, bool]] = []
        self.refusals: dict[str, str] = {}

    def refusal(self, model_id: str) -> str | None:
        return self.refusals.get(model_id)

    def ask(self, model_id: str, request: Request, *, flex: bool) -> dict[str, object]:
        self.asked.append((model_id, request.record_id, flex))
        return self.answer(model_id, request)


class FakeCatalogue:
    """All models are there, but for those with a problem."""

    def __init__(self) -> None:
        self.problems: dict[str, str] = {}
        self.legacy: set[str] = set()

    def look(self, model_id: str) -> ModelLook:
        return ModelLook(self.problems.get(model_id), legacy=model_id in self.legacy)

    def problem_with_profile(self, profile_id: str) -> str | None:
        return self.problems.get(profile_id)


class FakeExecutions:
    """Executions by ARN; a name starts once. `events` are those of all, `asked` counts the looks."""

    def __init__(self) -> None:
        self.on_aws = True
        self.known: dict[str, Execution] = {}
        self.events: list[HistoryEvent] = []
        self.asked: list[str] = []

    def arn_of(self, name: str) -> str:
        return f"arn:aws:states:us-east-1:123456789012:execution:NovaDistill:{name}"

    def add(self, execution: Execution) -> Execution:
        self.known[execution.arn] = execution
        return execution

    def start(self, name: str, execution_input: Mapping[str, object]) -> bool:
        new = Execution(self.arn_of(name), name, "RUNNING", EPOCH, input=execution_input)
        return self.known.setdefault(new.arn, new) is new

    def stop(self, arn: str, cause: str) -> None:
        self.known[arn] = replace(self.known[arn], status="ABORTED", cause=cause)

    def latest(self, limit: int) -> list[Execution]:
        newest_first = sorted(self.known.values(), key=lambda execution: execution.started, reverse=True)
        return [replace(execution, input={}, output={}) for execution in newest_first[:limit]]

    def describe(self, arn: str) -> Execution | None:
        self.asked.append("describe")
        return self.known.get(arn)

    def events_after(self, arn: str, last_id: int) -> list[HistoryEvent]:
        self.asked.append(f"events after {last_id}")
        return [event for event in self.events if event.id > last_id]


class FakeParameters:
    """SSM parameters."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def get(self, name: str) -> str | None:
        return self.values.get(name)

    def put(self, name: str, text: str) -> None:
        self.values[name] = text


class Invocation:
    """An invocation with time left."""

    def __init__(self, milliseconds: int = 900_000) -> None:
        self.milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


def model_output(text: str, *, stop: str = "end_turn", tokens: tuple[int, int] = (20, 2)) -> dict[str, object]:
    """A reply as Converse and batch records spell it."""
    usage = {"inputTokens": tokens[0], "outputTokens": tokens[1], "totalTokens": sum(tokens)}
    return {
        "modelOutput": {
            "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
            "stopReason": stop,
            "usage": usage,
        }
    }


def record_error(code: int, message: str = "no") -> dict[str, object]:
    """A failed record as batch jobs spell it."""
    return {"error": {"errorCode": code, "errorMessage": message}}
