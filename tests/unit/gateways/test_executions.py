"""What is asked of Step Functions and what is made of its answers, checked by botocore's stubs on both sides."""

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from gateways.executions import Executions

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:NovaDistill"
ARN = "arn:aws:states:us-east-1:123456789012:execution:NovaDistill:reviews-1"
AT = datetime(2026, 1, 2, tzinfo=UTC)


class Machine:
    def __init__(self) -> None:
        client = boto3.client(
            "stepfunctions", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        self.stub, self.executions = Stubber(client), Executions(client, MACHINE)
        self.stub.activate()


@pytest.fixture
def machine() -> Machine:
    return Machine()


def item(name: str, begun: datetime, **more: Any) -> dict[str, Any]:
    running = {"stateMachineArn": MACHINE, "name": name, "status": "RUNNING", "startDate": begun}
    return {"executionArn": ARN.replace("reviews-1", name), **running, **more}


def test_a_name_starts_once(machine: Machine) -> None:
    expected = {"stateMachineArn": MACHINE, "name": "reviews-1", "input": '{"dataset": "reviews"}'}
    machine.stub.add_response("start_execution", {"executionArn": ARN, "startDate": AT}, expected)
    machine.stub.add_client_error("start_execution", "ExecutionAlreadyExists")
    assert machine.executions.start("reviews-1", {"dataset": "reviews"})
    assert not machine.executions.start("reviews-1", {"dataset": "reviews"})
    assert machine.executions.arn_of("reviews-1") == ARN


def test_describe(machine: Machine) -> None:
    more = {"input": '{"dataset": "reviews"}', "output": "not json", "error": "InvalidInput", "cause": "why"}
    machine.stub.add_response("describe_execution", item("reviews-1", AT, stopDate=AT, **more))
    execution = machine.executions.describe(ARN)
    assert execution is not None
    assert (execution.arn, execution.input, execution.output) == (ARN, {"dataset": "reviews"}, {})
    assert (execution.error, execution.cause, execution.stopped) == ("InvalidInput", "why", AT)


@pytest.mark.parametrize("code", ["ExecutionDoesNotExist", "InvalidArn"])
def test_there_is_no_such_execution(machine: Machine, code: str) -> None:
    machine.stub.add_client_error("describe_execution", code)
    assert machine.executions.describe(ARN) is None


def test_latest_is_sorted_by_start_and_bounded(machine: Machine) -> None:
    first, second, third, fourth = (item(f"r{day}", datetime(2026, 1, day, tzinfo=UTC)) for day in (2, 5, 3, 4))
    machine.stub.add_response("list_executions", {"executions": [first, second], "nextToken": "more"})
    machine.stub.add_response("list_executions", {"executions": [third, fourth]})
    assert [execution.name for execution in machine.executions.latest(3)] == ["r5", "r3", "r2"]


def event(number: int) -> dict[str, Any]:
    entered = {"type": "TaskStateEntered", "stateEnteredEventDetails": {"name": f"S{number}"}}
    return {"id": number, "timestamp": AT, "previousEventId": 0, **entered}


def test_new_events_are_read_backwards_until_a_known_one(machine: Machine) -> None:
    expected = {"executionArn": ARN, "reverseOrder": True, "includeExecutionData": True, "maxResults": 200}
    first = {"events": [event(9), event(8)], "nextToken": "more"}
    second = {"events": [event(7), event(6)], "nextToken": "never asked for"}
    machine.stub.add_response("get_execution_history", first, expected)
    machine.stub.add_response("get_execution_history", second, expected | {"nextToken": "more"})
    events = machine.executions.events_after(ARN, 6)
    assert [(one.id, one.entered_state) for one in events] == [(7, "S7"), (8, "S8"), (9, "S9")]
    machine.stub.assert_no_pending_responses()
