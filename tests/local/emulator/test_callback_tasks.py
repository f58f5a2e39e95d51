"""`.waitForTaskToken`, on which every wait of the state machine rests."""

import pytest

from tests.local.emulator.aws import Aws, wait_for, wait_for_token

SILENT = "def handler(event, context): print('called')"
REMEMBER = (
    "import boto3\ndef handler(event, context): boto3.client('ssm').put_parameter(Name=event['name'], "
    "Value=event['token'], Type='String', Overwrite=True)"
)
COMPLETE = """
    import boto3, json
    def handler(event, context):
        boto3.client("stepfunctions").send_task_success(taskToken=event["token"], output=json.dumps({"job": event["job"]}))
"""
FAIL = """
    import boto3
    def handler(event, context):
        boto3.client("stepfunctions").send_task_failure(taskToken=event["token"], error="TuningFailed", cause="no model came of it")
"""
RAISE = """
    class LedgerMissing(Exception): pass
    def handler(event, context): raise LedgerMissing("no row")
"""
CAUGHT = {"Type": "Succeed", "Output": "{% $states.input %}"}


def caught(error: str) -> list[dict[str, object]]:
    return [{"ErrorEquals": [error], "Output": "{% {'caught': $states.errorOutput} %}", "Next": "Caught"}]


@pytest.mark.parametrize("seconds", [1, "{% 1 %}", "{% $states.input.seconds %}"])
def test_heartbeat_ends_a_silent_wait(aws: Aws, seconds: object) -> None:
    wait = wait_for_token(
        aws.function(SILENT), {}, HeartbeatSeconds=seconds, Catch=caught("States.HeartbeatTimeout"), End=True
    )
    ended = aws.run({"Await": wait, "Caught": CAUGHT}, {"seconds": 1})
    assert ended["output"]["caught"]["Error"] == "States.HeartbeatTimeout"


@pytest.mark.parametrize("seconds", [1, "{% 1 %}"])
def test_timeout_ends_a_wait(aws: Aws, seconds: object) -> None:
    wait = wait_for_token(aws.function(SILENT), {}, TimeoutSeconds=seconds, Catch=caught("States.Timeout"), End=True)
    ended = aws.run({"Await": wait, "Caught": CAUGHT})
    assert ended["output"]["caught"]["Error"] == "States.Timeout"


def test_catch_of_timeout_takes_a_heartbeat_timeout(aws: Aws) -> None:
    wait = wait_for_token(aws.function(SILENT), {}, HeartbeatSeconds=1, Catch=caught("States.Timeout"), End=True)
    assert aws.run({"Await": wait, "Caught": CAUGHT})["output"]["caught"]["Error"] == "States.HeartbeatTimeout"


def test_send_task_heartbeat_keeps_the_wait_alive(aws: Aws) -> None:
    beat = """
        import boto3, time
        def handler(event, context):
            client = boto3.client("stepfunctions")
            for _ in range(5):
                time.sleep(0.6)
                client.send_task_heartbeat(taskToken=event["token"])
            client.send_task_success(taskToken=event["token"], output='"alive"')
    """
    begin = """
        import boto3, json
        def handler(event, context):
            boto3.client("lambda").invoke(FunctionName=event["beat"], InvocationType="Event", Payload=json.dumps(event))
    """
    wait = wait_for_token(
        aws.function(begin), {"beat": aws.function(beat)}, HeartbeatSeconds=2, TimeoutSeconds=30, End=True
    )
    assert aws.run({"Await": wait})["output"] == "alive"


def test_an_error_of_the_lambda_fails_the_wait(aws: Aws) -> None:
    wait = wait_for_token(aws.function(RAISE), {}, TimeoutSeconds=10, Catch=caught("LedgerMissing"), End=True)
    assert aws.run({"Await": wait, "Caught": CAUGHT})["output"]["caught"]["Error"] == "LedgerMissing"


def test_failure_carries_error_and_cause(aws: Aws) -> None:
    wait = wait_for_token(aws.function(FAIL), {}, TimeoutSeconds=10, Catch=caught("TuningFailed"), End=True)
    assert aws.run({"Await": wait, "Caught": CAUGHT})["output"]["caught"] == {
        "Error": "TuningFailed",
        "Cause": "no model came of it",
    }


def test_a_token_completed_before_the_call_returns_counts(aws: Aws) -> None:
    wait = wait_for_token(aws.function(COMPLETE), {"job": "{% $states.input %}"}, HeartbeatSeconds=5, End=True)
    fan_out = {
        "Type": "Map",
        "Items": "{% $states.input.jobs %}",
        "ItemProcessor": {"StartAt": "Await", "States": {"Await": wait}},
        "End": True,
    }
    jobs = [f"job-{index}" for index in range(12)]
    assert aws.run({"Jobs": fan_out}, {"jobs": jobs})["output"] == [{"job": job} for job in jobs]


def test_a_wait_that_is_entered_again_gets_a_new_token(aws: Aws) -> None:
    """The heartbeat's way back: an answer to the old token is refused, the new token is the one that counts."""
    again = [{"ErrorEquals": ["States.HeartbeatTimeout"], "Output": "{% $states.input %}", "Next": "Await"}]
    wait = wait_for_token(aws.function(REMEMBER), {"name": "/again"}, HeartbeatSeconds=1, Catch=again, End=True)
    execution = aws.start({"Await": wait})
    first = wait_for(lambda: _token(aws))
    second = wait_for(lambda: (token := _token(aws)) != first and token)
    with pytest.raises(aws.stepfunctions.exceptions.ClientError, match=r"TaskDoesNotExist|TaskTimedOut"):
        aws.stepfunctions.send_task_success(taskToken=first, output='"old"')
    aws.stepfunctions.send_task_success(taskToken=second, output='"new"')
    assert wait_for(lambda: aws.stepfunctions.describe_execution(executionArn=execution).get("output")) == '"new"'


def test_each_attempt_of_a_retry_has_a_new_token(aws: Aws) -> None:
    code = """
        import boto3
        class Flaky(Exception): pass
        def handler(event, context):
            attempt = boto3.client("ssm").put_parameter(Name=event["name"], Value=event["token"], Type="String", Overwrite=True)["Version"]
            if attempt == 1:
                raise Flaky("once")
            versions = boto3.client("ssm").get_parameter_history(Name=event["name"])["Parameters"]
            boto3.client("stepfunctions").send_task_success(taskToken=event["token"], output=str(len({version["Value"] for version in versions})))
    """
    retry = [{"ErrorEquals": ["Flaky"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    wait = wait_for_token(aws.function(code), {"name": "/attempts"}, TimeoutSeconds=10, Retry=retry, End=True)
    assert aws.run({"Await": wait})["output"] == 2


def _token(aws: Aws) -> str | None:
    found = aws.ssm.get_parameters(Names=["/again"])["Parameters"]
    return found[0]["Value"] if found else None
