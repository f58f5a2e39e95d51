"""What each gateway reads out of Bedrock's answer about a job, and what is said of jobs that cannot be seen."""

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from application.services import Services
from application.waiting import job_as_seen
from distillation.bedrock.waiting import JobLook
from distillation.records import LedgerRow
from gateways.bedrock.batch_jobs import BatchJobs
from gateways.bedrock.deployments import Deployments
from gateways.bedrock.evaluation_jobs import EvaluationJobs
from gateways.bedrock.tuning_jobs import TuningJobs
from settings import Settings

AT = datetime(2026, 1, 2, tzinfo=UTC)
ARN = "arn:aws:bedrock:us-east-1:123456789012:"
ROLE = "arn:aws:iam::123456789012:role/x"
DEPLOYMENT, MODEL = ARN + "custom-model-deployment/abcdefghijkl", ARN + "custom-model/m.v1:0:128k/abcdefghijkl"


class Bedrock:
    """Services whose Bedrock answers only what was agreed with its stub."""

    def __init__(self) -> None:
        client = boto3.client("bedrock", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        self.stub, self.services = Stubber(client), Services(Settings())
        self.stub.activate()
        self.services.__dict__.update(batch_jobs=BatchJobs(client, "role"), tuning_jobs=TuningJobs(client))
        self.services.__dict__.update(deployments=Deployments(client), evaluation_jobs=EvaluationJobs(client, "role"))

    def seen(self, kind: str, **more: str) -> JobLook:
        row = LedgerRow(run_id="r", job_name="n", kind=kind, state="SUBMITTED", job_arn="arn:x", **more)  # type: ignore[arg-type]
        return job_as_seen(row, self.services)


@pytest.fixture
def bedrock() -> Bedrock:
    return Bedrock()


def batch(**more: Any) -> dict[str, Any]:
    uri = {"s3Uri": "s3://b/k"}
    places = {"inputDataConfig": {"s3InputDataConfig": uri}, "outputDataConfig": {"s3OutputDataConfig": uri}}
    job = ARN + "model-invocation-job/abcdefghijkl"
    return {"jobArn": job, "modelId": "m", "roleArn": ROLE, "submitTime": AT, **places, **more}


def tuning(**more: Any) -> dict[str, Any]:
    made = {"jobArn": ARN + "model-customization-job/m.v1:0/abcdefghijkl", "jobName": "x", "outputModelName": "x"}
    base = {
        "baseModelArn": "arn:aws:bedrock:us-east-1::foundation-model/m.v1:0",
        "validationDataConfig": {"validators": []},
    }
    data = {"trainingDataConfig": {"s3Uri": "s3://b/t"}, "outputDataConfig": {"s3Uri": "s3://b/o"}}
    return {**made, **base, **data, "roleArn": ROLE, "creationTime": AT, **more}


def judging(**more: Any) -> dict[str, Any]:
    asked = {"taskType": "General", "dataset": {"name": "x"}, "metricNames": ["Builtin.Correctness"]}
    source = {"precomputedInferenceSource": {"inferenceSourceIdentifier": "student"}}
    made = {"jobName": "x", "jobArn": ARN + "evaluation-job/abcdefghijkl", "roleArn": ROLE, "jobType": "Automated"}
    config = {
        "evaluationConfig": {"automated": {"datasetMetricConfigs": [asked]}},
        "inferenceConfig": {"models": [source]},
    }
    return {**made, **config, "outputDataConfig": {"s3Uri": "s3://b/j"}, "creationTime": AT, **more}


def deployed(**more: Any) -> dict[str, Any]:
    made = {"customModelDeploymentArn": DEPLOYMENT, "modelDeploymentName": "d", "modelArn": MODEL}
    return {**made, "createdAt": AT, "status": "Active", **more}


MADE = {"model_arn": MODEL, "deployment_arn": DEPLOYMENT, "created": AT}


@pytest.mark.parametrize(
    ("kind", "call", "answer", "seen"),
    [
        (
            "batch",
            "get_model_invocation_job",
            batch(status="InProgress", processedRecordCount=30, totalRecordCount=100),
            JobLook(status="InProgress", processed=30, total=100, created=AT),
        ),
        ("batch", "get_model_invocation_job", batch(status="Submitted"), JobLook(status="Submitted", created=AT)),
        (
            "tuning",
            "get_model_customization_job",
            tuning(status="Completed", trainingMetrics={"trainingLoss": 0.5}),
            JobLook(status="Completed", created=AT, loss=0.5),
        ),
        (
            "deployment",
            "get_custom_model_deployment",
            deployed(status="Failed", failureMessage="no room"),
            JobLook(status="Failed", message="no room", **MADE),  # type: ignore[arg-type]
        ),
        (
            "promotion",
            "get_custom_model_deployment",
            deployed(updateDetails={"modelArn": MODEL, "updateStatus": "Updating"}),
            JobLook(status="Updating", **MADE),  # type: ignore[arg-type]
        ),
        ("promotion", "get_custom_model_deployment", deployed(), JobLook(status="Active", **MADE)),  # type: ignore[arg-type]
        (
            "evaluation",
            "get_evaluation_job",
            judging(status="Failed", failureMessages=["no room", "no judge"]),
            JobLook(status="Failed", message="no room; no judge", created=AT),
        ),
    ],
)
def test_what_is_read_of_a_job(bedrock: Bedrock, kind: str, call: str, answer: dict[str, Any], seen: JobLook) -> None:
    bedrock.stub.add_response(call, answer)
    assert bedrock.seen(kind, model_arn=MODEL) == seen


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "AccessDeniedException"])
def test_work_that_is_gone_or_not_ours_to_see_is_told_by_the_ledger(bedrock: Bedrock, code: str) -> None:
    bedrock.stub.add_client_error("get_custom_model_deployment", code)
    assert bedrock.seen("deployment", status="Active", message="so it was") == JobLook(
        status="Active", message="so it was"
    )
    bedrock.stub.add_client_error("get_custom_model_deployment", code)
    assert bedrock.seen("deployment").status == "SUBMITTED"


def test_what_is_no_job_of_bedrocks_is_told_by_the_ledger(bedrock: Bedrock) -> None:
    assert bedrock.seen("approval", status="approved").status == "approved"
