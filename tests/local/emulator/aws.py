"""What the conformance tests need of boto3: small functions, state machines and queues, and bounded waits."""

import io
import json
import textwrap
import time
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3

ROLE = "arn:aws:iam::000000000000:role/any"
LAMBDA_INVOKE = "arn:aws:states:::lambda:invoke"


def unique(prefix: str) -> str:
    """A name that no other test uses."""
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def wait_for(look: Callable[[], Any], seconds: float = 15) -> Any:
    """What `look` finds as soon as that is true; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"nothing after {seconds} s"
        time.sleep(0.05)
    return found


def zipped(files: dict[str, str]) -> bytes:
    """A zip archive in memory."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, textwrap.dedent(text))
    return buffer.getvalue()


class Aws:
    """The emulator at `url`, through boto3."""

    def __init__(self, url: str, home: Path, verify: str | None = None) -> None:
        self._session = boto3.session.Session("test", "test", region_name="us-east-1")
        self.url, self.home, self._verify = url, home, verify
        self._clients: dict[str, Any] = {}

    def __getattr__(self, service: str) -> Any:
        """The client of a service by its boto3 name."""
        if service not in self._clients:
            self._clients[service] = self._session.client(service, endpoint_url=self.url, verify=self._verify)
        return self._clients[service]

    def function(self, code: str, **settings: Any) -> str:
        """Create a function whose module is `code` with a `handler`; returns its ARN."""
        settings = {"Timeout": 20, "Role": ROLE, **settings}
        archive = zipped({"module.py": code})
        return self.lambda_.create_function(
            FunctionName=unique("function"),
            Runtime="python3.13",
            Handler="module.handler",
            Code={"ZipFile": archive},
            **settings,
        )["FunctionArn"]

    @property
    def lambda_(self) -> Any:
        """The Lambda client (the service's name is a keyword)."""
        return getattr(self, "lambda")

    def run(self, states: dict[str, Any], data: Any = None, seconds: float = 20, **machine: Any) -> dict[str, Any]:
        """Run a JSONata machine that starts at the first of `states`; returns what DescribeExecution says at its end,
        `output` parsed.
        """
        execution = self.start(states, data, **machine)
        ended = wait_for(lambda: self._ended(execution), seconds)
        return {**ended, "output": json.loads(ended["output"])} if ended["status"] == "SUCCEEDED" else ended

    def start(self, states: dict[str, Any], data: Any = None, **machine: Any) -> str:
        """Start such a machine; returns the execution's ARN."""
        definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states, **machine}
        arn = self.stepfunctions.create_state_machine(
            name=unique("machine"), definition=json.dumps(definition), roleArn=ROLE
        )["stateMachineArn"]
        return self.stepfunctions.start_execution(stateMachineArn=arn, input=json.dumps(data or {}))["executionArn"]

    def _ended(self, execution: str) -> dict[str, Any] | None:
        found = self.stepfunctions.describe_execution(executionArn=execution)
        return found if found["status"] != "RUNNING" else None

    def queue(self, **attributes: str) -> tuple[str, str]:
        """A queue that EventBridge may send to: its URL and ARN."""
        url = self.sqs.create_queue(QueueName=unique("queue"), Attributes=attributes)["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(_policy(arn))})
        return url, arn

    def messages(self, url: str, seconds: int = 1) -> list[dict[str, Any]]:
        """The bodies of the messages that arrive within `seconds` and are not yet taken, parsed."""
        found = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=seconds).get(
            "Messages", []
        )
        return [json.loads(message["Body"]) for message in found]


def _policy(queue_arn: str) -> dict[str, Any]:
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
    }
    return {"Version": "2012-10-17", "Statement": [allow]}


def invoke(function: str, payload: Any, **state: Any) -> dict[str, Any]:
    """A Task state that calls a Lambda."""
    return {
        "Type": "Task",
        "Resource": LAMBDA_INVOKE,
        "Arguments": {"FunctionName": function, "Payload": payload},
        **state,
    }


def wait_for_token(function: str, payload: dict[str, Any], **state: Any) -> dict[str, Any]:
    """A Task state that calls a Lambda with the task's token and waits for the token's completion."""
    task = invoke(function, {**payload, "token": "{% $states.context.Task.Token %}"}, **state)
    return {**task, "Resource": f"{LAMBDA_INVOKE}.waitForTaskToken"}
