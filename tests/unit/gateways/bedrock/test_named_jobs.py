"""Finding by exact name over several pages, with botocore's own stubs."""

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from distillation.errors import ThrottledByBedrock
from gateways.bedrock.batch_jobs import BatchJobs


def summary(name: str) -> dict[str, Any]:
    uri = {"s3Uri": "s3://bucket/key"}
    return {
        "jobName": name,
        "jobArn": f"arn:aws:bedrock:us-east-1:123456789012:model-invocation-job/{name:a<12.12}",
        "modelId": "amazon.nova-pro-v1:0",
        "roleArn": "arn:aws:iam::123456789012:role/batch",
        "submitTime": datetime(2026, 1, 1, tzinfo=UTC),
        "inputDataConfig": {"s3InputDataConfig": uri},
        "outputDataConfig": {"s3OutputDataConfig": uri},
    }


@pytest.fixture
def client() -> Any:
    """A client that reaches nothing."""
    return boto3.client("bedrock", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")


def test_only_the_exact_name_is_adopted_also_from_a_later_page(client: Any) -> None:
    with Stubber(client) as stub:
        stub.add_response(
            "list_model_invocation_jobs",
            {"invocationJobSummaries": [summary("jobone")], "nextToken": "more"},
            {"nameContains": "job"},
        )
        stub.add_response(
            "list_model_invocation_jobs",
            {"invocationJobSummaries": [summary("job")]},
            {"nameContains": "job", "nextToken": "more"},
        )
        assert BatchJobs(client, "role").find("job") == summary("job")["jobArn"]


def test_a_longer_name_is_not_taken_for_a_shorter_one(client: Any) -> None:
    with Stubber(client) as stub:
        stub.add_response(
            "list_model_invocation_jobs", {"invocationJobSummaries": [summary("jobone")]}, {"nameContains": "job"}
        )
        assert BatchJobs(client, "role").find("job") is None


def test_a_throttled_list_is_retried_by_the_machine(client: Any) -> None:
    with Stubber(client) as stub:
        stub.add_client_error("list_model_invocation_jobs", "ThrottlingException")
        with pytest.raises(ThrottledByBedrock):
            BatchJobs(client, "role").find("job")
