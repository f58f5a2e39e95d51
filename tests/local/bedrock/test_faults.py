"""Every fault of the control endpoint, by name, with what it does to whoever waits."""

import urllib.error
from typing import Any

import pytest

from tests.local.bedrock.aws import EventQueue, Jobs, LocalAws, refused
from tests.local.bedrock.samples import answered_line, training_line


def arm(jobs: Jobs, fault: str, **settings: Any) -> None:
    """Add a fault."""
    jobs.aws.control("POST", "faults", {"fault": fault, **settings})


def fired(jobs: Jobs) -> list[int]:
    """How often each fault has fired."""
    return [fault["fired"] for fault in jobs.aws.control("GET", "faults")["faults"]]


def test_record_errors_give_a_share_of_the_records_an_error_and_complete_the_job(jobs: Jobs) -> None:
    arm(jobs, "recordErrors", jobName="^errors-", share=0.1, errorCode=503, errorMessage="Too busy.")
    job = jobs.batch("errors-1")
    errors = [line["error"] for line in jobs.output(job) if "error" in line]
    assert errors == [{"errorCode": 503, "errorMessage": "Too busy."}] * 10
    assert [job["status"], job["successRecordCount"], job["errorRecordCount"]] == ["Completed", 90, 10]
    assert fired(jobs) == [1]
    assert jobs.batch("errors-2")["errorRecordCount"] == 0, "times is 1 by default"


@pytest.mark.parametrize(
    ("fault", "status"), [("partiallyCompleted", "PartiallyCompleted"), ("expired", "Expired"), ("stopped", "Stopped")]
)
def test_a_job_that_ends_early_leaves_a_share_of_the_records_without_output(
    jobs: Jobs, event_queue: EventQueue, fault: str, status: str
) -> None:
    name = f"early-end-{fault}"
    arm(jobs, fault, jobName=name, share=0.25)
    job = jobs.batch(name)
    assert job["status"] == status
    assert len(jobs.output(job)) == 75
    assert [job["totalRecordCount"], job["processedRecordCount"]] == [100, 75]
    assert event_queue.statuses(name)[-1] == status


def test_failed_ends_a_batch_job_without_output(jobs: Jobs, event_queue: EventQueue) -> None:
    arm(jobs, "failed", jobName="fails", message="The disk is on fire.")
    job = jobs.batch("batch-fails")
    assert (job["status"], job["message"]) == ("Failed", "The disk is on fire.")
    assert event_queue.of("batch-fails")[-1]["detail"]["failureMessage"] == "The disk is on fire."
    assert "Contents" not in jobs.s3.list_objects_v2(Bucket="data", Prefix="out/batch-fails/")


def test_access_is_denied_to_one_operation_on_one_resource(jobs: Jobs) -> None:
    job = jobs.batch("denied-1")
    arm(jobs, "accessDenied", operation="GetModelInvocationJob", jobName=job["jobArn"], times=None)
    error = refused(lambda: jobs.bedrock.get_model_invocation_job(jobIdentifier=job["jobArn"]))
    assert error[0] == "AccessDeniedException"
    jobs.aws.control("DELETE", "faults")
    assert jobs.bedrock.get_model_invocation_job(jobIdentifier=job["jobArn"])["status"] == "Completed"


def test_failed_ends_a_customization_job_without_a_model(jobs: Jobs, event_queue: EventQueue) -> None:
    arm(jobs, "failed", jobName="tuning-fails", message="No capacity.")
    job = jobs.tune("tuning-fails")
    assert (job["status"], job["failureMessage"], "outputModelArn" in job) == ("Failed", "No capacity.", False)
    assert event_queue.statuses("tuning-fails") == ["InProgress", "Failed"]


def test_failed_ends_a_deployment(jobs: Jobs) -> None:
    model = jobs.tune("for-a-failing-deployment")["outputModelArn"]
    arm(jobs, "failed", jobName="deployment-fails", message="No capacity.")
    deployment = jobs.deploy("deployment-fails", model)
    assert (deployment["status"], deployment["failureMessage"]) == ("Failed", "No capacity.")
    jobs.bedrock.delete_custom_model_deployment(customModelDeploymentIdentifier="deployment-fails")


