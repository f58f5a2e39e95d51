"""What starts a run and what ends a wait.

The patterns are matched by the local AWS against events as AWS sends them.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from distillation.bedrock import job_names
from distillation.bedrock.job_status import JobKind, JobOutcome, known_statuses, outcome_of
from infra.packaging.wheels import ROOT
from tests.infra.synthesis import Assembly

Event = dict[str, Any]
Matches = Callable[[str, Event], bool]


@pytest.fixture(scope="module")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """MiniStack without Bedrock, for EventBridge's TestEventPattern."""
    home = tmp_path_factory.mktemp("local-aws")
    command = [sys.executable, "-m", "local"]
    subprocess.run(
        [*command, "up", "--home", str(home), "--without-bedrock"], cwd=ROOT, check=True, capture_output=True
    )
    yield json.loads((home / "state.json").read_text())
    subprocess.run([*command, "down", "--home", str(home)], cwd=ROOT, check=True, capture_output=True)


@pytest.fixture(scope="module")
def matches(local_aws: dict[str, Any], assembly: Assembly) -> Matches:
    """Whether the rule at a construct path takes an event."""
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")
    events = session.client("events", endpoint_url=local_aws["emulatorUrl"])
    bucket = assembly.logical_id("AWS::S3::Bucket", "Storage/Runs")

    def match(rule: str, event: Event) -> bool:
        pattern = json.dumps(assembly.properties("AWS::Events::Rule", rule)["EventPattern"]).replace(
            json.dumps({"Ref": bucket}), '"the-bucket"'
        )
        whole = {
            "id": "1",
            "account": "000000000000",
            "time": "2026-01-01T00:00:00Z",
            "region": "us-east-1",
            "resources": [],
            **event,
        }
        return bool(events.test_event_pattern(EventPattern=pattern, Event=json.dumps(whole))["Result"])

    return match


def uploaded(key: str, bucket: str = "the-bucket", detail_type: str = "Object Created") -> Event:
    return {
        "source": "aws.s3",
        "detail-type": detail_type,
        "detail": {"bucket": {"name": bucket}, "object": {"key": key, "size": 1}, "reason": "PutObject"},
    }


def batch_job(name: str, status: str) -> Event:
    return {
        "source": "aws.bedrock",
        "detail-type": "Batch Inference Job State Change",
        "detail": {"batchJobName": name, "batchJobArn": "arn", "status": status},
    }


def tuning_job(name: str, status: str) -> Event:
    return {
        "source": "aws.bedrock",
        "detail-type": "Model Customization Job State Change",
        "detail": {"jobName": name, "jobArn": "arn", "jobStatus": status},
    }


@pytest.mark.parametrize(
    "key", ["seeds/reviews/a.jsonl", "seeds/reviews/a.csv", "seeds/reviews/b.jsonl.gz", "seeds/reviews/b.csv.gz"]
)
def test_a_seed_file_starts_a_run(matches: Matches, key: str) -> None:
    assert matches("SeedTrigger/SeedsUploaded", uploaded(key))


@pytest.mark.parametrize(
    "event",
    [
        uploaded("seeds/reviews/input.json"),
        uploaded("seeds/reviews/readme.txt"),
        uploaded("runs/r1/2-requests/wave-00/shard-0000.jsonl"),
        uploaded("other/seeds/a.jsonl"),
        uploaded("seeds/reviews/a.jsonl", bucket="another-bucket"),
        uploaded("seeds/reviews/a.jsonl", detail_type="Object Deleted"),
    ],
    ids=lambda event: f"{event['detail']['object']['key']} {event['detail-type']}",
)
def test_nothing_else_does(matches: Matches, event: Event) -> None:
    assert not matches("SeedTrigger/SeedsUploaded", event)


BATCH = job_names.batch("nova-distill", "r1", 0, 0)
TUNING = job_names.tuning("nova-distill", "r1", "student")


@pytest.mark.parametrize("status", sorted(known_statuses(JobKind.BATCH)))
def test_a_batch_event_is_told_exactly_when_the_job_has_ended(matches: Matches, status: str) -> None:
    ended = outcome_of(JobKind.BATCH, status) is not JobOutcome.RUNNING
    assert matches("JobEvents/BatchJobEnded", batch_job(BATCH, status)) is ended


@pytest.mark.parametrize("status", sorted(known_statuses(JobKind.TUNING)))
def test_a_tuning_event_is_told_exactly_when_the_job_has_ended(matches: Matches, status: str) -> None:
    ended = outcome_of(JobKind.TUNING, status) is not JobOutcome.RUNNING
    assert matches("JobEvents/TuningJobEnded", tuning_job(TUNING, status)) is ended


