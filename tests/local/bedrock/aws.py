"""boto3 clients of a running pair, and short forms of what most tests do."""

import json
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.local.bedrock.samples import SYSTEM, batch_records, training_lines

JUDGE = "mistral.mistral-large-2402-v1:0"
ROLE = "arn:aws:iam::000000000000:role/bedrock-jobs"
_KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


@dataclass(frozen=True)
class LocalAws:
    """The clients of one running pair. Clients of Bedrock do not retry, so that a test sees the first answer."""

    url: str
    emulator_url: str

    def client(self, service: str, region: str = "us-east-1", attempts: int = 1) -> Any:
        """A boto3 client with the interface of the real service."""
        url = self.url if service.startswith("bedrock") else self.emulator_url
        config = Config(
            retries={"total_max_attempts": attempts, "mode": "standard"},
            s3={"addressing_style": "path"},
            read_timeout=60,
        )
        return boto3.client(service, endpoint_url=url, region_name=region, config=config, **_KEYS)  # type: ignore[call-overload]

    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """A call of the control endpoint."""
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.url}/_local/{path}", data=data, method=method)  # noqa: S310 - 127.0.0.1
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - 127.0.0.1
            return dict(json.load(answer))


class Jobs:
    """Short forms of what most tests do: submit, wait, read."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws, self.bedrock, self.s3 = aws, aws.client("bedrock"), aws.client("s3")

    def put(self, key: str, lines: list[Any]) -> str:
        """Write a JSONL object; returns its URI. A line that is a string is written as it is."""
        text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
        self.s3.put_object(Bucket="data", Key=key, Body=text.encode())
        return f"s3://data/{key}"

    def batch_request(self, name: str, records: list[Any] | None = None, **changes: Any) -> dict[str, Any]:
        """A CreateModelInvocationJob request over `records` (100 plain ones where none are given)."""
        uri = self.put(f"in/{name}/{name}.jsonl", records if records is not None else batch_records())
        return {
            "jobName": name,
            "roleArn": ROLE,
            "modelId": "amazon.nova-pro-v1:0",
            "modelInvocationType": "Converse",
            "inputDataConfig": {"s3InputDataConfig": {"s3Uri": uri}},
            "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": f"s3://data/out/{name}/"}},
            **changes,
        }

    def batch(self, name: str, records: list[Any] | None = None, **changes: Any) -> dict[str, Any]:
        """A finished batch job, as GetModelInvocationJob shows it."""
        return self.wait_batch(
            self.bedrock.create_model_invocation_job(**self.batch_request(name, records, **changes))["jobArn"]
        )

    def wait_batch(self, arn: str) -> dict[str, Any]:
        """Wait for a terminal state."""
        return _wait(
            lambda: self.bedrock.get_model_invocation_job(jobIdentifier=arn),
            ("Submitted", "Validating", "Scheduled", "InProgress", "Stopping"),
        )

    def output(self, job: dict[str, Any], file: str | None = None) -> list[dict[str, Any]]:
        """The output records of a batch job, in the order of the file."""
        folder = job["outputDataConfig"]["s3OutputDataConfig"]["s3Uri"].removeprefix("s3://data/") + job["jobArn"][-12:]
        body = (
            self.s3.get_object(Bucket="data", Key=f"{folder}/{file or job['jobName'] + '.jsonl'}.out")["Body"]
            .read()
            .decode()
        )
        return [json.loads(line) for line in body.splitlines()]

    def tuning_request(self, name: str, lines: list[Any] | None = None, **changes: Any) -> dict[str, Any]:
        """A CreateModelCustomizationJob request over `lines` (the ten reviews where none are given)."""
        uri = self.put(f"train/{name}.jsonl", lines if lines is not None else training_lines())
        return {
            "jobName": name,
            "customModelName": name,
            "roleArn": ROLE,
            "baseModelIdentifier": "amazon.nova-micro-v1:0:128k",
            "customizationType": "FINE_TUNING",
            "trainingDataConfig": {"s3Uri": uri},
            "outputDataConfig": {"s3Uri": f"s3://data/model/{name}/"},
            "hyperParameters": {"epochCount": "2", "learningRate": "0.00001", "learningRateWarmupSteps": "10"},
            **changes,
        }

    def tune(self, name: str, lines: list[Any] | None = None, **changes: Any) -> dict[str, Any]:
        """A finished customization job, as GetModelCustomizationJob shows it."""
        return self.wait_tuning(
            self.bedrock.create_model_customization_job(**self.tuning_request(name, lines, **changes))["jobArn"]
        )

    def wait_tuning(self, arn: str) -> dict[str, Any]:
        """Wait for a terminal state."""
        return _wait(lambda: self.bedrock.get_model_customization_job(jobIdentifier=arn), ("InProgress", "Stopping"))

    def evaluation_request(self, name: str, lines: list[Any], metrics: list[str], **changes: Any) -> dict[str, Any]:
        """A CreateEvaluationJob request that has `lines` judged, whose modelIdentifier is `student`."""
        uri = self.put(f"judge/{name}.jsonl", lines)
        judges = {"bedrockEvaluatorModels": [{"modelIdentifier": JUDGE}]}
        dataset = {
            "taskType": "General",
            "dataset": {"name": "holdout", "datasetLocation": {"s3Uri": uri}},
            "metricNames": metrics,
        }
        return {
            "jobName": name,
            "roleArn": ROLE,
            "applicationType": "ModelEvaluation",
            "evaluationConfig": {"automated": {"datasetMetricConfigs": [dataset], "evaluatorModelConfig": judges}},
            "inferenceConfig": {"models": [{"precomputedInferenceSource": {"inferenceSourceIdentifier": "student"}}]},
            "outputDataConfig": {"s3Uri": "s3://data/judged/"},
            **changes,
        }

    def evaluate(self, name: str, lines: list[Any], metrics: list[str], **changes: Any) -> dict[str, Any]:
        """A finished evaluation job, as GetEvaluationJob shows it."""
        return self.wait_evaluation(
            self.bedrock.create_evaluation_job(**self.evaluation_request(name, lines, metrics, **changes))["jobArn"]
        )

    def wait_evaluation(self, arn: str) -> dict[str, Any]:
        """Wait for a terminal state."""
        return _wait(lambda: self.bedrock.get_evaluation_job(jobIdentifier=arn), ("InProgress", "Stopping"))

    def judged(self, job: dict[str, Any]) -> list[dict[str, Any]]:
        """The output lines of an evaluation job, in the order of the file."""
        folder = f"judged/{job['jobName']}/{job['jobArn'][-12:]}/models/student/taskTypes/General/datasets/holdout/"
        [stored] = self.s3.list_objects_v2(Bucket="data", Prefix=folder)["Contents"]
        assert stored["Key"].endswith("_output.jsonl")
        return [
            json.loads(line)
            for line in self.s3.get_object(Bucket="data", Key=stored["Key"])["Body"].read().decode().splitlines()
        ]

    def deploy(self, name: str, model_arn: str) -> dict[str, Any]:
        """A deployment that is no longer Creating."""
        arn = self.bedrock.create_custom_model_deployment(modelDeploymentName=name, modelArn=model_arn)[
            "customModelDeploymentArn"
        ]
        return _wait(
            lambda: self.bedrock.get_custom_model_deployment(customModelDeploymentIdentifier=arn), ("Creating",)
        )


class EventQueue:
    """The Bedrock events that the bus delivers from now on."""

    def __init__(self, aws: LocalAws) -> None:
        self._sqs, events = aws.client("sqs"), aws.client("events")
        name = f"events-{time.time_ns()}"
        self._url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        events.put_rule(Name=name, EventPattern=json.dumps({"source": ["aws.bedrock"]}))
        events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": f"arn:aws:sqs:us-east-1:000000000000:{name}"}])
        self._seen: list[dict[str, Any]] = []

    def of(self, job_name: str) -> list[dict[str, Any]]:
        """All events about a job so far, oldest first."""
        while messages := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                self._seen.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return [
            event
            for event in self._seen
            if job_name in (event["detail"].get("batchJobName"), event["detail"].get("jobName"))
        ]

    def statuses(self, job_name: str) -> list[str]:
        """The states that the events about a job speak of."""
        return [event["detail"].get("status") or event["detail"].get("jobStatus") for event in self.of(job_name)]


def refused(call: Any, **parameters: Any) -> tuple[str, str]:
    """Code and message of the error that a call raises."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def ask(runtime: Any, model: str, text: str, system: str = SYSTEM) -> str:
    """The greedy answer of a model."""
    messages = [{"role": "user", "content": [{"text": text}]}]
    answer = runtime.converse(
        modelId=model, system=[{"text": system}], messages=messages, inferenceConfig={"temperature": 0.0}
    )
    return str(answer["output"]["message"]["content"][0]["text"])


def _wait(look: Callable[[], dict[str, Any]], running: tuple[str, ...], seconds: float = 60) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while (seen := look())["status"] in running:
        assert time.monotonic() < deadline, f"still {seen['status']} after {seconds} s"
        time.sleep(0.03)
    return seen