def test_stopped_ends_a_customization_job(jobs: Jobs) -> None:
    arm(jobs, "stopped", jobName="tuning-stops")
    assert jobs.tune("tuning-stops")["status"] == "Stopped"


@pytest.mark.parametrize(
    ("fault", "status", "messages"), [("failed", "Failed", ["No capacity."]), ("stopped", "Stopped", None)]
)
def test_an_evaluation_job_fails_or_stops_without_output(
    jobs: Jobs, fault: str, status: str, messages: list[str] | None
) -> None:
    arm(jobs, fault, jobName=f"^judge-{fault}$", message="No capacity.")
    job = jobs.evaluate(f"judge-{fault}", [answered_line("Hi", "Hello")], ["Builtin.Relevance"])
    assert (job["status"], job.get("failureMessages")) == (status, messages)
    written = jobs.s3.list_objects_v2(Bucket="data", Prefix=f"judged/judge-{fault}/")["Contents"]
    assert [stored["Key"] for stored in written if stored["Key"].endswith(".jsonl")] == []
    assert fired(jobs) == [1]


def test_throttling_and_slow_jobs_hit_evaluation_jobs_too(jobs: Jobs) -> None:
    arm(jobs, "throttling", operation="CreateEvaluationJob")
    arm(jobs, "slowJob", jobName="^judge-slow$", seconds=0.6)
    request = jobs.evaluation_request("judge-slow", [answered_line("Hi", "Hello")], ["Builtin.Relevance"])
    assert refused(jobs.bedrock.create_evaluation_job, **request)[0] == "ThrottlingException"
    job = jobs.wait_evaluation(jobs.bedrock.create_evaluation_job(**request)["jobArn"])
    assert (job["lastModifiedTime"] - job["creationTime"]).total_seconds() > 0.6


