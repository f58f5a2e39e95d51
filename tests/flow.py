"""The deployed app on the local AWS, as a test uses it: upload, start, wait, look."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import httpx

from local import lifecycle
from local.deploy import deploy
from local.instance import Instance
from local.paths import PROJECT
from local.progress import Progress
from tests.teacher import BAD, GOOD, THINGS

PATIENCE = 600.0
"""Seconds that a run may take before the test gives up on it; a run takes about 15 alone and more where many share two
cores.
"""
RUNS_AT_ONCE = 5
"""Runs that one app has under way. A run waits for most of its time, so a few of them keep two cores busy; with more,
each state of each starts a process of its own.
"""
LABELS = {"kind": "label", "labels": ["positive", "negative"]}
EVERYTHING: dict[str, Any] = {
    "task": LABELS,
    "expansion": {"targetPrompts": 20, "promptsPerRequest": 3, "temperature": 0.8, "onTopic": 0},
    "sampling": {"sampled": 2},
    "examples": {"policy": "best"},
    "filters": {"judge": {"threshold": 1}},
    "split": {"holdoutShare": 0.5},
    "arms": {"fewShot": 4, "direct": True},
    "evaluation": {"samples": 1, "judge": {"metrics": ["Builtin.Correctness"]}},
    "gate": {"margin": 1.0, "overBase": False, "overRivals": False, "championMargin": 1.0},
}
"""Settings that lead a run through every state of the good path: new prompts, ratings, five arms, the judge, a
promotion whatever the student is worth.

Without the test for off-topic prompts: what it rejects costs rounds.
"""


UNBOUND = {"largestGateMargin": "1", "smallestCanaryAgreement": "0", "autoPromotionDatasets": "*"}
"""Settings of the deployment under which the inputs of the tests decide what is promoted."""


class App:
    """The stack's outputs, clients that point at the instance, and the local Bedrock's control endpoint."""

    def __init__(self, instance: Instance, outputs: dict[str, str]) -> None:
        self.outputs, self.bucket, self.machine = outputs, outputs["BucketName"], outputs["StateMachineArn"]
        self._instance = instance
        self._session = boto3.session.Session("test", "test", region_name=instance.region)
        self._control = httpx.Client(base_url=f"{instance.bedrock_url}/_local", timeout=30)
        self._clients: dict[str, Any] = {}
        self._lock, self._uploading = threading.Lock(), threading.Lock()
        self._slots, self._held = threading.Semaphore(RUNS_AT_ONCE), set[str]()

    def client(self, service: str) -> Any:
        """A client, made once: clients are safe to share between threads, their making is not."""
        url = self._instance.bedrock_url if service.startswith("bedrock") else self._instance.emulator_url
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._session.client(
                    service, endpoint_url=url, verify=self._instance.ca_bundle or True
                )  # type: ignore[call-overload]
            return self._clients[service]

    def client_as(self, keys: Mapping[str, str], service: str) -> Any:
        """A client with the keys that STS gave for a role."""
        with self._lock:
            return self._session.client(
                service,
                endpoint_url=self._instance.emulator_url,
                verify=self._instance.ca_bundle or True,
                aws_access_key_id=keys["AccessKeyId"],
                aws_secret_access_key=keys["SecretAccessKey"],
                aws_session_token=keys["SessionToken"],
            )  # type: ignore[call-overload]

    def cli(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """`python -m cli` as a user of the instance runs it, with more environment variables."""
        environment = self._instance.environment() | variables
        return subprocess.run(
            [sys.executable, "-m", "cli", *arguments],
            cwd=PROJECT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )

    @contextmanager
    def untriggered(self) -> Iterator[None]:
        """Uploads inside start no run of their own. One thread at a time."""
        events = self.client("events")
        [rule] = [rule["Name"] for rule in events.list_rules()["Rules"] if "SeedsUploaded" in rule["Name"]]
        with self._uploading:
            events.disable_rule(Name=rule)
            try:
                yield
            finally:
                events.enable_rule(Name=rule)

    @contextmanager
    def triggered(self) -> Iterator[None]:
        """Uploads inside start runs of their own, whatever other threads upload."""
        with self._uploading:
            yield

    def upload(self, key: str, body: bytes) -> None:
        self.client("s3").put_object(Bucket=self.bucket, Key=key, Body=body)

    def start(self, name: str, execution_input: object, *, in_turn: bool = True) -> str:
        """An execution, without a pilot unless its input wants one. It waits for its turn, which others give up with
        `wait`.
        """
        if in_turn:
            self._slots.acquire(timeout=PATIENCE)
        given = {"pilot": 0} | execution_input if isinstance(execution_input, dict) else execution_input
        started = self.client("stepfunctions").start_execution(
            stateMachineArn=self.machine, name=name, input=json.dumps(given)
        )
        arn = str(started["executionArn"])
        if in_turn:
            self._held.add(arn)
        return arn

    def execution_of(self, name: str) -> str:
        return self.machine.replace(":stateMachine:", ":execution:") + f":{name}"

    def runs(self, arn: str) -> bool:
        """Whether an execution has not ended."""
        return bool(self.client("stepfunctions").describe_execution(executionArn=arn)["status"] == "RUNNING")

    def wait(self, arn: str) -> dict[str, Any]:
        """The description of an execution that has ended."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            seen = self.client("stepfunctions").describe_execution(executionArn=arn)
            if seen["status"] != "RUNNING":
                self._end(arn)
                return dict(seen)
            time.sleep(0.5)
        raise TimeoutError(f"{arn} still runs after {PATIENCE:.0f} s")

    def _end(self, arn: str) -> None:
        with self._lock:
            if arn in self._held:
                self._held.remove(arn)
                self._slots.release()

    def executions(self) -> list[str]:
        pages = self.client("stepfunctions").get_paginator("list_executions").paginate(stateMachineArn=self.machine)
        return [execution["name"] for page in pages for execution in page["executions"]]

    def keys(self, prefix: str) -> list[str]:
        pages = self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [found["Key"] for page in pages for found in page.get("Contents", ())]

    def read(self, key: str) -> bytes:
        return bytes(self.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read())

    def json(self, key: str) -> Any:
        return json.loads(self.read(key))

    def lines(self, key: str) -> list[Any]:
        return [json.loads(line) for line in self.read(key).splitlines()]

    def fault(self, fault: str, **details: object) -> None:
        self._control.post("/faults", json={"fault": fault, **details}).raise_for_status()

    def clear_faults(self) -> None:
        """Disarms every fault."""
        self._control.delete("/faults").raise_for_status()

    def fired(self, fault: str) -> int:
        return sum(f["fired"] for f in self._control.get("/faults").json()["faults"] if f["fault"] == fault)

    def calls(self, operation: str, containing: str = "") -> list[dict[str, Any]]:
        calls = self._control.get("/calls").json()["calls"]
        return [
            c for c in calls if c["operation"] == operation and c["outcome"] == "ok" and containing in (c["name"] or "")
        ]

    def jobs(self, containing: str) -> list[str]:
        """Names of the batch jobs that exist."""
        pages = self.client("bedrock").get_paginator("list_model_invocation_jobs").paginate(nameContains=containing)
        return sorted(job["jobName"] for page in pages for job in page["invocationJobSummaries"])

    def deployments(self, containing: str) -> list[str]:
        found = self.client("bedrock").list_custom_model_deployments(nameContains=containing)
        return [d["customModelDeploymentName"] for d in found["modelDeploymentSummaries"]]

    def parameter(self, dataset: str) -> dict[str, Any]:
        """What the dataset's parameter says of the student that serves."""
        return dict(
            json.loads(self.client("ssm").get_parameter(Name=f"/nova-distill/{dataset}/student")["Parameter"]["Value"])
        )

    def serves(self, dataset: str) -> tuple[str, str]:
        """ARN of the dataset's stable deployment, and of the model behind it."""
        found = self.client("bedrock").get_custom_model_deployment(
            customModelDeploymentIdentifier=f"nova-distill-{dataset}-stable"
        )
        return found["customModelDeploymentArn"], found["modelArn"]

    def models(self, containing: str) -> list[str]:
        return [
            m["modelName"] for m in self.client("bedrock").list_custom_models(nameContains=containing)["modelSummaries"]
        ]


