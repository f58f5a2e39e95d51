"""The deployed app in memory: the application's services over fakes, with the account's executions and jobs."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from botocore.exceptions import EndpointConnectionError

from application.services import Services
from distillation.bedrock.waiting import JobLook
from distillation.records import LedgerRow
from gateways.executions import Execution
from settings import Settings
from tests.fakes import Clock, FakeExecutions, FakeJobs, FakeParameters, MemoryLedger, MemoryStore


class _Executions(FakeExecutions):
    """`unreachable`: how many of the next looks the network swallows; `on_describe` changes the world after a look."""

    unreachable = 0

    def __init__(self) -> None:
        super().__init__()
        self.on_describe: Callable[[], object] = lambda: None

    def describe(self, arn: str) -> Execution | None:
        if self.unreachable:
            self.unreachable -= 1
            raise EndpointConnectionError(endpoint_url="https://states")
        found = super().describe(arn)
        self.on_describe()
        return found


class _Store(MemoryStore):
    def __init__(self, asked: list[str]) -> None:
        super().__init__()
        self.asked = asked
        self.on_upload: Callable[[], None] = lambda: None

    def chunks(self, key: str) -> Iterator[bytes]:
        self.asked.append(f"read {key}")
        return super().chunks(key)

    def upload(self, path: Path, key: str, sent: Callable[[int], None]) -> None:
        super().upload(path, key, sent)
        self.on_upload()


class _Jobs(FakeJobs):
    """Jobs that are looked at by an ARN that ends in their name."""

    def __init__(self, jobs: dict[str, JobLook], asked: list[str]) -> None:
        super().__init__()
        self._jobs, self._asked = jobs, asked

    def look(self, arn: str) -> JobLook:
        name = arn.rpartition(":")[2]
        self._asked.append(f"job {name}")
        return self._jobs[name]

    def look_for(self, arn: str, model_arn: str) -> JobLook:
        return self.look(arn)


class FakeCloud(Services):
    """`jobs` by name are what Bedrock says; `asked` are the calls that were made."""

    def __init__(self, *, on_aws: bool = True) -> None:
        machine = FakeExecutions().arn_of("x").replace(":execution:", ":stateMachine:").removesuffix(":x")
        super().__init__(Settings("bucket", "ledger", "nova-distill", state_machine_arn=machine), Clock())
        self.machine, self.jobs = _Executions(), dict[str, JobLook]()
        self.machine.on_aws, self.asked = on_aws, self.machine.asked
        self.files, self.paid, jobs = _Store(self.asked), MemoryLedger(), _Jobs(self.jobs, self.asked)
        self.__dict__.update(store=self.files, executions=self.machine, ledger=self.paid, deployments=jobs)
        self.__dict__.update(parameters=FakeParameters(), batch_jobs=jobs, tuning_jobs=jobs, evaluation_jobs=jobs)

    def add_rows(self, rows: Sequence[LedgerRow]) -> None:
        self.paid.kept |= {(row.run_id, row.job_name): row for row in rows}
