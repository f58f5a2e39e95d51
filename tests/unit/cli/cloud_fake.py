"""AWS in memory, with the methods of `cli.aws.Cloud` that the commands use."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from botocore.exceptions import EndpointConnectionError
from run_stories import START

from cli.errors import CommandError
from cli.files.stored import StackOutputs, StoredFile
from cli.runs.observed import Execution, HistoryEvent, JobProgress
from distillation.records import LedgerRow

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:NovaDistill"


class FakeCloud:
    """`asked` counts the calls by name. `unreachable` is how many of the next looks the network swallows."""

    def __init__(self, *, on_aws: bool = True) -> None:
        self.outputs = StackOutputs("bucket", MACHINE, "ledger")
        self.on_aws, self.unreachable = on_aws, 0
        self.executions: dict[str, Execution] = {}
        self.events: list[HistoryEvent] = []
        self.rows: list[LedgerRow] = []
        self.jobs: dict[str, JobProgress] = {}
        self.objects: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.on_upload: Callable[[], None] = lambda: None

    def add(self, execution: Execution) -> Execution:
        self.executions[execution.arn] = execution
        return execution

    def start(self, name: str, execution_input: Mapping[str, Any]) -> str:
        arn = MACHINE.replace("stateMachine", "execution") + f":{name}"
        if arn in self.executions:
            raise CommandError(f"An execution named {name} exists already.")
        self.add(Execution(arn=arn, name=name, status="RUNNING", started=START, input=execution_input))
        return arn

    def latest(self, limit: int) -> Sequence[Execution]:
        newest_first = sorted(self.executions.values(), key=lambda execution: execution.started, reverse=True)
        return [replace(execution, input={}, output={}) for execution in newest_first[:limit]]

    def describe(self, arn: str) -> Execution:
        self.asked.append("describe")
        if self.unreachable:
            self.unreachable -= 1
            raise EndpointConnectionError(endpoint_url="https://states")
        if arn not in self.executions:
            raise CommandError(f"There is no execution {arn}.")
        return self.executions[arn]

    def events_after(self, arn: str, last_id: int) -> Sequence[HistoryEvent]:
        self.asked.append(f"events after {last_id}")
        return [event for event in self.events if event.id > last_id]

    def ledger(self, run_id: str) -> Sequence[LedgerRow]:
        return [row for row in self.rows if row.run_id == run_id]

    def job_progress(self, row: LedgerRow) -> JobProgress:
        self.asked.append(f"job {row.job_name}")
        return self.jobs[row.job_name]

    def files(self, prefix: str) -> Iterator[StoredFile]:
        return (StoredFile(key, len(body)) for key, body in sorted(self.objects.items()) if key.startswith(prefix))

    def keys(self, prefix: str) -> list[str]:
        return [file.key for file in self.files(prefix)]

    def read(self, key: str) -> bytes | None:
        self.asked.append(f"read {key}")
        return self.objects.get(key)

    def upload(self, path: Path, key: str, sent: Callable[[int], None]) -> None:
        self.objects[key] = path.read_bytes()
        sent(len(self.objects[key]))
        self.on_upload()

    def download(self, key: str, path: Path, received: Callable[[int], None]) -> None:
        path.write_bytes(self.objects[key])
        received(len(self.objects[key]))