def test_jobs_of_others_are_not_ours(matches: Matches) -> None:
    assert not matches("JobEvents/BatchJobEnded", batch_job("somebody-elses-job", "Completed"))
    assert not matches("JobEvents/TuningJobEnded", tuning_job("novadistill-r1", "Completed"))


def test_the_two_kinds_of_event_do_not_cross(matches: Matches) -> None:
    assert not matches("JobEvents/BatchJobEnded", tuning_job(TUNING, "Completed"))
    assert not matches("JobEvents/TuningJobEnded", batch_job(BATCH, "Completed"))


def test_uploads_wait_in_an_encrypted_queue_and_are_tried_again(assembly: Assembly) -> None:
    queue = assembly.properties("AWS::SQS::Queue", "SeedTrigger/Uploads")
    assert (queue["DelaySeconds"], queue["SqsManagedSseEnabled"]) == (60, True)
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 5
    reader = assembly.properties("AWS::Lambda::Function", "Functions/StartRun")
    assert queue["VisibilityTimeout"] >= 6 * reader["Timeout"]
    [mapping] = assembly.resources("AWS::Lambda::EventSourceMapping").values()
    assert mapping["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["Properties"]["FunctionName"] == {
        "Ref": assembly.logical_id("AWS::Lambda::Function", "Functions/StartRun")
    }


def test_every_end_of_this_machines_runs_but_success_is_told(assembly: Assembly) -> None:
    rule = assembly.properties("AWS::Events::Rule", "RunEvents/RunEndedBadly")
    machine = {"Ref": assembly.logical_id("AWS::StepFunctions::StateMachine", "Workflow/Distillation")}
    assert rule["EventPattern"] == {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {"stateMachineArn": [machine], "status": ["ABORTED", "TIMED_OUT", "FAILED"]},
    }
    letters = {"Fn::GetAtt": [assembly.logical_id("AWS::SQS::Queue", "RunEvents/DeadLetters"), "Arn"]}
    assert rule["Targets"][0]["DeadLetterConfig"] == {"Arn": letters}


QUEUES = ["SeedTrigger/Uploads", "SeedTrigger/DeadLetters", "JobEvents/DeadLetters", "RunEvents/DeadLetters"]


@pytest.mark.parametrize("path", QUEUES)
def test_queues_are_encrypted_and_refuse_plain_http(assembly: Assembly, path: str) -> None:
    assert assembly.properties("AWS::SQS::Queue", path)["SqsManagedSseEnabled"] is True
    statements = assembly.properties("AWS::SQS::QueuePolicy", f"{path}/Policy")["PolicyDocument"]["Statement"]
    assert [s["Condition"] for s in statements if s["Effect"] == "Deny"] == [{"Bool": {"aws:SecureTransport": "false"}}]


def test_only_the_rules_may_send_to_the_queues(assembly: Assembly) -> None:
    rules = {
        "SeedTrigger/Uploads": {"SeedTrigger/SeedsUploaded"},
        "JobEvents/DeadLetters": {"JobEvents/BatchJobEnded", "JobEvents/TuningJobEnded"},
        "RunEvents/DeadLetters": {"RunEvents/RunEndedBadly"},
    }
    for path, senders in rules.items():
        statements = assembly.properties("AWS::SQS::QueuePolicy", f"{path}/Policy")["PolicyDocument"]["Statement"]
        sources = [
            s["Condition"]["ArnEquals"]["aws:SourceArn"]
            for s in statements
            if s["Effect"] == "Allow" and s["Principal"] == {"Service": "events.amazonaws.com"}
        ]
        assert sorted(json.dumps(source) for source in sources) == sorted(
            json.dumps({"Fn::GetAtt": [assembly.logical_id("AWS::Events::Rule", sender), "Arn"]}) for sender in senders
        )


def test_a_job_event_that_cannot_be_told_is_kept(assembly: Assembly) -> None:
    letters = {"Fn::GetAtt": [assembly.logical_id("AWS::SQS::Queue", "JobEvents/DeadLetters"), "Arn"]}
    configs = [resource["Properties"] for resource in assembly.resources("AWS::Lambda::EventInvokeConfig").values()]
    [invoke] = [config for config in configs if config["DestinationConfig"]["OnFailure"]["Destination"] == letters]
    assert (invoke["MaximumRetryAttempts"], invoke["MaximumEventAgeInSeconds"]) == (2, 3600)
    for rule in ("JobEvents/BatchJobEnded", "JobEvents/TuningJobEnded"):
        [target] = assembly.properties("AWS::Events::Rule", rule)["Targets"]
        assert target["DeadLetterConfig"] == {"Arn": letters}
        assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 8}
        assert target["Arn"] == {
            "Fn::GetAtt": [assembly.logical_id("AWS::Lambda::Function", "Functions/JobChanged"), "Arn"]
        }
