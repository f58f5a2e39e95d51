"""Events: from S3 and from Bedrock, over rules, to queues and functions."""

import json
import time

import pytest

from tests.local.emulator.aws import Aws, unique, wait_for

RECORD = """
    import boto3, json
    def handler(event, context):
        failed = []
        for record in event["Records"]:
            body = json.loads(record["body"])
            add_one = {"UpdateExpression": "ADD seen :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
            boto3.client("dynamodb").update_item(TableName=body["table"], Key={"id": {"S": body["id"]}}, **add_one)
            if body["fails"] and record["attributes"]["ApproximateReceiveCount"] == "1":
                failed.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": failed}
"""


def _rule(aws: Aws, pattern: dict[str, object], **queue: str) -> str:
    name, (url, arn) = unique("rule"), aws.queue(**queue)
    aws.events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    aws.events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    return url


def test_bedrock_events_come_through(aws: Aws) -> None:
    app = unique("app")
    url = _rule(
        aws,
        {
            "source": ["aws.bedrock"],
            "detail-type": ["Batch Inference Job State Change"],
            "detail": {"batchJobName": [{"prefix": f"{app}-"}]},
        },
    )
    detail = json.dumps({"batchJobName": f"{app}-run-w00-s0000", "status": "Completed"})
    reply = aws.events.put_events(
        Entries=[{"Source": "aws.bedrock", "DetailType": "Batch Inference Job State Change", "Detail": detail}]
    )
    assert reply["FailedEntryCount"] == 0
    assert [message["detail"]["status"] for message in aws.messages(url, 5)] == ["Completed"]


def _put(aws: Aws, bucket: str, *keys: str) -> None:
    for key in keys:
        aws.s3.put_object(Bucket=bucket, Key=key, Body=b"x")


def _bucket(aws: Aws) -> str:
    bucket = unique("bucket")
    aws.s3.create_bucket(Bucket=bucket)
    aws.s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    return bucket


@pytest.mark.parametrize(
    "key",
    [
        [{"wildcard": "seeds/*/*.jsonl"}, {"wildcard": "seeds/*/*.csv"}, {"wildcard": "seeds/*/*.jsonl.gz"}],
        None,
    ],
    ids=["list", "or"],
)
def test_uploads_match_wildcards(aws: Aws, key: list[dict[str, str]] | None) -> None:
    bucket = _bucket(aws)
    pattern: dict[str, object] = {"source": ["aws.s3"], "detail-type": ["Object Created"]}
    keys = [
        {"object": {"key": [{"wildcard": "seeds/*/*.jsonl"}]}},
        {"object": {"key": [{"wildcard": "seeds/*/*.csv"}, {"wildcard": "seeds/*/*.jsonl.gz"}]}},
    ]
    pattern["detail"] = {"bucket": {"name": [bucket]}, **({"object": {"key": key}} if key else {"$or": keys})}
    url = _rule(aws, pattern)
    _put(
        aws,
        bucket,
        "seeds/reviews/a.jsonl",
        "seeds/reviews/b.csv",
        "seeds/reviews/c.jsonl.gz",
        "seeds/reviews/input.json",
        "runs/r/1-prompts/prompts.jsonl",
    )
    found = wait_for(lambda: sorted(message["detail"]["object"]["key"] for message in aws.messages(url, 1)))
    assert found == ["seeds/reviews/a.jsonl", "seeds/reviews/b.csv", "seeds/reviews/c.jsonl.gz"]


def test_a_delayed_queue_holds_messages_back(aws: Aws) -> None:
    bucket = _bucket(aws)
    url = _rule(aws, {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}, DelaySeconds="2")
    _put(aws, bucket, "seeds/reviews/a.jsonl")
    begun = time.monotonic()
    wait_for(lambda: aws.messages(url, 1))
    assert 1.5 < time.monotonic() - begun < 4


def test_only_the_failed_messages_of_a_batch_come_again(aws: Aws) -> None:
    table, (url, arn) = unique("table"), aws.queue(VisibilityTimeout="3")
    key = {
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    }
    aws.dynamodb.create_table(TableName=table, BillingMode="PAY_PER_REQUEST", **key)
    for name in ("good", "bad"):
        aws.sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"table": table, "id": name, "fails": name == "bad"}))
    aws.lambda_.create_event_source_mapping(
        EventSourceArn=arn,
        FunctionName=aws.function(RECORD),
        BatchSize=10,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    wait_for(lambda: _seen(aws, table).get("bad") == 2, 20)
    time.sleep(1.5)
    assert _seen(aws, table) == {"good": 1, "bad": 2}


def _seen(aws: Aws, table: str) -> dict[str, int]:
    return {item["id"]["S"]: int(item["seen"]["N"]) for item in aws.dynamodb.scan(TableName=table)["Items"]}
