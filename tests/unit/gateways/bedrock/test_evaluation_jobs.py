"""The gateway of evaluation jobs: what it sends, what it makes of answers and errors, with botocore's own stubs."""

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from distillation.bedrock.job_names import client_token
from distillation.errors import ThrottledByBedrock
from distillation.judging.answers import judging_config
from distillation.run.evaluation import CustomMetric, EvaluationJudge
from gateways.bedrock.evaluation_jobs import EvaluationJobs

ARN = "arn:aws:bedrock:us-east-1:123456789012:evaluation-job/abcdefghijkl"
ROLE = "arn:aws:iam::123456789012:role/judging"
JUDGE = {"bedrockEvaluatorModels": [{"modelIdentifier": "mistral.mistral-large-2402-v1:0"}]}


@pytest.fixture
def client() -> Any:
    """A client that reaches nothing."""
    return boto3.client("bedrock", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")


def expected(names: list[str], **automated: Any) -> dict[str, Any]:
    """The request that the settings of `submit` become."""
    location = {"s3Uri": "s3://bucket/judge/student.jsonl"}
    dataset = {
        "taskType": "General",
        "dataset": {"name": "nova-r1-student-j0", "datasetLocation": location},
        "metricNames": names,
    }
    return {
        "jobName": "nova-r1-student-j0",
        "roleArn": ROLE,
        "clientRequestToken": client_token("nova-r1-student-j0"),
        "applicationType": "ModelEvaluation",
        "evaluationConfig": {
            "automated": {"datasetMetricConfigs": [dataset], "evaluatorModelConfig": JUDGE, **automated}
        },
        "inferenceConfig": {"models": [{"precomputedInferenceSource": {"inferenceSourceIdentifier": "student"}}]},
        "outputDataConfig": {"s3Uri": "s3://bucket/judged/"},
        "jobTags": [{"key": "app", "value": "nova"}, {"key": "run", "value": "r1"}],
    }


def submit(client: Any, custom: tuple[CustomMetric, ...] = ()) -> str:
    """The ARN of a job with the settings that `expected` knows."""
    name, judge = "nova-r1-student-j0", EvaluationJudge(metrics=("Builtin.Correctness",), custom=custom)
    return EvaluationJobs(client, ROLE).create(
        name,
        judging=judging_config(name, judge, "mistral.mistral-large-2402-v1:0", "s3://bucket/judge/student.jsonl"),
        output_uri="s3://bucket/judged/",
        source_id="student",
        tags={"run": "r1", "app": "nova"},
    )


def test_the_request_asks_one_judge_for_precomputed_answers(client: Any) -> None:
    with Stubber(client) as stub:
        stub.add_response("create_evaluation_job", {"jobArn": ARN}, expected(["Builtin.Correctness"]))
        assert submit(client) == ARN


def test_a_custom_metric_is_defined_and_listed_and_has_its_judge(client: Any) -> None:
    metric = CustomMetric(
        name="kindness",
        instructions="How kind?\n{{prompt}}\n{{prediction}}",
        scale={"unkind": 0.0, "kind": 1.0},
    )
    scale = [
        {"definition": "unkind", "value": {"floatValue": 0.0}},
        {"definition": "kind", "value": {"floatValue": 1.0}},
    ]
    definition = {
        "customMetricDefinition": {"name": "kindness", "instructions": metric.instructions, "ratingScale": scale}
    }
    custom = {"customMetrics": [definition], "evaluatorModelConfig": JUDGE}
    with Stubber(client) as stub:
        stub.add_response(
            "create_evaluation_job",
            {"jobArn": ARN},
            expected(["Builtin.Correctness", "kindness"], customMetricConfig=custom),
        )
        assert submit(client, (metric,)) == ARN


@pytest.mark.parametrize("operation", ["create_evaluation_job", "get_evaluation_job"])
def test_a_busy_bedrock_is_retried_by_the_machine(client: Any, operation: str) -> None:
    with Stubber(client) as stub:
        stub.add_client_error(operation, "ThrottlingException")
        with pytest.raises(ThrottledByBedrock):
            submit(client) if operation.startswith("create") else EvaluationJobs(client, ROLE).look(ARN)


def test_a_look_says_the_status_and_every_reason(client: Any) -> None:
    seen = {
        "jobName": "j",
        "jobArn": ARN,
        "status": "Failed",
        "roleArn": ROLE,
        "jobType": "Automated",
        "creationTime": datetime(2026, 1, 1, tzinfo=UTC),
        "evaluationConfig": expected(["Builtin.Correctness"])["evaluationConfig"],
        "inferenceConfig": expected([])["inferenceConfig"],
        "outputDataConfig": {"s3Uri": "s3://bucket/judged/"},
    }
    with Stubber(client) as stub:
        stub.add_response(
            "get_evaluation_job", {**seen, "failureMessages": ["no access", "no bucket"]}, {"jobIdentifier": ARN}
        )
        stub.add_response("get_evaluation_job", {**seen, "status": "Completed"}, {"jobIdentifier": ARN})
        look = EvaluationJobs(client, ROLE).look(ARN)
        assert (look.status, look.message) == ("Failed", "no access; no bucket")
        assert EvaluationJobs(client, ROLE).look(ARN).message == ""


def test_only_the_exact_name_is_found(client: Any) -> None:
    def summary(name: str) -> dict[str, Any]:
        made = datetime(2026, 1, 1, tzinfo=UTC)
        return {
            "jobName": name,
            "jobArn": ARN,
            "status": "InProgress",
            "creationTime": made,
            "jobType": "Automated",
            "evaluationTaskTypes": ["Custom"],
        }

    with Stubber(client) as stub:
        stub.add_response(
            "list_evaluation_jobs",
            {"jobSummaries": [summary("judge-10")], "nextToken": "more"},
            {"nameContains": "judge-1"},
        )
        stub.add_response(
            "list_evaluation_jobs",
            {"jobSummaries": [summary("judge-1")]},
            {"nameContains": "judge-1", "nextToken": "more"},
        )
        assert EvaluationJobs(client, ROLE).find("judge-1") == ARN
        stub.add_response("list_evaluation_jobs", {"jobSummaries": [summary("judge-10")]}, {"nameContains": "judge-1"})
        assert EvaluationJobs(client, ROLE).find("judge-1") is None


def test_stopping_an_ended_job_is_no_error_and_a_refusal_is(client: Any) -> None:
    with Stubber(client) as stub:
        stub.add_client_error("stop_evaluation_job", "ConflictException")
        EvaluationJobs(client, ROLE).stop(ARN)
        stub.add_client_error("stop_evaluation_job", "AccessDeniedException")
        with pytest.raises(ClientError):
            EvaluationJobs(client, ROLE).stop(ARN)