def test_throttling_refuses_a_number_of_calls_of_one_operation(jobs: Jobs) -> None:
    arm(jobs, "throttling", operation="Converse", times=3)
    question = {
        "modelId": "amazon.nova-micro-v1:0",
        "system": [{"text": "Answer with exactly one of: yes | no"}],
        "messages": [{"role": "user", "content": [{"text": "Hi"}]}],
    }
    patient = jobs.aws.client("bedrock-runtime", attempts=2)
    assert refused(jobs.aws.client("bedrock-runtime").converse, **question)[0] == "ThrottlingException"
    assert jobs.bedrock.list_model_invocation_jobs()["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert refused(patient.converse, **question)[0] == "ThrottlingException"
    assert patient.converse(**question)["stopReason"] == "end_turn"
    assert fired(jobs) == [3]


def test_a_full_quota_refuses_a_call_and_then_has_room(jobs: Jobs) -> None:
    arm(jobs, "quotaExceeded", operation="CreateModelInvocationJob")
    request = jobs.batch_request("full-quota", clientRequestToken="full-quota")
    assert refused(jobs.bedrock.create_model_invocation_job, **request)[0] == "ServiceQuotaExceededException"
    assert jobs.wait_batch(jobs.bedrock.create_model_invocation_job(**request)["jobArn"])["status"] == "Completed"


def test_broken_lines_end_in_the_middle_and_the_job_completes(jobs: Jobs) -> None:
    arm(jobs, "brokenLines", jobName="^broken-lines$", share=0.1)
    with pytest.raises(ValueError, match=r"line|delimiter|Unterminated|Expecting"):
        jobs.output(jobs.batch("broken-lines"))
    assert fired(jobs) == [1]


def test_odd_lines_are_six_and_the_others_as_ever(jobs: Jobs) -> None:
    arm(jobs, "oddLines", jobName="^odd-lines$")
    lines = jobs.output(jobs.batch("odd-lines"))
    assert [line["modelOutput"]["usage"] for line in lines[:1]] == [None]
    assert (lines[1]["error"]["errorCode"], list(lines[2])) == ("ThrottlingException", ["recordId"])
    assert lines[3]["recordId"].startswith("foreign-")
    asked = {line["recordId"]: line["modelInput"] for line in jobs.output(jobs.batch("even-lines"))}
    assert [asked[one["recordId"]] == one["modelInput"] for one in lines[4:]] == [False] * 2 + [True] * (len(lines) - 6)


def test_a_job_that_is_forgotten_is_not_found(jobs: Jobs) -> None:
    job = jobs.batch("forgotten")
    arm(jobs, "forgotten", operation="GetModelInvocationJob", jobName=job["jobArn"])
    assert refused(jobs.bedrock.get_model_invocation_job, jobIdentifier=job["jobArn"])[0] == "ResourceNotFoundException"
    assert jobs.bedrock.get_model_invocation_job(jobIdentifier=job["jobArn"])["status"] == "Completed"


def test_throttling_of_any_operation_hits_the_next_call(jobs: Jobs) -> None:
    arm(jobs, "throttling", operation="any")
    assert refused(jobs.bedrock.list_custom_models)[0] == "ThrottlingException"
    assert jobs.bedrock.list_custom_models()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_a_lost_reply_leaves_a_job_that_the_retry_with_the_same_token_finds(jobs: Jobs) -> None:
    arm(jobs, "lostReply", operation="CreateModelInvocationJob")
    request = jobs.batch_request("lost-reply", clientRequestToken="lost-reply")
    assert refused(jobs.bedrock.create_model_invocation_job, **request)[0] == "InternalServerException"
    [left] = jobs.bedrock.list_model_invocation_jobs(nameContains="lost-reply")["invocationJobSummaries"]
    assert jobs.bedrock.create_model_invocation_job(**request)["jobArn"] == left["jobArn"]
    jobs.wait_batch(left["jobArn"])
    assert len(jobs.bedrock.list_model_invocation_jobs(nameContains="lost-reply")["invocationJobSummaries"]) == 1


def test_a_lost_event_ends_the_job_in_silence(jobs: Jobs, event_queue: EventQueue) -> None:
    arm(jobs, "lostEvent", jobName="silent")
    assert jobs.batch("silent")["status"] == "Completed"
    assert event_queue.statuses("silent") == ["Submitted", "Validating", "Scheduled", "InProgress"]


def test_an_early_event_says_completed_before_the_create_call_returns(jobs: Jobs, event_queue: EventQueue) -> None:
    arm(jobs, "earlyEvent", jobName="hasty")
    arn = jobs.bedrock.create_model_invocation_job(**jobs.batch_request("hasty"))["jobArn"]
    assert event_queue.statuses("hasty")[0] == "Completed"
    assert jobs.wait_batch(arn)["status"] == "Completed"
    assert event_queue.statuses("hasty").count("Completed") == 1


def test_a_doubled_event_comes_twice(jobs: Jobs, event_queue: EventQueue) -> None:
    arm(jobs, "doubledEvent", jobName="twice", times=2)
    jobs.batch("twice-batch")
    jobs.tune("twice-tuning")
    assert event_queue.statuses("twice-batch")[-2:] == ["Completed", "Completed"]
    assert event_queue.statuses("twice-tuning") == ["InProgress", "Completed", "Completed"]


def test_a_slow_job_stays_in_progress_for_the_given_time(jobs: Jobs) -> None:
    arm(jobs, "slowJob", jobName="dawdle", seconds=1.0)
    job = jobs.batch("dawdle")
    assert (job["endTime"] - job["submitTime"]).total_seconds() > 1.0


def test_times_null_fires_always_and_clearing_disarms(jobs: Jobs) -> None:
    arm(jobs, "recordErrors", jobName="always", share=1.0, times=None)
    assert [jobs.batch(f"always-{number}")["errorRecordCount"] for number in range(2)] == [100, 100]
    jobs.aws.control("DELETE", "faults")
    assert jobs.aws.control("GET", "faults")["faults"] == []
    assert jobs.batch("always-2")["errorRecordCount"] == 0


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "fire"},
        {"fault": "failed", "share": 2},
        {"fault": "failed", "jobName": "("},
        {"fault": "failed", "typo": 1},
    ],
)
def test_what_is_not_a_fault_is_refused(aws: LocalAws, fault: dict[str, Any]) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        aws.control("POST", "faults", fault)
    assert caught.value.code == 400
    assert aws.control("GET", "faults")["faults"] == []


def test_a_fault_of_batch_records_is_not_used_up_by_a_customization_job(jobs: Jobs) -> None:
    arm(jobs, "recordErrors", jobName="either")
    assert (
        jobs.tune("either-tuning", [training_line(f"good {number}", "positive") for number in range(8)])["status"]
        == "Completed"
    )
    assert fired(jobs) == [0]
