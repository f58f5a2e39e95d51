"""The product's gateways of evaluation jobs and embeddings against the local Bedrock: what they send is what the
service takes.
"""

import json

import numpy as np
import pytest

from distillation.bedrock.job_status import JobKind, JobOutcome, outcome_of
from distillation.judging.answers import judging_config
from distillation.run.evaluation import CustomMetric, EvaluationJudge
from gateways.bedrock.embeddings import Embeddings
from gateways.bedrock.evaluation_jobs import EvaluationJobs
from tests.local.bedrock.aws import JUDGE, ROLE, Jobs
from tests.local.bedrock.samples import REVIEWS, answered_line

MOOD = CustomMetric(
    name="mood",
    instructions="You judge reviews. What is the sentiment of the review?\n\n{{prompt}} {{prediction}}",
    scale={"negative": 0.0, "positive": 1.0},
)


def test_an_evaluation_job_is_made_found_looked_at_and_read(jobs: Jobs) -> None:
    uri = jobs.put(
        "judge/gateway.jsonl", [answered_line("A review:", text, model="arm-student") for text, _ in REVIEWS]
    )
    gateway = EvaluationJobs(jobs.bedrock, ROLE)
    judge = EvaluationJudge(metrics=("Builtin.Relevance",), custom=(MOOD,))

    def create() -> str:
        return gateway.create(
            "gateway-r1-student-j0",
            judging=judging_config("gateway-r1-student-j0", judge, JUDGE, uri),
            output_uri="s3://data/gateway/",
            source_id="arm-student",
            tags={"run": "r1"},
        )

    arn = create()
    assert (create(), gateway.find("gateway-r1-student-j0"), gateway.find("gateway-r1")) == (arn, arn, None)
    jobs.wait_evaluation(arn)
    assert outcome_of(JobKind.EVALUATION, gateway.look(arn).status) is JobOutcome.SUCCEEDED
    gateway.stop(arn)
    keys = [
        stored["Key"]
        for stored in jobs.s3.list_objects_v2(Bucket="data", Prefix="gateway/gateway-r1-student-j0/")["Contents"]
    ]
    [results] = [key for key in keys if key.endswith("_output.jsonl")]
    lines = [
        json.loads(line) for line in jobs.s3.get_object(Bucket="data", Key=results)["Body"].read().decode().splitlines()
    ]
    assert {score["metricName"] for line in lines for score in line["automatedEvaluationResult"]["scores"]} == {
        "Builtin.Relevance",
        "mood",
    }
    assert len(lines) == len(REVIEWS)


def test_a_failed_evaluation_job_says_why(jobs: Jobs) -> None:
    job = jobs.evaluate("gateway-fails", [], ["Builtin.Relevance"])
    assert "0 prompts" in EvaluationJobs(jobs.bedrock, ROLE).look(job["jobArn"]).message


def test_texts_become_vectors_in_their_order(jobs: Jobs) -> None:
    texts = [text for text, _ in REVIEWS] * 2
    vectors = np.array(Embeddings(jobs.aws.client("bedrock-runtime")).embed(texts, 256))
    assert vectors.shape == (20, 256)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(20), abs=1e-5)
    assert (vectors[:10] == vectors[10:]).all()
    assert (vectors[:10] @ vectors[:10].T).argmax(axis=1).tolist() == list(range(10))
