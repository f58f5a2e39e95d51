"""Batch jobs: states, limits, output layout, per-record errors, counts, events."""

import json
from collections import Counter
from typing import Any

import pytest

from tests.local.bedrock.aws import EventQueue, Jobs, refused
from tests.local.bedrock.samples import REVIEWS, SYSTEM, batch_records, record


def test_a_job_goes_through_its_states_and_writes_the_documented_layout(jobs: Jobs, event_queue: EventQueue) -> None:
    job = jobs.batch("layout")
    assert job["status"] == "Completed"
    assert event_queue.statuses("layout") == ["Submitted", "Validating", "Scheduled", "InProgress", "Completed"]
    event = event_queue.of("layout")[-1]
    assert event["detail-type"] == "Batch Inference Job State Change"
    assert event["detail"]["batchJobArn"] == job["jobArn"]
    keys = [item["Key"] for item in jobs.s3.list_objects_v2(Bucket="data", Prefix="out/layout/")["Contents"]]
    folder = f"out/layout/{job['jobArn'][-12:]}"
    assert keys == [f"{folder}/layout.jsonl.out", f"{folder}/manifest.json.out"]
    lines = jobs.output(job)
    manifest = json.loads(jobs.s3.get_object(Bucket="data", Key=keys[1])["Body"].read())
    assert manifest == {
        "totalRecordCount": 100,
        "processedRecordCount": 100,
        "successRecordCount": 100,
        "errorRecordCount": 0,
        "inputTokenCount": sum(line["modelOutput"]["usage"]["inputTokens"] for line in lines),
        "outputTokenCount": 100,
    }
    assert [job[f"{name}RecordCount"] for name in ("total", "processed", "success", "error")] == [100, 100, 100, 0]


def test_records_come_back_in_another_order_with_their_input(jobs: Jobs) -> None:
    records = batch_records(100)
    lines = jobs.output(jobs.batch("shuffled", records))
    ids = [line["recordId"] for line in lines]
    assert ids != sorted(ids)
    assert sorted(ids) == [item["recordId"] for item in records]
    assert {line["recordId"]: line["modelInput"] for line in lines} == {
        item["recordId"]: item["modelInput"] for item in records
    }


@pytest.mark.parametrize(
    ("name", "records", "said"),
    [
        ("floor", batch_records(99), "less records (99) than the required minimum of: 100"),
        (
            "ceiling",
            [f'{{"recordId": "{number}", "modelInput": {{}}}}' for number in range(50_001)],
            "more records (50001) than the maximum of: 50000",
        ),
        ("duplicate", [*batch_records(100), batch_records(1)[0]], "duplicate record ids: ['00000']"),
        ("not-json", [*batch_records(100), "{oops"], "line 101 is not valid JSON"),
    ],
)
def test_input_that_breaks_a_limit_fails_the_job_while_validating(
    jobs: Jobs, event_queue: EventQueue, name: str, records: list[Any], said: str
) -> None:
    job = jobs.batch(f"limit-{name}", records)
    assert job["status"] == "Failed"
    assert said in job["message"]
    assert event_queue.statuses(f"limit-{name}") == ["Submitted", "Validating", "Failed"]
    assert "Contents" not in jobs.s3.list_objects_v2(Bucket="data", Prefix=f"out/limit-{name}/")


def test_a_job_without_files_or_bucket_fails(jobs: Jobs) -> None:
    for name, uri in (("no-file", "s3://data/nothing/here/"), ("no-bucket", "s3://no-such-bucket/in/")):
        job = jobs.batch(name, [], inputDataConfig={"s3InputDataConfig": {"s3Uri": uri}})
        assert (job["status"], uri.rstrip("/") in job["message"]) == ("Failed", True)


def test_a_bad_record_gets_an_error_of_its_own_and_the_rest_is_answered(jobs: Jobs) -> None:
    review = REVIEWS[0][0]
    tools = {"tools": [{"toolSpec": {"name": "t", "inputSchema": {"json": {}}}}]}
    bad = [
        record("tools", review, toolConfig=tools),
        record("cold", review, temperature=1.5),
        record("greedy-words", review, inferenceConfig={"maxTokens": 6000}),
        record("assistant-first", review, messages=[{"role": "assistant", "content": [{"text": "Hi"}]}]),
        record("blank", " "),
        record("unknown-key", review, modelId="amazon.nova-pro-v1:0"),
        {"recordId": "no-input"},
    ]
    job = jobs.batch("bad-records", [*batch_records(100), *bad])
    errors = {line["recordId"]: line["error"] for line in jobs.output(job) if "error" in line}
    assert set(errors) == {"tools", "cold", "greedy-words", "assistant-first", "blank", "unknown-key", "no-input"}
    assert {error["errorCode"] for error in errors.values()} == {400}
    assert "toolConfig" in errors["tools"]["errorMessage"]
    assert [job["status"], job["successRecordCount"], job["errorRecordCount"]] == ["Completed", 100, 7]


def test_a_prefix_with_several_files_writes_one_output_a_file(jobs: Jobs) -> None:
    records = batch_records(120)
    jobs.put("in/many/a.jsonl", records[:50])
    jobs.put("in/many/b.jsonl", records[50:])
    jobs.put("in/many/readme.txt", ["not a record"])
    job = jobs.batch("many-files", [], inputDataConfig={"s3InputDataConfig": {"s3Uri": "s3://data/in/many/"}})
    assert [len(jobs.output(job, name)) for name in ("a.jsonl", "b.jsonl")] == [50, 70]