def running_app(home: Path, *, tls: bool = False, customization_jobs: int = 2) -> App:
    """Starts an instance in `home`, whose account may have `customization_jobs` at once, and deploys the app with the
    real CDK CLI.

    The caller ends it with `lifecycle.down`.
    """
    instance = lifecycle.up(home, tls=tls, customization_jobs=customization_jobs)
    return App(instance, deploy(home, Progress(), context=UNBOUND))


OTHER = {"positive": "negative", "negative": "positive"}


def turn_round(app: App, run_id: str) -> None:
    """Has the student have said the opposite of all that it said, so that what serves after the promotion seems to be
    another model.
    """
    for key in app.keys(f"runs/{run_id}/7-evaluation/shards/student/"):
        app.upload(key, jsonl(line | {"text": OTHER[line["text"]]} for line in app.lines(key)))


def reviews(count: int) -> list[dict[str, str]]:
    """Different short reviews with their true label; the first ones of every longer list."""
    made: list[dict[str, str]] = []
    for number in range(count):
        words, label = (GOOD, "positive") if number % 2 == 0 else (BAD, "negative")
        thing = THINGS[number // 2 % len(THINGS)]
        made.append({"prompt": f"The {thing} was {words[number // 18 % len(words)]} ({number}).", "reference": label})
    return made


def jsonl(rows: Iterable[object]) -> bytes:
    """Rows as JSON lines."""
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def check_counts(counts: dict[str, int]) -> None:
    """The sums that every report keeps."""
    assert counts["seedsIn"] == counts["seeds"] + counts["seedsRejected"]
    assert counts["replies"] == counts["answers"] + counts["answersRejected"]
    assert counts["requests"] == counts["replies"] + counts["requestsMissing"]
    assert counts["examples"] == counts["train"] + counts["validation"]
    assert counts["prompts"] == counts["holdout"] + counts["promptsLearnt"] + counts["examplesRejected"]
