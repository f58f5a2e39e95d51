"""The proofs of accounts that were committed, against the readers of the product; and what prove writes and leaves."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from application.services import Services
from cli.account.assumptions import ASSUMPTIONS
from cli.account.proof import MASK, Finding, Proof
from cli.account.prove import prove
from cli.account.steps import Bench
from distillation.records import Request
from settings import Settings
from tests.fakes import Clock, FakeDeployments, FakeJobs, FakeModels, MemoryStore, model_output, record_error
from tests.proofs import replay

ROOT = Path(__file__).parents[4]
FIXTURE = ROOT / "tests/fixtures/proof-of-the-local-aws"
PROOFS = [FIXTURE, *sorted(path.parent for path in ROOT.glob("proof/*/findings.json"))]


@pytest.mark.parametrize("folder", PROOFS, ids=lambda folder: folder.name)
def test_the_readers_take_what_aws_wrote(folder: Path) -> None:
    replay(folder)


def test_the_document_explains_every_assumption() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \|", (ROOT / "docs/aws-assumptions.md").read_text(), re.MULTILINE)
    assert {name: says.strip().replace("`", "") for name, says in rows} == ASSUMPTIONS


def test_account_numbers_are_masked_wherever_they_stand(tmp_path: Path) -> None:
    proof = Proof(tmp_path, "proof-1", "111122223333")
    proof.hear("Get", {"jobArn": "arn:aws:bedrock:us-east-1:111122223333:job/x", "owner": "111122223333"})
    proof.done("batch", [Finding("flex", holds=True, found="by 111122223333")])
    written = "".join(path.read_text() for path in tmp_path.rglob("*.json") if path.name != ".state.json")
    assert "111122223333" not in written and written.count(MASK) == 3


class Silent:
    """SQS, EventBridge and Step Functions in which nothing happens; what is deleted is noted."""

    def __init__(self) -> None:
        self.deleted: list[str] = []

    def client(self, service: str, *_: object) -> "Silent":
        return self

    def create_queue(self, **_: object) -> dict[str, str]:
        return {"QueueUrl": "url"}

    def get_queue_attributes(self, **_: object) -> dict[str, Any]:
        return {"Attributes": {"QueueArn": "arn:aws:sqs:us-east-1:111122223333:q"}}

    def put_rule(self, **_: object) -> dict[str, str]:
        return {"RuleArn": "arn:rule"}

    def list_rules(self, **named: str) -> dict[str, Any]:
        return {"Rules": [{"Name": named["NamePrefix"]}]}

    def describe_state_machine(self, **_: object) -> dict[str, str]:
        return {"roleArn": "role"}

    def create_state_machine(self, **_: object) -> dict[str, str]:
        return {"stateMachineArn": "arn:machine"}

    def start_execution(self, **_: object) -> dict[str, str]:
        return {"executionArn": "arn:execution"}

    def describe_execution(self, **_: object) -> dict[str, str]:
        return {"status": "SUCCEEDED"}

    def get_execution_history(self, **_: object) -> dict[str, Any]:
        return {"events": [{"type": "TaskTimedOut"}]}

    def receive_message(self, **_: object) -> dict[str, Any]:
        return {}

    def delete_state_machine(self, **named: str) -> None:
        self.deleted.append(named["stateMachineArn"])

    def delete_queue(self, **named: str) -> None:
        self.deleted.append(named["QueueUrl"])

    def delete_rule(self, **named: str) -> None:
        self.deleted.append(named["Name"])

    def __getattr__(self, operation: str) -> Any:
        return lambda **_: {}


class Account:
    """A bench on fakes."""

    def __init__(self, folder: Path, **jobs: Any) -> None:
        settings = Settings("bucket", "ledger", "nd", "r", "r", "pro", "pro", "micro:128k", "micro", "machine")
        self.services, self.aws, self.said = Services(settings._replace(judge_invoke_id="pro"), Clock()), Silent(), []
        self.jobs = {name: FakeJobs(status) for name, status in jobs.items()}
        self.services.__dict__.update(
            store=MemoryStore(),
            models=FakeModels(self.answer),
            deployments=FakeDeployments(),
            clients=self.aws,
            **self.jobs,
        )
        self.bench = Bench(self.services, Proof(folder, "proof-1", "111122223333"), "topic", self.pause, self.say)

    def answer(self, model_id: str, _: Request) -> dict[str, object]:
        self.bench.proof.hear("Converse", {"Error": {"Message": "no such tier"}} if model_id == "micro" else {})
        return record_error(400, "no such tier") if model_id == "micro" else model_output("good")

    def pause(self) -> None:
        raise KeyboardInterrupt

    def say(self, line: str) -> None:
        self.said.append(line)


def test_ctrl_c_stops_and_deletes_what_was_made_and_the_next_call_begins_the_chain_under_a_new_name(
    tmp_path: Path,
) -> None:
    account = Account(tmp_path, batch_jobs="InProgress", tuning_jobs="InProgress", evaluation_jobs="InProgress")
    with pytest.raises(KeyboardInterrupt):
        prove(account.bench)
    assert all(jobs.stopped == [f"arn:{jobs.created[0]}"] for jobs in account.jobs.values())
    assert sorted(account.aws.deleted) == ["arn:machine", "nd-proof-1", "url"]
    left = json.loads((tmp_path / ".state.json").read_text())
    assert (left["made"], sorted(left["done"])) == ({}, ["converse", "heartbeat"])
    again = Proof(tmp_path, "proof-2", "111122223333")
    assert again.is_done("heartbeat") and not again.is_done("submit")


def test_a_step_that_comes_to_nothing_does_not_stop_those_that_do_not_need_it(tmp_path: Path) -> None:
    account = Account(tmp_path, batch_jobs="Failed", tuning_jobs="Failed", evaluation_jobs="Completed")
    failed = prove(account.bench)
    assert failed == ["batch", "tuning", "deployment", "deletion"]
    assert "  needs the model of an earlier step, which is not there" in account.said
    assert account.bench.proof.is_done("evaluation")


def test_what_cannot_be_cleaned_up_is_said_and_kept_for_the_next_call(tmp_path: Path) -> None:
    account = Account(tmp_path, batch_jobs="Failed", tuning_jobs="Completed", evaluation_jobs="Completed")

    def denied(_: str) -> None:
        raise PermissionError("not allowed")

    account.services.deployments.delete = denied  # type: ignore[method-assign]
    prove(account.bench)
    assert list(json.loads((tmp_path / ".state.json").read_text())["made"]) == ["deployment"]
    assert any(line.startswith("STILL THERE: deployment") for line in account.said)