def test_a_record_without_id_gets_one_and_the_invoke_model_form_is_served(jobs: Jobs) -> None:
    body = {"schemaVersion": "messages-v1", **batch_records(1)[0]["modelInput"]}
    job = jobs.batch("invoke-form", [{"modelInput": body}] * 100, modelInvocationType="InvokeModel")
    lines = jobs.output(job)
    assert len({line["recordId"] for line in lines}) == 100
    assert lines[0]["modelOutput"]["usage"]["cacheReadInputTokenCount"] == 0


def test_greedy_samples_agree_and_sampled_ones_vary_with_the_record_id_only(jobs: Jobs) -> None:
    unclear = "It is a film about a man and a boat."
    records = [record(f"g{number}", unclear) for number in range(20)] + [
        record(f"s{number:03d}", unclear, 1.0) for number in range(80)
    ]
    first, second = (
        {line["recordId"]: _said(line) for line in jobs.output(jobs.batch(f"samples-{turn}", records))}
        for turn in range(2)
    )
    assert first == second
    assert len({first[f"g{number}"] for number in range(20)}) == 1
    counts = Counter(first[f"s{number:03d}"] for number in range(80))
    assert set(counts) == {"positive", "negative"}


def test_a_running_job_can_be_stopped_and_keeps_what_it_wrote(jobs: Jobs, event_queue: EventQueue) -> None:
    jobs.aws.control("POST", "faults", {"fault": "slowJob", "jobName": "^stop-me$", "seconds": 30})
    arn = jobs.bedrock.create_model_invocation_job(**jobs.batch_request("stop-me"))["jobArn"]
    while jobs.bedrock.get_model_invocation_job(jobIdentifier=arn)["status"] != "InProgress":
        pass
    jobs.bedrock.stop_model_invocation_job(jobIdentifier=arn)
    job = jobs.wait_batch(arn)
    assert (job["status"], job["processedRecordCount"]) == ("Stopped", 0)
    assert event_queue.statuses("stop-me")[-2:] == ["Stopping", "Stopped"]
    assert refused(jobs.bedrock.stop_model_invocation_job, jobIdentifier=arn)[0] == "ConflictException"


def test_twenty_running_jobs_a_model_are_the_quota(jobs: Jobs) -> None:
    jobs.aws.control("POST", "faults", {"fault": "slowJob", "jobName": "^quota-", "seconds": 60, "times": None})
    request = jobs.batch_request("quota")
    arns = [
        jobs.bedrock.create_model_invocation_job(**(request | {"jobName": f"quota-{number}"}))["jobArn"]
        for number in range(20)
    ]
    code, message = refused(jobs.bedrock.create_model_invocation_job, **(request | {"jobName": "quota-20"}))
    assert (code, "quota is 20" in message) == ("ServiceQuotaExceededException", True)
    assert jobs.bedrock.create_model_invocation_job(
        **(request | {"jobName": "other-model", "modelId": "amazon.nova-micro-v1:0"})
    )["jobArn"]
    for arn in arns:
        jobs.bedrock.stop_model_invocation_job(jobIdentifier=arn)
    assert {jobs.wait_batch(arn)["status"] for arn in arns} == {"Stopped"}


def test_custom_models_cannot_be_batch_inferred(jobs: Jobs) -> None:
    arn = "arn:aws:bedrock:us-east-1:000000000000:custom-model/amazon.nova-micro-v1:0:128k/abcdefghijkl"
    assert (
        refused(jobs.bedrock.create_model_invocation_job, **jobs.batch_request("custom", [], modelId=arn))[0]
        == "ValidationException"
    )


def test_the_teacher_gets_most_clear_reviews_right(jobs: Jobs) -> None:
    records = [record(f"{number}-{copy}", text) for number, (text, _) in enumerate(REVIEWS) for copy in range(10)]
    said = {line["recordId"]: _said(line) for line in jobs.output(jobs.batch("clear-reviews", records))}
    right = sum(said[f"{number}-0"] == label for number, (_, label) in enumerate(REVIEWS))
    assert right >= 9
    assert SYSTEM.endswith("positive | negative")


def _said(line: dict[str, Any]) -> str:
    return str(line["modelOutput"]["output"]["message"]["content"][0]["text"])


def test_claude_refuses_each_record_with_both_sampling_fields_and_the_job_completes(jobs: Jobs) -> None:
    records = batch_records()
    for one in records[1:]:
        del one["modelInput"]["inferenceConfig"]["topP"]
    job = jobs.batch("claude-both", records, modelId="us.anthropic.claude-haiku-4-5-20251001-v1:0")
    assert (job["status"], job["errorRecordCount"], job["successRecordCount"]) == ("Completed", 1, len(records) - 1)
    (error,) = [line["error"] for line in jobs.output(job) if "error" in line]
    assert error["errorCode"] == 400 and "cannot both be specified" in error["errorMessage"]


def test_a_role_whose_policy_lacks_a_documented_action_is_refused(jobs: Jobs) -> None:
    request = jobs.batch_request("poor") | {"roleArn": "arn:aws:iam::000000000000:role/poor"}
    code, message = refused(jobs.bedrock.create_model_invocation_job, **request)
    assert code == "ValidationException"
    assert message.endswith("does not have the required permissions: s3:PutObject, s3:ListBucket.")
