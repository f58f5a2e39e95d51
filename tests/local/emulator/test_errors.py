"""How errors of Lambdas and of the machine itself reach Retry, Catch and the execution's end."""

import json
import time

from tests.local.emulator.aws import Aws, invoke, unique, wait_for, wait_for_token

THROTTLED_TWICE = """
    import boto3
    class ThrottledByBedrock(Exception): pass
    def handler(event, context):
        calls = boto3.client("ssm").put_parameter(Name=event["counter"], Value="call", Type="String", Overwrite=True)["Version"]
        if calls < 3:
            raise ThrottledByBedrock("slow down")
        return calls
"""
INVALID = """
    class InvalidInput(Exception): pass
    def handler(event, context): raise InvalidInput("line 3: prompt is missing\\nline 9: not JSON")
"""
EXIT = "import os\ndef handler(event, context): os._exit(3)"


def test_retry_by_class_name(aws: Aws) -> None:
    retry = [{"ErrorEquals": ["ThrottledByBedrock"], "IntervalSeconds": 1, "BackoffRate": 1, "MaxAttempts": 3}]
    ended = aws.run(
        {
            "Call": invoke(
                aws.function(THROTTLED_TWICE),
                {"counter": "/" + unique("calls")},
                Retry=retry,
                Output="{% $states.result.Payload %}",
                End=True,
            )
        }
    )
    assert ended["output"] == 3


def test_catch_by_class_name(aws: Aws) -> None:
    catch = [{"ErrorEquals": ["InvalidInput"], "Output": "{% $parse($states.errorOutput.Cause) %}", "Next": "Caught"}]
    ended = aws.run(
        {"Call": invoke(aws.function(INVALID), {}, Catch=catch, End=True), "Caught": {"Type": "Pass", "End": True}}
    )
    assert ended["output"]["errorType"] == "InvalidInput"
    assert ended["output"]["errorMessage"] == "line 3: prompt is missing\nline 9: not JSON"
    assert any("raise InvalidInput" in line for line in ended["output"]["stackTrace"])


def test_a_lambda_that_nobody_catches_names_the_execution_error(aws: Aws) -> None:
    ended = aws.run({"Call": invoke(aws.function(INVALID), {}, End=True)})
    assert (ended["status"], ended["error"]) == ("FAILED", "InvalidInput")


def test_a_process_that_exits_is_an_exit_error(aws: Aws) -> None:
    assert aws.run({"Call": invoke(aws.function(EXIT), {}, End=True)})["error"] == "Runtime.ExitError"


def test_a_missing_module_is_an_import_error(aws: Aws) -> None:
    function = aws.function("import not_in_the_bundle\ndef handler(event, context): pass")
    assert aws.run({"Call": invoke(function, {}, End=True)})["error"] == "Runtime.ImportModuleError"


def test_the_invocation_itself_says_the_class(aws: Aws) -> None:
    reply = aws.lambda_.invoke(FunctionName=aws.function(INVALID), Payload=b"{}")
    assert reply["FunctionError"] == "Unhandled"
    assert json.loads(reply["Payload"].read())["errorType"] == "InvalidInput"


def test_fail_state_takes_error_and_cause_as_jsonata(aws: Aws) -> None:
    fail = {"Type": "Fail", "Error": "{% $states.input.error %}", "Cause": "{% 'see ' & $states.input.report %}"}
    ended = aws.run({"RunFailed": fail}, {"error": "NotEnoughExamples", "report": "8-report/report.json"})
    assert (ended["status"], ended["error"], ended["cause"]) == (
        "FAILED",
        "NotEnoughExamples",
        "see 8-report/report.json",
    )


def test_the_machines_own_timeout_ends_the_execution(aws: Aws) -> None:
    ended = aws.run(
        {"Wait": {"Type": "Wait", "Seconds": 4, "Next": "Done"}, "Done": {"Type": "Succeed"}}, TimeoutSeconds=1
    )
    assert ended["status"] == "TIMED_OUT"


def test_a_stopped_execution_calls_nothing_more_and_stays_stopped(aws: Aws) -> None:
    counter = "/" + unique("looks")
    look = (
        "import boto3\ndef handler(event, context): boto3.client('ssm').put_parameter(Name=event['counter'], "
        "Value='look', Type='String', Overwrite=True)"
    )
    again = [{"ErrorEquals": ["States.HeartbeatTimeout"], "Output": "{% $states.input %}", "Next": "Await"}]
    wait = wait_for_token(aws.function(look), {"counter": counter}, HeartbeatSeconds=1, Catch=again, End=True)
    fan_out = {
        "Type": "Map",
        "Items": [1],
        "ItemProcessor": {"StartAt": "Await", "States": {"Await": wait}},
        "End": True,
    }
    execution = aws.start({"Jobs": fan_out})
    wait_for(lambda: aws.ssm.get_parameters(Names=[counter])["Parameters"])
    aws.stepfunctions.stop_execution(executionArn=execution)
    looks = aws.ssm.get_parameter(Name=counter)["Parameter"]["Version"]
    time.sleep(2.5)
    assert aws.ssm.get_parameter(Name=counter)["Parameter"]["Version"] == looks
    assert aws.stepfunctions.describe_execution(executionArn=execution)["status"] == "ABORTED"
